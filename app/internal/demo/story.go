package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// Teller is who hears the story.
type Teller struct {
	// Say is told one sentence after another. Required.
	Say func(text string)
	// Look is called at the moments at which a picture is worth taking: the
	// doorbell and its permission are known then. May be nil.
	Look func(ctx context.Context, at Moment) error
}

// Moment is a point of the story.
type Moment struct {
	Name    string // "allowed", "reminded", "ended", "renewed"
	Device  string
	Consent consent.ID
}

// What the story allows: how long after the date a byte may arrive, and how
// shortly before it one must have arrived, so that its end proves something.
const (
	late   = 2 * time.Second
	before = 3 * time.Second
	quiet  = 4 * time.Second // watched after the end before "stopped" is believed
)

// Tell opens a bare home, serves it while told goes on, and closes it. Its error
// joins those of the three.
func Tell(ctx context.Context, c Config, told func(ctx context.Context, h *Home) error) error {
	c.Bare = true
	h, err := Open(ctx, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- h.Serve(ctx)
		cancel() // without the home there is no story
	}()
	err = told(ctx, h)
	cancel()
	return errors.Join(err, <-served, h.Close())
}

// Story tells what happens while Serve runs, on a home opened Bare: found, seen
// sending, allowed, ended on the date, stopped, renewed. Its error says at which
// sentence reality did not follow; what the engine claims is compared with what
// the companies received.
func (h *Home) Story(ctx context.Context, t Teller) error {
	if t.Look == nil {
		t.Look = func(context.Context, Moment) error { return nil }
	}
	tell := t.Say
	if err := h.tellFound(ctx, tell); err != nil {
		return err
	}
	c, err := h.tellAllowed(ctx, tell)
	if err != nil {
		return err
	}
	moment := Moment{Name: "allowed", Device: string(c.Device), Consent: c.ID}
	if err := t.Look(ctx, moment); err != nil {
		return err
	}
	if err := h.tellReminded(ctx, tell, c); err != nil {
		return err
	}
	moment.Name = "reminded"
	if err := t.Look(ctx, moment); err != nil {
		return err
	}
	if err := h.tellEnded(ctx, tell, c); err != nil {
		return err
	}
	moment.Name = "ended"
	if err := t.Look(ctx, moment); err != nil {
		return err
	}
	if err := h.tellRenewed(ctx, tell, c); err != nil {
		return err
	}
	moment.Name = "renewed"
	return t.Look(ctx, moment)
}

type telling func(text string)

func (h *Home) tellFound(ctx context.Context, tell telling) error {
	tell(words.Text("A made-up home inside this program. Nothing leaves this computer, and nothing real is touched."))
	if err := h.connect(ctx); err != nil {
		return err
	}
	ds, err := h.found(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, d := range ds {
		names = append(names, d.Name())
	}
	slices.Sort(names) // each once: a device may be known by both ways
	names = slices.Compact(names)
	tell(words.Sprintf("Found, because they announce themselves or speak to the broker: %s.", strings.Join(names, ", ")))
	for _, t := range h.things {
		tell(words.Sprintf("Seen at the broker: %s sends data of the kinds %s.", ds[t.key].Name(), data(ds[t.key])))
	}
	bell := ds[bellKey]
	fs, err := h.Engine().Flows(ctx, engine.FlowQuery{Device: bell.ID})
	if err != nil {
		return err
	}
	for _, f := range fs {
		tell(words.Sprintf("Seen: %s sends to %s, %d bytes so far.", bell.Name(), f.Destination, f.BytesUp))
	}
	return nil
}

func (h *Home) tellAllowed(ctx context.Context, tell telling) (engine.ConsentInfo, error) {
	if err := h.give(ctx); err != nil {
		return engine.ConsentInfo{}, err
	}
	c, err := h.giveBell(ctx)
	if err != nil {
		return c, err
	}
	tell(words.Sprintf("Allowed: %s may send video to %s. Best before %s, in %.0f seconds.", c.DeviceName, c.Recipient.Name, local(c.Expires), c.Expires.Sub(h.Now()).Seconds()))
	p, err := h.Engine().PreviewAllow(ctx, engine.AllowRequest{Device: c.Device, Recipient: c.Recipient, Data: c.Data, Until: h.bellTerm(), Then: consent.Block})
	if err != nil {
		return c, err
	}
	for _, line := range append(p.Lines, p.Holds) {
		tell(words.Sprintf("What will happen: %s", line))
	}
	return c, nil
}

// tellEnded waits for the date and compares what is claimed with what arrived.
func (h *Home) tellEnded(ctx context.Context, tell telling, c engine.ConsentInfo) error {
	maker, other := h.companies[bellHost], h.companies[timeHost]
	if err := pause(ctx, c.Expires.Sub(h.Now())); err != nil {
		return err
	}
	err := h.until(ctx, 20*time.Second, "the end is decided, done and seen", func() (bool, error) {
		var err error
		c, err = h.Engine().Consent(ctx, c.ID)
		return c.Decided == consent.Expired && c.Seen == consent.Stopped && c.Headline == consent.EndedStopped, err
	})
	if err != nil {
		return err
	}
	if err := pause(ctx, c.Expires.Add(quiet).Sub(h.Now())); err != nil {
		return err
	}
	_, last := maker.received()
	_, others := other.received()
	switch after := last.Sub(c.Expires); {
	case after > late:
		return fmt.Errorf("%w: %s still received something %s after the end, though it is said to have stopped", errFlows, c.Recipient.Name, after.Round(time.Millisecond))
	case after < -before:
		return fmt.Errorf("%w: %s had received nothing for %s before the end already, so that the end proves nothing", errFlows, c.Recipient.Name, (-after).Round(time.Millisecond))
	case others.Before(c.Expires.Add(late)):
		return fmt.Errorf("%w: the doorbell's other recipient stopped too", errFlows)
	}
	tell(words.Sprintf("Ended at %s. The last byte reached %s %s; the doorbell may still ask for the time.", local(c.Expires), c.Recipient.Name, distance(last.Sub(c.Expires))))
	if err := h.tellTruths(ctx, tell, c); err != nil {
		return err
	}
	if a := newest(c.Actions); len(a.Evidence) > 0 {
		tell(words.Sprintf("Seen by the relay: %s", a.Evidence[len(a.Evidence)-1].Text))
	}
	return h.tellMessage(ctx, tell, c)
}

// tellTruths tells the three truths of c, word for word as its card says them.
func (h *Home) tellTruths(ctx context.Context, tell telling, c engine.ConsentInfo) error {
	known, err := h.Engine().Connectors(ctx)
	if err != nil {
		return err
	}
	p := h.presenter()
	for _, k := range known.Connections {
		p.Peers[k.ID] = k.Name
	}
	truths := p.Truths(c, time.Time{})
	tell(words.Text("Stopped, and checked."))
	tell("  " + words.Sprintf("decided: %s", truths.Decided))
	tell("  " + words.Sprintf("done: %s", truths.Done))
	tell("  " + words.Sprintf("seen: %s", truths.Seen))
	return nil
}

// errFlows says that what arrived is not what was promised.
var errFlows = errors.New("the promise was not kept")

func (h *Home) tellRenewed(ctx context.Context, tell telling, c engine.ConsentInfo) error {
	was, _ := h.companies[bellHost].received()
	began := h.Now()
	c, err := h.Engine().Renew(ctx, c.ID, "6mo", how)
	if err != nil {
		return fmt.Errorf("renewing: %w", err)
	}
	err = h.until(ctx, 15*time.Second, "a renewed permission lets it through", func() (bool, error) {
		now, _ := h.companies[bellHost].received()
		return now > was, nil
	})
	if err != nil {
		return err
	}
	tell(words.Sprintf("Renewed until %s: %s is through again after %.1f seconds.", c.ExpiresCivil, c.DeviceName, h.Now().Sub(began).Seconds()))
	es, err := h.Engine().Diary(ctx, engine.DiaryQuery{Consent: c.ID})
	if err != nil {
		return err
	}
	tell(words.Text("The diary of this permission:"))
	for _, e := range slices.Backward(es) {
		tell(fmt.Sprintf("  %s  %s", e.Time.Local().Format("15:04:05"), e.Text))
	}
	r, err := h.Engine().VerifyDiary(ctx)
	if err != nil {
		return err
	}
	if !r.OK() {
		return errors.New("the diary does not verify")
	}
	tell(words.Text("The diary was checked: nobody has changed it."))
	return nil
}

// newest is the newest block.
func newest(as []consent.Action) consent.Action {
	for _, a := range as {
		if a.Kind == consent.ActBlock {
			return a
		}
	}
	return consent.Action{}
}

func local(t time.Time) string { return t.Local().Format("15:04:05") }

// distance words a small difference to the date.
func distance(d time.Duration) string {
	if d < 0 {
		return words.Sprintf("%.1f seconds before that", -d.Seconds())
	}
	return words.Sprintf("%.1f seconds after that", d.Seconds())
}
