package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Consents lists the newest versions, the one that ends first at the top and
// the ended ones after the live ones, newest first.
func (e *Core) Consents(ctx context.Context) ([]ConsentInfo, error) {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	actions, err := e.Store.Actions(ctx)
	if err != nil {
		return nil, err
	}
	of := map[consent.ID][]consent.Action{}
	for _, a := range actions {
		if a.Consent != "" {
			of[a.Consent] = append(of[a.Consent], a)
		}
	}
	out := make([]ConsentInfo, 0, len(cs))
	for _, c := range cs {
		out = append(out, e.consentInfo(ctx, c, of[c.ID]))
	}
	slices.SortStableFunc(out, byEnd)
	return out, e.mark(ctx, out)
}

// mark adds what is known beside the permissions themselves.
func (e *Core) mark(ctx context.Context, cs []ConsentInfo) error {
	return errors.Join(e.markLapsing(ctx, cs), e.markSent(ctx, cs), e.markEarlier(ctx, cs), e.markSupport(ctx, cs))
}

func byEnd(a, b ConsentInfo) int {
	if a.Decided.Live() != b.Decided.Live() {
		if a.Decided.Live() {
			return -1
		}
		return 1
	}
	if !a.Decided.Live() {
		return b.Ended.Compare(a.Ended)
	}
	x, y := a.DueAt(), b.DueAt()
	if x.IsZero() != y.IsZero() { // no end comes last
		if y.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(x.Compare(y), cmp.Compare(a.ID, b.ID))
}

// Consent is one permission with all its versions.
func (e *Core) Consent(ctx context.Context, id consent.ID) (ConsentInfo, error) {
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return ConsentInfo{}, err
	}
	actions, err := e.Store.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return ConsentInfo{}, err
	}
	one := []ConsentInfo{e.consentInfo(ctx, c, actions)}
	if err := e.mark(ctx, one); err != nil {
		return one[0], err
	}
	one[0].Versions, err = e.Store.ConsentVersions(ctx, c.ID)
	return one[0], err
}

// consentByRef takes an exact id or an unambiguous start of one.
func (e *Core) consentByRef(ctx context.Context, ref consent.ID) (consent.Consent, error) {
	c, err := e.Store.Consent(ctx, ref)
	if err == nil || !errors.Is(err, consent.ErrNotFound) {
		return c, err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return consent.Consent{}, err
	}
	var found []consent.Consent
	for _, c := range cs {
		if len(ref) >= 3 && len(c.ID) >= len(ref) && c.ID[:len(ref)] == ref {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return consent.Consent{}, fmt.Errorf("there is no permission %q; \"consents\" lists them", ref)
	}
	return found[0], nil
}

func (e *Core) consentInfo(ctx context.Context, c consent.Consent, actions []consent.Action) ConsentInfo {
	i := ConsentInfo{Consent: c, DeviceName: e.deviceName(c.Device), Actions: actions, Headline: consent.HeadlineOf(c, actions, e.Now())}
	if d, ok := e.Inventory.Device(c.Device); ok {
		i.DeviceKind = d.Guess.Kind
	}
	i.Guide = e.guide(c, actions)
	if a, ok := heldDate(c, actions); ok {
		i.HeldBy, i.HeldNote, i.HeldUntilRestart = e.heldBy(ctx, a)
	}
	return i
}

// heldDate is the newest hand-over of c's date, if a peer confirmed it.
func heldDate(c consent.Consent, actions []consent.Action) (consent.Action, bool) {
	if !c.Decided.Live() {
		return consent.Action{}, false
	}
	for _, a := range actions {
		if a.Kind == consent.ActUnblock && a.State == consent.Done {
			break // it was taken back
		}
		if a.Kind == consent.ActHandOver && a.State != consent.Cancelled {
			return a, a.State == consent.Done && a.Level != consent.NoLevel && a.From.Equal(c.DueAt())
		}
	}
	return consent.Action{}, false
}

func (e *Core) heldBy(ctx context.Context, a consent.Action) (name, note string, frail bool) {
	c, err := e.connection(ctx, a.Connection)
	if err != nil {
		return "", "", false
	}
	if caps, ok := e.Sessions.Capabilities(c.ID); ok {
		note, frail = caps.Traits.Note, !caps.Traits.SurvivesRestart
	}
	return c.Name, note, frail
}

// PreviewAllow says what will happen on the date.
func (e *Core) PreviewAllow(ctx context.Context, r AllowRequest) (Preview, error) {
	d, err := e.find(string(r.Device))
	if err != nil {
		return Preview{}, err
	}
	zone, loc := e.Zone()
	term, err := consent.ParseTerm(r.Until, e.Now(), loc)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Zone: zone, Then: e.remedy(ctx, r.Then, d, r.Recipient)}
	if p.Expires, p.Civil, err = term.End(e.Now(), loc); err != nil {
		return p, err
	}
	_, _, p.Revocable = e.revocable(ctx, d, r.Recipient)
	return p, e.whatHappens(ctx, &p, d, r.Recipient)
}

// remedy is the person's, or block where something can block, else warn.
func (e *Core) remedy(ctx context.Context, asked consent.Remedy, d discovery.Device, r consent.Recipient) consent.Remedy {
	if asked != "" {
		return asked
	}
	if _, ok := e.enderOf(ctx, d, r); ok {
		return consent.Block
	}
	return consent.Warn
}

// whatHappens fills in the sentences of a preview for the day of p.Expires.
func (e *Core) whatHappens(ctx context.Context, p *Preview, d discovery.Device, r consent.Recipient) error {
	to := recipientWords(r)
	when := "When that day is over"
	if _, loc := e.Zone(); strings.Contains(p.Civil, "T") || !withADay(p.Expires, loc) {
		when = "At that time"
	}
	if p.Expires.IsZero() {
		p.Lines = []string{"It has no end. You are asked once a year."}
		return nil
	}
	switch p.Then {
	case consent.Block:
		return e.whatBlocks(ctx, p, d, r, when, to)
	case consent.Revoke, consent.RevokeThenBlock:
		if spared, err := e.spared(ctx, p, d, when); spared || err != nil {
			return err
		}
		return e.whatRevokes(ctx, p, d, r, when)
	case consent.Guide:
		p.Lines = []string{when + " you get the steps to end it by hand, and we watch whether it stops."}
	default:
		p.Lines = []string{when + " you are told. Nothing is cut."}
	}
	return nil
}

// spared says of a device that the clock never cuts that nothing is cut.
func (e *Core) spared(ctx context.Context, p *Preview, d discovery.Device, when string) (bool, error) {
	why, err := e.mayBlock(ctx, d, consent.FromExpiry, false)
	if why != nil {
		p.Lines = []string{fmt.Sprintf("%s you are told, and nothing is cut: %s.", when, why)}
	}
	return why != nil, err
}

// withADay reports whether a day is over at t in the zone of this computer. What
// was agreed as a day in another zone is not.
func withADay(t time.Time, zone *time.Location) bool {
	over, err := consent.CivilEnd(t.Add(-time.Nanosecond).In(zone).Format(time.DateOnly), zone)
	return err == nil && over.Equal(t)
}

func (e *Core) whatBlocks(ctx context.Context, p *Preview, d discovery.Device, r consent.Recipient, when, to string) error {
	if spared, err := e.spared(ctx, p, d, when); spared || err != nil {
		return err
	}
	x, ok := e.enderOf(ctx, d, r)
	if !ok {
		p.Lines = append(p.Lines, "Nothing that is connected can stop it. Connect your router or gateway; until then the end waits for you.")
		return nil
	}
	p.Holds = e.holdsSentence(x.conn, x.traits)
	switch {
	case x.traits.Grain == connectors.GrainAccount:
		return e.whatAccount(ctx, p, x, d, r, when)
	case x.fit.Exact:
		p.Lines = append(p.Lines, fmt.Sprintf("%s %s stops what %s sends to %s, open transfers included.", when, x.conn.Name, d.Name(), to))
	default:
		p.Coarse = true
		p.Lines = append(p.Lines, fmt.Sprintf("%s %s can only cut %s from the internet as a whole; it asks you first.", when, x.conn.Name, d.Name()))
	}
	if !r.Any && x.traits.Grain == connectors.GrainRecipient {
		p.Lines = append(p.Lines, "What it sends to others goes on.")
		return nil
	}
	live, err := e.liveOf(ctx, d.ID)
	for _, c := range live {
		p.AlsoStops = append(p.AlsoStops, c.Recipient.Name)
	}
	return err
}

func (e *Core) holdsSentence(c connectors.Connection, t connectors.Traits) string {
	if !t.HoldsStart {
		return "This computer must be on that day."
	}
	if t.SurvivesRestart {
		return c.Name + " keeps the date by itself, also with this computer off."
	}
	return c.Name + " keeps the date by itself while this program is off, until that box restarts."
}

// Review is what changed since the household agreed.
func (e *Core) Review(ctx context.Context, id consent.ID) (ReviewInfo, error) {
	info, err := e.Consent(ctx, id)
	if err != nil {
		return ReviewInfo{}, err
	}
	now := e.Now()
	r := ReviewInfo{Consent: info, Since: info.Given}
	r.RenewableFrom = info.RenewableFrom()
	r.Renewable = !now.Before(r.RenewableFrom)
	hours, err := e.Store.Hourly(ctx, flow.Query{Device: info.Device, Since: info.Given.Add(-week)})
	if err != nil {
		return r, err
	}
	cov, err := e.coverage(ctx)
	if err != nil {
		return r, err
	}
	d, _ := e.Inventory.Device(info.Device)
	r.Observed = cov.depth(d).Sends() || len(hours) > 0
	e.compare(&r, hours, now)
	if err := e.sinceAgreed(ctx, &r, hours); err != nil {
		return r, err
	}
	r.IfLapses = Preview{Then: info.Remedy, Expires: info.DueAt(), Civil: info.ExpiresCivil, Zone: info.Zone}
	return r, e.whatHappens(ctx, &r.IfLapses, d, info.Recipient)
}

// compare sets the first week beside the last one, and names who came since.
func (e *Core) compare(r *ReviewInfo, hours []flow.HourTotal, now time.Time) {
	before, since := map[string]bool{}, map[string]bool{}
	for _, h := range hours {
		mine := e.receives(r.Consent.Recipient, h.Destination)
		firstWeek := h.Hour.Before(r.Since.Add(week))
		if firstWeek {
			before[h.Destination.String()] = true
		} else if !mine {
			since[h.Destination.String()] = true
		}
		if !mine {
			continue
		}
		if firstWeek && !h.Hour.Before(r.Since.Truncate(time.Hour)) {
			r.BytesThen += h.Up + h.Down
		}
		if now.Sub(h.Hour) <= week {
			r.BytesNow += h.Up + h.Down
		}
	}
	for name := range since {
		if !before[name] {
			r.NewRecipients = append(r.NewRecipients, name)
		}
	}
	slices.Sort(r.NewRecipients)
}
