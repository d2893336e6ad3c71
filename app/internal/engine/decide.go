package engine

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/category"
	"bestbefore/consent/ledger"
)

// decider is the person now, in the system's zone now.
func (e *Core) decider(how string) consent.Decider {
	_, loc := e.Zone()
	return consent.Decider{By: e.Person, How: how, Now: e.Now(), Zone: loc}
}

// Allow writes a new permission.
func (e *Core) Allow(ctx context.Context, r AllowRequest) (ConsentInfo, error) {
	d, err := e.find(string(r.Device))
	if err != nil {
		return ConsentInfo{}, err
	}
	if err := e.mustBeOutside(ctx, r.Recipient); err != nil {
		return ConsentInfo{}, err
	}
	by := e.decider(r.How)
	term, err := consent.ParseTerm(r.Until, by.Now, by.Zone)
	if err != nil {
		return ConsentInfo{}, err
	}
	c, err := consent.New(consent.Request{
		ID: consent.ID(e.NewID("c")), Device: d.ID, Recipient: r.Recipient, Data: r.Data, Purpose: r.Purpose,
		Term: term, Remedy: e.remedy(ctx, r.Then, d, r.Recipient), Coarse: r.Coarse, Identity: d.Identifiers, Decider: by,
	})
	if err != nil {
		return ConsentInfo{}, err
	}
	if err := e.noTwin(ctx, c); err != nil {
		return ConsentInfo{}, err
	}
	e.knowGrants(ctx, c)
	text := words.Sprintf("%s allowed %s to send %s to %s %s (%s).", e.who(), d.Name(), dataWords(c.Data), c.Recipient.Name, untilWords(c), way(r.How))
	return e.decide(ctx, consent.Decision{Consent: c, Actions: e.handOver(ctx, c), Notes: []ledger.Note{e.note(consent.NoteGiven, c, text)}})
}

// noTwin refuses a second live permission for the same device and recipient.
func (e *Core) noTwin(ctx context.Context, c consent.Consent) error {
	live, err := e.liveOf(ctx, c.Device)
	if err != nil {
		return err
	}
	for _, o := range live {
		if o.Recipient.Any == c.Recipient.Any && slices.Equal(o.Recipient.Destinations, c.Recipient.Destinations) {
			return words.Errorf("there is already a permission for this, %s; renew it or end it first (%s)", untilWords(o), o.ID)
		}
	}
	return nil
}

// handOver is the hand-over action of c, where some connection can hold it.
func (e *Core) handOver(ctx context.Context, c consent.Consent) []consent.Action {
	if _, _, ok := e.holder(ctx); !ok {
		return nil
	}
	return consent.HandOver(c, e.Now())
}

// Renew makes the next version with a later end. That is a new grant, so nobody at
// home gets one; who came into the home since an older one keeps that until it
// ends. Only a renewal gives back what an end has cut, so that is never refused.
func (e *Core) Renew(ctx context.Context, id consent.ID, until, how string) (ConsentInfo, error) {
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return ConsentInfo{}, err
	}
	by := e.decider(how)
	term, err := consent.ReadTerm(until)
	if err != nil {
		return ConsentInfo{}, err
	}
	next, actions, err := consent.Renew(c, term, by)
	if err != nil {
		return ConsentInfo{}, err
	}
	if !givesBack(actions) {
		if err := e.mustBeOutside(ctx, c.Recipient); err != nil {
			return ConsentInfo{}, err
		}
	}
	text := words.Sprintf("%s renewed %s to %s, %s (%s).", e.who(), e.deviceName(c.Device), c.Recipient.Name, untilWords(next), way(how))
	if e.revoked(ctx, c.ID) {
		text += goneForGood()
	}
	return e.decide(ctx, consent.Decision{Consent: next, Expect: c.Version, Actions: e.possible(ctx, actions), Notes: []ledger.Note{e.note(consent.NoteRenewed, next, text)}})
}

// givesBack reports whether a renewal lifts what the end of a permission has set.
func givesBack(renewal []consent.Action) bool {
	return slices.ContainsFunc(renewal, func(a consent.Action) bool { return a.Kind == consent.ActUnblock })
}

// goneForGood says what neither a renewal nor an undo brings back.
func goneForGood() string {
	return " " + words.Text("Its access was deleted and cannot be given back; the device must be set up there anew.")
}

// knowGrants has the issuers asked once more where something may be revoked.
func (e *Core) knowGrants(ctx context.Context, c consent.Consent) {
	if !c.Remedy.Deletes() {
		return
	}
	if err := e.RefreshGrants(ctx); err != nil {
		e.Log.Warn("listing access", "error", err) // what is known already still counts
	}
}

// revoked reports whether an access was deleted when the permission ended.
func (e *Core) revoked(ctx context.Context, id consent.ID) bool {
	as, err := e.Store.ByMark(ctx, consent.MarkFor(id))
	e.warn(ctx, "looking whether an access was deleted", err)
	for _, a := range as {
		if a.State != consent.Cancelled {
			return a.Kind == consent.ActRevoke && a.State == consent.Done
		}
	}
	return false
}

// possible leaves out hand-overs where no connection can hold a date.
func (e *Core) possible(ctx context.Context, as []consent.Action) []consent.Action {
	if _, _, ok := e.holder(ctx); ok {
		return as
	}
	return slices.DeleteFunc(as, func(a consent.Action) bool { return a.Kind == consent.ActHandOver })
}

// End withdraws now; what follows is the same as on its date (T53).
func (e *Core) End(ctx context.Context, id consent.ID, how string) (ConsentInfo, error) {
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return ConsentInfo{}, err
	}
	if !c.Decided.Live() {
		return ConsentInfo{}, words.Errorf("this permission has already ended (%s)", c.Decided)
	}
	e.knowGrants(ctx, c)
	grants, err := e.Store.Grants(ctx, c)
	if err != nil {
		return ConsentInfo{}, err
	}
	next, actions := consent.Withdraw(c, grants, e.Now(), e.Person, how)
	text := words.Sprintf("%s ended what %s may send to %s (%s).", e.who(), e.deviceName(c.Device), c.Recipient.Name, way(how))
	return e.decide(ctx, consent.Decision{Consent: next, Expect: c.Version, Actions: actions, Notes: []ledger.Note{e.note(consent.NoteWithdrawn, next, text)}})
}

// decide writes d, remembers how to take it back, and wakes the engines.
func (e *Core) decide(ctx context.Context, d consent.Decision) (ConsentInfo, error) {
	if err := e.flushDevices(ctx); err != nil { // a decision never outlives its device
		return ConsentInfo{}, err
	}
	if err := e.Store.Decide(ctx, d); err != nil {
		return ConsentInfo{}, err
	}
	u := undoEntry{Kind: undoConsent, Consent: d.Consent.ID, Version: d.Consent.Version, Device: d.Consent.Device}
	if err := e.remember(ctx, u); err != nil {
		return ConsentInfo{}, err
	}
	e.wake()
	return e.Consent(ctx, d.Consent.ID)
}

// wake tells engines and listeners that something was decided.
func (e *Core) wake() {
	e.Poke()
	e.changed(changes.Consents, changes.Actions, changes.Diary)
}

// undoConsent makes one more version that takes the newest one back, if it is
// still the newest.
func (e *Core) undoConsent(ctx context.Context, u undoEntry) (string, error) {
	versions, err := e.Store.ConsentVersions(ctx, u.Consent)
	if err != nil {
		return "", err
	}
	slices.SortFunc(versions, func(a, b consent.Consent) int { return a.Version - b.Version })
	n := len(versions)
	if n == 0 || versions[n-1].Version != u.Version {
		return "", words.Errorf("it was decided anew meanwhile: %w", consent.ErrNothing)
	}
	cur := versions[n-1]
	var prev consent.Consent
	if n > 1 {
		prev = versions[n-2]
	}
	next, actions, err := consent.Undo(prev, cur, e.decider("undo"))
	if err != nil {
		return "", err
	}
	what := map[consent.Decided]string{
		consent.Given: words.Later("Undone: the permission of %s to %s"), consent.Renewed: words.Later("Undone: the renewal of %s to %s"), consent.Withdrawn: words.Later("Undone: the end of %s to %s"),
	}[cur.Decided]
	if cur.GraceUsed && !prev.GraceUsed {
		what = words.Later("Undone: the two more days of %s to %s")
	}
	said := words.Sprintf(what, e.deviceName(cur.Device), cur.Recipient.Name)
	text := said + "."
	if cur.Decided == consent.Withdrawn && e.revoked(ctx, cur.ID) {
		text += goneForGood()
		said = text
	}
	err = e.Store.Decide(ctx, consent.Decision{
		Consent: next, Expect: cur.Version, Actions: e.possible(ctx, actions),
		Notes: []ledger.Note{e.note(consent.NoteUndone, next, text)},
	})
	if err != nil {
		return "", err
	}
	e.wake()
	return said, nil
}

func dataWords(cs []consent.Category) string {
	all := make([]string, len(cs))
	for i, c := range cs {
		all[i] = category.Words(c)
		if c == category.Any {
			all[i] = words.Text("anything")
		}
	}
	return join(all)
}

// untilWords says the end of c as the person chose it.
func untilWords(c consent.Consent) string {
	if c.DueAt().IsZero() {
		return words.Text("without an end")
	}
	civil := strings.Replace(c.ExpiresCivil, "T", " ", 1)
	for _, layout := range []string{time.DateOnly, time.DateTime} {
		if t, err := time.Parse(layout, civil); err == nil {
			layout = map[string]string{time.DateOnly: words.Later("2 January 2006"), time.DateTime: words.Later("2 January 2006 15:04:05")}[layout]
			return words.Sprintf("until %s", words.Date(t, layout))
		}
	}
	return words.Sprintf("until %s", civil)
}

// who is the person at the beginning of a sentence of the diary.
func (e *Core) who() string { return capital(words.Text(e.Person)) }

// way is how something was decided, in words; where it is kept it is a code.
func way(how string) string {
	switch how {
	case "clicked":
		return words.Text("clicked")
	case "command line":
		return words.Text("command line")
	}
	return how
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
