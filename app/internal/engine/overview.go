package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Overview is how things stand now.
func (e *Core) Overview(ctx context.Context) (Overview, error) {
	now := e.Now()
	zone, loc := e.Zone()
	o := Overview{Now: now, Zone: zone, NewSince: e.since, Devices: len(e.Inventory.Devices())}
	cs, err := e.Consents(ctx)
	if err != nil {
		return o, err
	}
	for _, c := range cs {
		switch c.Headline {
		case consent.Soon:
			if !c.Expires.IsZero() {
				o.EndingSoon++
			}
		case consent.EndedStill:
			o.Still++
		case consent.EndedStuck, consent.EndedPerson:
			o.Stuck++
		}
		if c.Decided.Live() {
			o.Live++
		}
	}
	if err := e.overviewZone(ctx, &o, cs); err != nil {
		return o, err
	}
	if err := e.overviewConnections(ctx, &o, loc); err != nil {
		return o, err
	}
	told := e.overviewStill(&o, cs)
	if err := e.overviewActions(ctx, &o, told); err != nil {
		return o, err
	}
	if err := e.overviewRecipients(ctx, &o); err != nil {
		return o, err
	}
	if err := e.overviewUnusual(ctx, &o); err != nil {
		return o, err
	}
	e.overviewNews(&o)
	if e.Config.Problems != nil {
		o.Problems = append(o.Problems, e.Config.Problems()...)
	}
	return o, nil
}

// overviewConnections fills in who sees what, and what is wrong with them.
func (e *Core) overviewConnections(ctx context.Context, o *Overview, loc *time.Location) error {
	cov, err := e.coverage(ctx)
	if err != nil {
		return err
	}
	for _, d := range e.Inventory.Devices() {
		switch depth := cov.depth(d); {
		case depth.Sends():
			o.Covered++
		case depth == connectors.SeesNames:
			o.Named++
		}
		if u, known := e.watching.of(d.ID); known && len(u.names) > 0 {
			o.OwnNames++
		}
	}
	o.Depth = cov.deepest()
	for _, s := range cov.seen {
		o.SeenBy = append(o.SeenBy, words.Sprintf("%s since %s", s.name, words.Date(s.since.In(loc), "2 January 15:04")))
		if s.what.Alive.After(o.LastLook) {
			o.LastLook = s.what.Alive
		}
	}
	conns, err := e.Connectors(ctx)
	if err != nil {
		return err
	}
	o.Found = conns.foundNames()
	for _, c := range conns.Connections {
		o.HeldDates += c.Holds
		if p, some := e.lostProblem(c); some {
			o.Problems = append(o.Problems, p)
		}
		if c.Trouble != "" {
			o.Problems = append(o.Problems, Problem{ID: "connection/" + c.ID, Text: c.Name + ": " + c.Trouble, Fix: words.Text("Open Connectors and test it.")})
		}
	}
	return nil
}

// overviewStill names what was ended and is sent all the same: what had stopped
// and is back, and what goes on past what was done. It answers which it named.
func (e *Core) overviewStill(o *Overview, cs []ConsentInfo) map[consent.ID]bool {
	told := map[consent.ID]bool{}
	_, loc := e.Zone()
	for _, c := range cs {
		a, ok := consent.Enforcing(c.Actions)
		if c.Headline != consent.EndedStill || !ok {
			continue
		}
		who := words.Sprintf("%s, to %s", e.deviceName(c.Device), recipientName(c.Recipient, words.Text("anyone outside")))
		switch stopped := consent.Relapsed(c.Actions); {
		case !stopped.IsZero():
			told[c.ID] = true
			o.Problems = append(o.Problems, Problem{
				ID: "relapse/" + string(c.ID), Text: words.Sprintf("%s; it had stopped when looked at on %s.", who, words.Date(stopped.In(loc), "2 January 15:04")), Fix: words.Text("Open it for what you can do."),
			})
		case e.sentOn(c.Consent, c.Actions, a):
			told[c.ID] = true
			o.Problems = append(o.Problems, Problem{ID: "still/" + string(c.ID), Text: words.Sprintf("%s, past what was done to end it.", who), Fix: words.Text("Open it for what you can do.")})
		}
	}
	return told
}

// stillAfter is how long what was ended may take to run out before that is wrong.
const stillAfter = 10 * time.Minute

// overviewActions names what could not be enforced, but for permissions that were named.
func (e *Core) overviewActions(ctx context.Context, o *Overview, named map[consent.ID]bool) error {
	as, err := e.Store.Actions(ctx)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, a := range as {
		what := a.Mark
		if a.Kind == consent.ActRevoke { // it goes on being tried beside a block
			what += "/" + a.Grant
		}
		if told[what] || a.State == consent.Cancelled || a.Ahead(e.Now()) {
			continue
		}
		told[what] = true // only the newest of a mark still matters
		if a.State != consent.Stuck && a.State != consent.NeedsPerson {
			continue
		}
		if a.Consent == "" {
			o.Stuck++
		}
		if a.Consent != "" && (a.Kind == consent.ActGuide || a.Failed() && a.State == consent.NeedsPerson) {
			if named[a.Consent] {
				continue
			}
			o.Problems = append(o.Problems, Problem{
				ID: "review/" + string(a.Consent), Text: fmt.Sprintf("%s: %s", e.deviceName(a.Device), a.Reason), Fix: words.Text("Open it for what you can do."),
			})
			continue
		}
		o.Problems = append(o.Problems, Problem{
			ID: "action/" + string(a.ID), Text: fmt.Sprintf("%s: %s", e.deviceName(a.Device), a.Reason), Fix: words.Text("Try again, or open it for what else you can do."),
		})
	}
	return nil
}

// newsMax bounds the list on the home page.
const newsMax = 8

// overviewNews lists questions and newcomers, newest first.
func (e *Core) overviewNews(o *Overview) {
	for _, q := range e.Inventory.Questions() {
		o.New = append(o.New, News{Kind: "question", Device: q.Other, Ref: q.ID, Text: q.Why})
	}
	ds := e.Inventory.Devices()
	slices.SortStableFunc(ds, func(a, b discovery.Device) int { return b.FirstSeen.Compare(a.FirstSeen) })
	for _, d := range ds {
		if len(o.New) >= newsMax || d.FirstSeen.Before(o.NewSince) {
			break
		}
		o.New = append(o.New, News{Kind: "device", Device: d.ID, Text: words.Sprintf("%s was seen for the first time.", d.Name())})
	}
}

// overviewRecipients has one line for each device that began to send to somebody.
func (e *Core) overviewRecipients(ctx context.Context, o *Overview) error {
	all, err := e.NewRecipients(ctx)
	if err != nil {
		return err
	}
	at := map[discovery.DeviceID]int{}
	for _, n := range all {
		i, known := at[n.Device]
		if !known {
			if len(o.New) >= newsMax {
				continue
			}
			i = len(o.New)
			at[n.Device] = i
			o.New = append(o.New, News{Kind: "recipient", Device: n.Device})
		}
		o.New[i].Names = append(o.New[i].Names, n.Name)
		o.New[i].Text = words.Sprintf("%s now sends to %s.", e.deviceName(n.Device), join(o.New[i].Names))
	}
	return nil
}
