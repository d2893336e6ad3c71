package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// soonLooks is how many of the looks come at once, while a person may wait; they
// end as soon as one is effective.
const soonLooks = 4

// lookAt is when a done action is looked at again, counted from when it was
// done: at once, soon, then less and less often for a month (expiry.md section 6).
var lookAt = []time.Duration{
	0, 2 * time.Second, 5 * time.Second, 10 * time.Second,
	time.Minute, time.Hour, 24 * time.Hour,
	7 * 24 * time.Hour, 14 * 24 * time.Hour, 21 * 24 * time.Hour, 28 * 24 * time.Hour,
}

// nextLook is the first look after now, zero when there is none left.
func nextLook(done, now time.Time, level consent.Level) time.Time {
	for i, d := range lookAt {
		if at := done.Add(d); at.After(now) && (i >= soonLooks || level != consent.Effective) {
			return at
		}
	}
	return time.Time{}
}

// look asks the connector what it sees of a done action. It moves evidence and
// the third axis; it never claims more than was found.
func (t *task) look(ctx context.Context) error {
	over, err := t.superseded(ctx)
	if err != nil {
		return err
	}
	if over {
		t.a.VerifyAt = time.Time{}
		return t.save(ctx)
	}
	var rec connectors.Receipt
	if err := json.Unmarshal(t.a.Receipt, &rec); err != nil {
		return t.blind(ctx, words.Text("There is no receipt to look it up by."), true)
	}
	if moved, err := t.moved(ctx, rec); err != nil {
		return err
	} else if moved {
		return t.follow(ctx)
	}
	f, err := call(ctx, t, t.a.Connection, func(ctx context.Context, c connectors.Capabilities) (connectors.Finding, error) {
		if c.Verifier == nil {
			return connectors.Finding{}, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("This connection cannot look again.")}
		}
		return c.Verifier.Verify(ctx, rec)
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		_, text, _ := parts(err)
		return t.blind(ctx, text, connectors.KindOf(err) == consent.KindUnsupported)
	case f.Missing:
		return t.missing(ctx, sentence(f.Text))
	default:
		return t.found(ctx, f)
	}
}

// superseded reports that a newer block or lift of the same mark has taken over,
// or that the permission is in force again.
func (t *task) superseded(ctx context.Context) (bool, error) {
	if !t.a.Until.IsZero() && !t.now().Before(t.a.Until) {
		return true, nil // a pause that has run out
	}
	if t.a.Kind == consent.ActBlock || t.a.Kind == consent.ActHandOver {
		all, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
		if err != nil {
			return false, words.Errorf("reading newer actions: %w", err)
		}
		for _, x := range all {
			if x.ID == t.a.ID {
				break
			}
			if x.State == consent.Done && (x.Kind == consent.ActBlock || x.Kind == consent.ActUnblock || x.Kind == consent.ActHandOver) {
				return true, nil
			}
		}
	}
	why, err := t.needless(ctx)
	if t.a.Consent == "" {
		return false, err // a newer click that is not done yet changes nothing
	}
	return why != "", err
}

// blind records that the connection saw nothing: cannot tell, never stopped
// (T62), unless somebody else saw it go on.
func (t *task) blind(ctx context.Context, text string, forGood bool) error {
	now := t.now()
	o, err := t.beside(ctx, consent.CannotTell, text)
	if err != nil {
		return err
	}
	var notes []ledger.Note
	if o.seen == consent.Flowing && t.lastSeen() != o.seen {
		notes = append(notes, t.note(consent.NoteVerified, t.seenText(t.a.Level, o.seen, o.text)))
	}
	t.prove(consent.Evidence{At: now, Level: t.a.Level, Seen: o.seen, Source: o.source, Text: o.text})
	t.a.Verified++
	t.a.VerifyAt = nextLook(t.a.Finished, now, t.a.Level)
	if forGood {
		t.a.VerifyAt = time.Time{}
	}
	if err := t.save(ctx, notes...); err != nil {
		return err
	}
	return t.see(ctx, o.seen, now, o.source)
}

// tells reports whether a finding is worth a line in the diary. That a rule was
// read back and nothing has tried yet is the usual first look; it stands beside
// the action, and the diary stays readable.
func (t *task) tells(level consent.Level, seen consent.Seen) bool {
	loud := func(s consent.Seen) bool { return s == consent.Stopped || s == consent.Flowing }
	return level == consent.Effective || level == consent.Accepted || loud(seen) || loud(t.lastSeen())
}

// found records what the connector found, beside what others saw.
func (t *task) found(ctx context.Context, f connectors.Finding) error {
	now := t.now()
	o, err := t.beside(ctx, known(f.Seen), f.Text)
	if err != nil {
		return err
	}
	seen := o.seen
	level := t.a.Level
	if grade(f.Level) > grade(level) {
		level = f.Level
	}
	if level == consent.Effective && f.Refused == 0 && seen != consent.Stopped {
		level = consent.Configured // nothing was turned away and nobody saw it stop
	}
	relapsed, err := t.relapsed(ctx, o)
	if err != nil {
		return err
	}
	news := (level != t.a.Level || seen != t.lastSeen()) && t.tells(level, seen)
	t.a.Level = level
	t.a.Verified++
	t.prove(consent.Evidence{At: now, Level: level, Seen: seen, Source: o.source, Text: o.text, Count: f.Refused})
	t.a.VerifyAt = nextLook(t.a.Finished, now, level)
	var notes []ledger.Note
	switch {
	case relapsed && !t.handedOver():
		if err := t.again(ctx, consent.FromRelapse, t.note(consent.NoteRelapse, strings.TrimSpace(t.relapseText()+" "+o.text))); err != nil {
			return err
		}
		t.a.VerifyAt = time.Time{}
	case news:
		notes = append(notes, t.note(consent.NoteVerified, t.seenText(level, seen, o.text)))
	}
	if err := t.save(ctx, notes...); err != nil {
		return err
	}
	return t.see(ctx, seen, now, o.source)
}

// handedOver reports a block that a peer only keeps for a later date: traffic
// until then is allowed, and says nothing.
func (t *task) handedOver() bool { return t.a.Kind == consent.ActHandOver && t.now().Before(t.a.From) }

func (t *task) lastSeen() consent.Seen {
	if n := len(t.a.Evidence); n > 0 {
		return t.a.Evidence[n-1].Seen
	}
	return consent.NotChecked
}

func (t *task) hadStopped() bool {
	for _, e := range t.a.Evidence {
		if e.Seen == consent.Stopped {
			return true
		}
	}
	return false
}

// see moves the third axis of the permission. Not having been checked is never
// written over something seen.
func (t *task) see(ctx context.Context, seen consent.Seen, at time.Time, by discovery.Source) error {
	if t.a.Consent == "" || t.a.Kind == consent.ActHandOver || t.a.Origin == consent.FromDoubt || seen == consent.NotChecked {
		return nil
	}
	err := t.r.c.Store.SetSeen(ctx, t.a.Consent, seen, at, by)
	if err != nil && !errors.Is(err, consent.ErrNotFound) {
		return words.Errorf("writing what was seen: %w", err)
	}
	return nil
}

// maxAgain is how often in a day a peer may forget before that is its own trouble.
const maxAgain = 5

// missing handles a peer that does not hold what it said it did: right after
// the call that is a failed call, later it has forgotten and is told again (T39).
func (t *task) missing(ctx context.Context, text string) error {
	if t.now().Sub(t.a.Finished) < lookAt[soonLooks] {
		t.a.Level, t.a.VerifyAt = consent.NoLevel, time.Time{}
		return t.later(ctx, words.Sprintf("It said yes, but holds nothing. %s", text), time.Time{})
	}
	often, err := t.forgotten(ctx)
	if err != nil {
		return err
	}
	if often >= maxAgain {
		t.a.Attempt = len(t.r.c.Table) + 1
		t.a.Level, t.a.VerifyAt = consent.NoLevel, time.Time{}
		return t.later(ctx, words.Sprintf("It keeps forgetting. %s", text), time.Time{})
	}
	if err := t.again(ctx, consent.FromReapply, t.note(consent.NoteAction, t.forgotText(text))); err != nil {
		return err
	}
	now := t.now()
	t.prove(consent.Evidence{At: now, Level: consent.NoLevel, Seen: consent.CannotTell, Source: source(t.a.Connection), Text: sentence(words.Sprintf("It had forgotten. %s", text))})
	t.a.VerifyAt = time.Time{}
	if err := t.save(ctx); err != nil {
		return err
	}
	return t.see(ctx, consent.CannotTell, now, source(t.a.Connection))
}

// forgotten counts how often this mark was applied again in the last day.
func (t *task) forgotten(ctx context.Context) (int, error) {
	all, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
	if err != nil {
		return 0, words.Errorf("reading earlier actions: %w", err)
	}
	n := 0
	for _, x := range all {
		if x.Origin == consent.FromReapply && t.now().Sub(x.Created) < 24*time.Hour {
			n++
		}
	}
	return n, nil
}

// again writes the same action once more, for the reason o. What cannot be done
// twice, a revocation, becomes a question to the person (T34).
func (t *task) again(ctx context.Context, o consent.Origin, n ledger.Note) error {
	now := t.now()
	if t.a.Origin == consent.FromDoubt { // it stays provisional
		o = consent.FromDoubt
	}
	a := consent.Action{
		Kind: t.a.Kind, Origin: o, Consent: t.a.Consent, Version: t.a.Version, Device: t.a.Device, Recipient: t.a.Recipient,
		Coarse: t.a.Coarse, Mark: t.a.Mark, From: t.a.From, Until: t.a.Until, Connection: t.a.Connection, Confirmed: t.a.Confirmed,
		State: consent.Pending, DueAt: now, Created: now,
	}
	if a.Kind == consent.ActRevoke {
		a.Kind, a.Connection = consent.ActGuide, ""
	}
	return t.add(ctx, a, n)
}

// add writes one more action and wakes the loop for it.
func (t *task) add(ctx context.Context, a consent.Action, notes ...ledger.Note) error {
	added, err := t.r.c.Store.AddActions(ctx, []consent.Action{a}, notes...)
	if err != nil {
		return words.Errorf("writing an action: %w", err)
	}
	for _, a := range added {
		t.r.publish(a)
	}
	t.r.Poke()
	return nil
}

func known(s consent.Seen) consent.Seen {
	switch s {
	case consent.Stopped, consent.Flowing, consent.CannotTell:
		return s
	default:
		return consent.NotChecked
	}
}

func grade(l consent.Level) int {
	switch l {
	case consent.Accepted:
		return 1
	case consent.Configured:
		return 2
	case consent.Effective:
		return 3
	default:
		return 0
	}
}
