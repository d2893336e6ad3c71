package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
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
	if one[0].Next, err = e.next(ctx, c, actions); err != nil {
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
		return consent.Consent{}, words.Errorf("there is no permission %q; \"consents\" lists them", ref)
	}
	return found[0], nil
}

func (e *Core) consentInfo(ctx context.Context, c consent.Consent, actions []consent.Action) ConsentInfo {
	i := ConsentInfo{Consent: c, DeviceName: e.deviceName(c.Device), Actions: actions, Headline: consent.HeadlineOf(c, actions, e.Now())}
	if d, ok := e.Inventory.Device(c.Device); ok {
		i.DeviceKind = d.Guess.Kind
		i.NeverCut = errors.Is(consent.CanBlock(d, consent.FromExpiry, false), consent.ErrEssential)
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
	if err := e.mustBeOutside(ctx, r.Recipient); err != nil {
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
	if x, ok := e.enderOf(ctx, d, r.Recipient); ok {
		p.Account = x.traits.Grain == connectors.GrainAccount
	}
	return p, e.whatHappens(ctx, &p, target{d, r.Recipient, r.Coarse})
}

// remedy is the person's, or block where something can block, else the steps by hand.
func (e *Core) remedy(ctx context.Context, asked consent.Remedy, d discovery.Device, r consent.Recipient) consent.Remedy {
	if asked != "" {
		return asked
	}
	if _, ok := e.enderOf(ctx, d, r); ok {
		return consent.Block
	}
	return consent.Guide
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
	sent, err := e.sentSince(ctx, info.Device, info.Given)
	if err != nil {
		return r, err
	}
	cov, err := e.coverage(ctx)
	if err != nil {
		return r, err
	}
	d, _ := e.Inventory.Device(info.Device)
	r.Observed = cov.depth(d).Sends() || len(sent.before)+len(sent.since) > 0
	e.compare(&r, sent)
	if err := e.sinceAgreed(ctx, &r, sent); err != nil {
		return r, err
	}
	r.IfLapses = Preview{Then: info.Remedy, Expires: info.DueAt(), Civil: info.ExpiresCivil, Zone: info.Zone}
	return r, e.whatHappens(ctx, &r.IfLapses, target{d, info.Recipient, info.Coarse})
}
