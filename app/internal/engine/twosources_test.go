package engine_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// refuser is a DNS blocker that says what one says: names were refused, so it stopped.
type refuser struct{ sees }

func (refuser) Block(_ context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, Target: r.Target, Grain: connectors.GrainRecipient}, nil
}

func (refuser) Unblock(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	return r, nil
}

func (refuser) Verify(context.Context, connectors.Receipt) (connectors.Finding, error) {
	return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 1, Text: "It was refused 1 times since."}, nil
}

// opened gives the runner the same connections.
type opened struct{ *peers }

func (o opened) All() (map[string]connectors.Capabilities, map[string]error) { return o.by, nil }
func (o opened) Name(id string) string                                       { return id }

// twoSources is a home in which a DNS blocker ended what a camera sends, and a
// second source sees what passes the router: a gateway, or a claim. deaf takes
// away that the runner asks what others saw.
type twoSources struct {
	*home
	t  *testing.T
	id consent.ID
	r  *enforce.Runner

	saved chan struct{} // capacity 1: the runner wrote something
}

func newTwoSources(t *testing.T, gateway connectors.Coverer, deaf bool) *twoSources {
	t.Helper()
	h := gateway.(interface{ of() *home }).of()
	x := &twoSources{home: h, t: t, saved: make(chan struct{}, 1)}
	h.kind = discovery.KindCamera
	cam := h.see(bell)
	dns := refuser{sees{h: h, words: []string{"names", "queries"}}}
	h.peers.by = map[string]connectors.Capabilities{
		"k1": {Blocker: dns, Verifier: dns, Coverer: dns, Traits: connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true}},
		"k2": {Coverer: gateway},
	}
	for id, name := range map[string]string{"k1": "Pi-hole", "k2": "Router"} {
		if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: id, Kind: "fake", Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	c := enforce.Config{Store: devices{h.st, h}, Sessions: opened{h.peers}, Now: func() time.Time { return h.now }, Beside: h.Testimony}
	c.Changed = func(consent.Action) {
		select {
		case x.saved <- struct{}{}:
		default:
		}
	}
	if deaf {
		c.Beside = nil
	}
	var err error
	if x.r, err = enforce.New(c); err != nil {
		t.Fatal(err)
	}
	h.LookAgain = x.r.LookAgain
	x.send()
	x.pass(t, time.Hour)
	info, err := h.Allow(t.Context(), engine.AllowRequest{
		Device: cam, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
		Until: "2027-05-31", Then: consent.Block, How: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	x.id = info.ID
	if _, err := h.End(t.Context(), x.id, "test"); err != nil {
		t.Fatal(err)
	}
	x.work()
	return x
}

func (s sees) of() *home { return s.h }

// send has the router see the camera send.
func (x *twoSources) send() {
	x.t.Helper()
	r := flow.Record{
		Key:   flow.Key{Destination: flow.Destination{Address: netip.MustParseAddr("203.0.113.7")}, Protocol: "tcp", Port: 443},
		Local: flow.Local{MAC: bell}, Up: 9000, Down: 90, Count: 1, First: x.now.Add(-time.Second), Last: x.now, Source: "connector:k2",
	}
	if err := x.AddFlows(x.t.Context(), "k2", []flow.Record{r}, nil); err != nil {
		x.t.Fatal(err)
	}
}

// work lets the runner do all that is due now.
func (x *twoSources) work() {
	x.t.Helper()
	ctx, cancel := context.WithCancel(x.t.Context())
	done := make(chan error, 1)
	go func() { done <- x.r.Serve(ctx) }()
	defer func() {
		cancel()
		<-done
	}()
	for {
		// What runs is not among the next work, so nothing may have moved while that was asked.
		before, err := x.st.Actions(ctx)
		at, some, err2 := x.st.NextWork(ctx)
		as, err3 := x.st.Actions(ctx)
		if err := errors.Join(err, err2, err3); err != nil {
			x.t.Fatal(err)
		}
		moves := !cmp.Equal(before, as) || slices.ContainsFunc(as, func(a consent.Action) bool { return a.State == consent.Running })
		if !moves && (!some || at.After(x.now)) {
			return
		}
		select {
		case <-x.saved: // whatever it does is written down
		case <-time.After(20 * time.Second):
			x.t.Fatal("the runner does not come to an end")
		}
	}
}

// look is a round of the engine, and what the runner makes of it.
func (x *twoSources) look() engine.ConsentInfo {
	x.t.Helper()
	if err := x.WatchEnded(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	x.work()
	c, err := x.Consent(x.t.Context(), x.id)
	if err != nil {
		x.t.Fatal(err)
	}
	return c
}

// devices lets the runner know the inventory, as the program does.
type devices struct {
	*store.Store
	h *home
}

// SetSeen is not given up when the test stops the runner.
func (d devices) SetSeen(ctx context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error {
	return d.Store.SetSeen(context.WithoutCancel(ctx), id, seen, at, by)
}

func (d devices) Device(_ context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	x, known := d.h.Inventory.Device(id)
	return x, known, nil
}

// TestT40WhatARouterSeesGoingPastARefusedName: a DNS blocker refused a name, once, and
// says that it stopped. The router sees it send, five times over five hours: it is
// still sending, in those words, told once and shown among what is wrong. The twin,
// which asks nobody else, calls it stopped.
func TestT40WhatARouterSeesGoingPastARefusedName(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		x := newTwoSources(t, sees{h: newHome(t)}, deaf)
		c, err := x.Consent(t.Context(), x.id)
		if err != nil || !deaf && (c.Seen != consent.CannotTell || c.Actions[0].Level != consent.Effective) {
			t.Fatalf("a refused name alone: %s, %s, %v", c.Seen, c.Actions[0].Level, err)
		}
		for range 5 {
			x.pass(t, time.Hour)
			x.send()
			c = x.look()
		}
		if deaf {
			if c.Headline != consent.EndedStopped {
				t.Errorf("the twin: %s, so this test shows nothing", c.Headline)
			}
			continue
		}
		if c.Seen != consent.Flowing || c.Headline != consent.EndedStill || c.SeenBy != "connector:k2" {
			t.Errorf("%s by %s, %s", c.Seen, c.SeenBy, c.Headline)
		}
		o, err := x.Overview(t.Context())
		if err != nil || len(o.Problems) != 1 || o.Problems[0].ID != "still/"+string(x.id) {
			t.Errorf("what is wrong: %+v, %v", o.Problems, err)
		}
		if c.Next == nil || !slices.Equal(c.Next.Steps, []engine.Step{engine.StepGuide}) {
			t.Errorf("offered %+v", c.Next)
		}
		told := 0
		es, err := x.Diary(t.Context(), engine.DiaryQuery{Consent: x.id})
		for _, l := range es {
			if strings.Contains(l.Text, "still sending") && strings.Contains(l.Text, "Router saw it send to Bell Maker") {
				told++
			}
		}
		if err != nil || told != 1 {
			t.Errorf("told %d times: %+v, %v", told, es, err)
		}
	}
}

// TestWhatIsOnlyClaimedRaisesADoubt: what an exporter says that anybody could have
// said is neither still sending nor stopped.
func TestWhatIsOnlyClaimedRaisesADoubt(t *testing.T) {
	x := newTwoSources(t, claims{sees{h: newHome(t)}}, false)
	x.pass(t, time.Hour)
	x.send()
	c := x.look()
	if e := c.Actions[0].Evidence; c.Seen != consent.CannotTell || !strings.Contains(e[len(e)-1].Text, "it is no proof") {
		t.Errorf("%s: %+v", c.Seen, e)
	}
}

// TestARefusedNameAndAQuietDayIsStopped: where the router had seen it send and sees
// nothing for a day. When it sends again after that it is a relapse: the block is set
// once more, once.
func TestARefusedNameAndAQuietDayIsStopped(t *testing.T) {
	x := newTwoSources(t, sees{h: newHome(t)}, false)
	x.pass(t, 25*time.Hour)
	if c := x.look(); c.Headline != consent.EndedStopped {
		t.Fatalf("%s: %+v", c.Headline, c.Actions[0].Evidence)
	}
	var c engine.ConsentInfo
	for range 5 {
		x.pass(t, time.Hour)
		x.send()
		c = x.look()
	}
	blocks := 0
	for _, a := range c.Actions {
		if a.Kind == consent.ActBlock {
			blocks++
		}
	}
	if c.Headline != consent.EndedStill || blocks != 2 || x.lines(t, consent.NoteRelapse) != 1 {
		t.Errorf("%s, %d blocks, told %d times", c.Headline, blocks, x.lines(t, consent.NoteRelapse))
	}
	o, err := x.Overview(t.Context())
	if err != nil || len(o.Problems) != 1 || o.Problems[0].ID != "relapse/"+string(x.id) {
		t.Errorf("what is wrong: %+v, %v", o.Problems, err)
	}
}
