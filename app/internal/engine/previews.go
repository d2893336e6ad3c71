package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// target is what a preview is about. coarse says that the household chose to cut
// more where nothing finer can be.
type target struct {
	d      discovery.Device
	r      consent.Recipient
	coarse bool
}

// whatHappens fills in the sentences of a preview for the day of p.Expires.
func (e *Core) whatHappens(ctx context.Context, p *Preview, t target) error {
	when := words.Text("When that day is over")
	if _, loc := e.Zone(); strings.Contains(p.Civil, "T") || !withADay(p.Expires, loc) {
		when = words.Text("At that time")
	}
	if p.Expires.IsZero() {
		p.Lines = []string{words.Text("It has no end. You are asked once a year.")}
		return nil
	}
	switch p.Then {
	case consent.Block:
		return e.whatBlocks(ctx, p, t, when)
	case consent.Revoke, consent.RevokeThenBlock:
		if spared, err := e.spared(ctx, p, t.d, when); spared || err != nil {
			return err
		}
		return e.whatRevokes(ctx, p, t, when)
	case consent.Guide:
		p.Lines = []string{words.Sprintf("%s you get the steps to end it by hand, and we watch whether it stops.", when)}
	default:
		p.Lines = []string{words.Sprintf("%s you are told. Nothing is cut.", when)}
	}
	return nil
}

// spared says of a device that the clock never cuts that nothing is cut.
func (e *Core) spared(ctx context.Context, p *Preview, d discovery.Device, when string) (bool, error) {
	why, err := e.mayBlock(ctx, d, consent.FromExpiry, false)
	if why != nil {
		p.Lines = []string{words.Sprintf("%s you are told, and nothing is cut: %s.", when, why)}
	}
	return why != nil, err
}

// withADay reports whether a day is over at t in the zone of this computer. What
// was agreed as a day in another zone is not.
func withADay(t time.Time, zone *time.Location) bool {
	over, err := consent.CivilEnd(t.Add(-time.Nanosecond).In(zone).Format(time.DateOnly), zone)
	return err == nil && over.Equal(t)
}

func (e *Core) whatBlocks(ctx context.Context, p *Preview, t target, when string) error {
	if spared, err := e.spared(ctx, p, t.d, when); spared || err != nil {
		return err
	}
	x, ok := e.enderOf(ctx, t.d, t.r)
	if !ok {
		p.Lines = append(p.Lines, words.Text("Nothing that is connected can stop it. Connect your router or gateway; without one you get the steps to end it by hand."))
		return nil
	}
	if p.Holds = words.Text("This computer must be on that day."); x.fit.Exact || t.coarse {
		p.Holds = e.holdsSentence(x.conn, x.traits)
	}
	return e.whatCuts(ctx, p, x, t, when)
}

// whatCuts are the sentences about a block through x, and what else stops with it.
func (e *Core) whatCuts(ctx context.Context, p *Preview, x ender, t target, when string) error {
	name, to := t.d.Name(), recipientWords(t.r)
	switch through := when + " " + x.conn.Name; {
	case x.traits.Grain == connectors.GrainAccount:
		return e.whatAccount(ctx, p, x, t, when)
	case !x.fit.Exact && !t.coarse:
		p.Coarse = true
		p.Lines = append(p.Lines, words.Sprintf("%s you are asked: %s can only cut %s from the internet as a whole. Then you choose that, or end it by the steps that you are shown. Until then it goes on.", when, x.conn.Name, name))
	case !x.fit.Exact:
		p.Coarse = true
		p.Lines = append(p.Lines, words.Sprintf("%s cuts %s from the internet as a whole, as you chose.", through, name))
	case x.traits.NamesOnly && t.r.Any:
		p.Lines = append(p.Lines, words.Sprintf("%s refuses to look up any name for %s.", through, name))
	case x.traits.NamesOnly:
		p.Lines = append(p.Lines, words.Sprintf("%s refuses to look up the names of %s for %s.", through, to, name))
	case t.r.Any:
		p.Lines = append(p.Lines, words.Sprintf("%s cuts %s from the internet.", through, name))
	default:
		p.Lines = append(p.Lines, words.Sprintf("%s stops what %s sends to %s.", through, name, to))
	}
	if x.traits.CutsOpenFlows {
		p.Lines = append(p.Lines, words.Text("Running uploads and downloads stop at once."))
	}
	p.Limits = limits(x.traits)
	p.Lines = append(p.Lines, p.Limits...)
	if !t.r.Any && x.traits.Grain == connectors.GrainRecipient {
		p.Lines = append(p.Lines, words.Text("What it sends to others goes on."))
		return nil
	}
	live, err := e.liveOf(ctx, t.d.ID)
	for _, c := range live {
		p.AlsoStops = append(p.AlsoStops, c.Recipient.Name)
	}
	return err
}

// limits are what a block through t does not stop, and what its connector says of itself.
func limits(t connectors.Traits) []string {
	var out []string
	switch { // a note says it better
	case t.Note != "":
	case t.NamesOnly:
		out = append(out, words.Text("Only the looking up of names is refused: what is running goes on, and so does what needs no name or asks for it elsewhere."))
	case !t.CutsOpenFlows:
		out = append(out, words.Text("What is running already may go on until it ends by itself."))
	}
	switch {
	case t.IPv4 && !t.IPv6:
		out = append(out, words.Text("It can only stop IPv4; the device may go on over IPv6."))
	case t.IPv6 && !t.IPv4:
		out = append(out, words.Text("It can only stop IPv6; the device may go on over IPv4."))
	}
	if t.Note != "" {
		out = append(out, strings.TrimSuffix(capital(string(discovery.CleanLong(t.Note))), ".")+".")
	}
	return out
}

// whole reports whether nothing of what a device sends gets past a block through t.
func whole(t connectors.Traits) bool { return t.IPv4 && t.IPv6 && t.CutsOpenFlows && !t.NamesOnly }

// whatAccount are the sentences about an account that is switched off.
func (e *Core) whatAccount(ctx context.Context, p *Preview, x ender, t target, when string) error {
	if len(x.fit.Account.Shares) > 0 && !t.coarse {
		p.Lines = append(p.Lines, words.Sprintf("%s you are asked: %s can only switch off %s, and others send through it too. Then you choose that, or end it by the steps that you are shown. Until then it goes on.", when, x.conn.Name, x.fit.Account.Words()))
	} else {
		cut := ""
		if x.traits.CutsOpenFlows {
			cut = words.Text(", and what is connected with it is cut at once")
		}
		p.Lines = append(p.Lines, words.Sprintf("%s %s switches off %s%s. You can switch it on again.", when, x.conn.Name, x.fit.Account.Words(), cut))
	}
	p.Lines = append(p.Lines, words.Sprintf("It is taken for the one of %s, because %s.", t.d.Name(), x.fit.Account.Because))
	if t.r.Any {
		p.Limits = append(p.Limits, words.Sprintf("What it sends past %s goes on.", x.conn.Name))
	}
	if x.traits.Note != "" {
		p.Limits = append(p.Limits, x.traits.Note)
	}
	p.Lines = append(p.Lines, p.Limits...)
	return e.alsoThrough(ctx, p, x, t.d.ID)
}

// alsoThrough names what else would stop with an account: other live
// permissions of the device for the same peer, and whoever shares the account.
func (e *Core) alsoThrough(ctx context.Context, p *Preview, x ender, id discovery.DeviceID) error {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	sharing := e.sharing(x.fit.Account)
	p.Coarse = len(sharing) > 0
	caps, _ := e.Sessions.Capabilities(x.conn.ID)
	told := map[discovery.DeviceID]bool{}
	for _, c := range cs {
		mine := e.same(c.Device, id)
		if !c.Decided.Live() || !mine && !slices.Contains(sharing, e.canonical(c.Device)) {
			continue
		}
		d, known := e.Inventory.Device(c.Device)
		if !known || caps.Accounter == nil {
			continue
		}
		acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, c.Recipient))
		if err != nil || acc.Name != x.fit.Account.Name {
			continue
		}
		told[d.ID] = true
		name := c.Recipient.Name
		if !mine {
			name = d.Name() + " → " + name
		}
		p.AlsoStops = append(p.AlsoStops, name)
	}
	for _, other := range sharing {
		if !told[other] {
			p.AlsoStops = append(p.AlsoStops, e.deviceName(other))
		}
	}
	return nil
}

// sharing are the devices behind the peer's own ids of those who share an account.
func (e *Core) sharing(a connectors.Account) []discovery.DeviceID {
	var out []discovery.DeviceID
	for _, i := range a.Shares {
		id, ok := e.Inventory.Resolve("", noAddr, i.Value)
		if ok && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// whatRevokes are the sentences about an access that is ended for good.
func (e *Core) whatRevokes(ctx context.Context, p *Preview, t target, when string) error {
	d, r := t.d, t.r
	g, c, ok := e.revocable(ctx, d, r)
	if !ok {
		if p.Then == consent.RevokeThenBlock {
			p.Lines = append(p.Lines, words.Text("No access that could be revoked is known for it, so it is blocked."))
			return e.whatBlocks(ctx, p, t, when)
		}
		p.Lines = append(p.Lines, words.Sprintf("%s you get the steps to end it by hand: no access that could be revoked is known for it.", when))
		return nil
	}
	p.Lines = append(p.Lines, words.Sprintf("%s the access %q is deleted at %s. This cannot be undone: to send there again, the device must be set up anew.", when, clean(g.Name), c.Name))
	p.Lines = append(p.Lines, endsAlso(g.EndsAlso)...)
	if p.Then == consent.RevokeThenBlock {
		p.Lines = append(p.Lines, words.Text("If that is not possible, it is blocked."))
	}
	caps, open := e.Sessions.Capabilities(c.ID)
	if !open || caps.Accounter == nil {
		return nil
	}
	acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, r))
	if err != nil { // what the peer cannot say now is said to be unknown
		e.warn(ctx, "asking who else uses an access", err)
		p.Lines = append(p.Lines, words.Sprintf("Whether other devices use that access too cannot be asked now: %s does not say.", c.Name))
		return nil //nolint:nilerr // it is told in the preview, which stands
	}
	return e.alsoThrough(ctx, p, ender{conn: c, fit: connectors.Fit{Account: acc}}, d.ID)
}

func (e *Core) holdsSentence(c connectors.Connection, t connectors.Traits) string {
	if !t.HoldsStart {
		return words.Text("This computer must be on that day.")
	}
	if t.SurvivesRestart {
		return words.Sprintf("%s keeps the date by itself, also with this computer off.", c.Name)
	}
	return words.Sprintf("%s keeps the date by itself while this program is off, until that box restarts.", c.Name)
}
