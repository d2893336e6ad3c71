package enforce

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// T36: it hangs, whatever its context says, and others go on.
func TestT36AHangingConnectorCostsOnlyItself(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("a", fine)
		release := make(chan struct{})
		p.block = func(context.Context, connectors.BlockRequest) error { <-release; return nil }
		q := h.peer("b", fine)
		var slow, quick []consent.Action
		for i := range 20 {
			slow = append(slow, h.plainOn("a", fmt.Sprintf("m%d", i)))
		}
		quick = append(quick, h.plainOn("b", "q0"), h.plainOn("b", "q1"))
		stop := h.serve()
		synctest.Wait()
		for _, a := range quick {
			if got := h.action(a.ID); got.State != consent.Done {
				t.Errorf("held up by another's connector: %s", got.State)
			}
		}
		time.Sleep(defaultCallTimeout + 2*comeBack)
		synctest.Wait()
		waiting := 0
		for _, a := range slow {
			if h.action(a.ID).State == consent.Waiting {
				waiting++
			}
		}
		if waiting != len(slow) || p.asked() != 1 {
			t.Errorf("%d of %d are waiting, asked %d times", waiting, len(slow), p.asked())
		}
		close(release)
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		for _, a := range slow {
			if got := h.action(a.ID); got.State != consent.Done {
				t.Errorf("%s after it came back: %s", got.State, got.Reason)
			}
		}
		stop()
		_ = q
	})
}

// plainOn writes a block of its own mark that sticks to a connection.
func (h *bench) plainOn(connection, mark string) consent.Action {
	out, _ := h.AddActions(context.Background(), []consent.Action{{
		Kind: consent.ActBlock, Origin: consent.FromReapply, Device: "d1", Recipient: consent.Recipient{Any: true}, Mark: mark,
		Connection: connection, State: consent.Pending, Created: h.now(), DueAt: h.now(),
	}})
	return out[0]
}

func TestACrashingConnectorIsTriedAgain(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		p.block = func(context.Context, connectors.BlockRequest) error {
			if p.asked() == 1 {
				panic("index out of range")
			}
			return nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Waiting || !strings.Contains(got.Reason, "crashed") {
			t.Fatalf("%s: %s", got.State, got.Reason)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("%s", got.State)
		}
	})
}

func TestOneCallAtATimePerConnectionAndAtMostEightInAll(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		type gauge struct{ now, most int }
		var all gauge
		per := map[string]*gauge{}
		for i := range 12 {
			name := fmt.Sprintf("p%02d", i)
			g := &gauge{}
			per[name] = g
			h.peer(name, fine).block = func(context.Context, connectors.BlockRequest) error {
				h.mu.Lock()
				g.now, all.now = g.now+1, all.now+1
				g.most, all.most = max(g.most, g.now), max(all.most, all.now)
				h.mu.Unlock()
				time.Sleep(time.Second)
				h.mu.Lock()
				g.now, all.now = g.now-1, all.now-1
				h.mu.Unlock()
				return nil
			}
			for j := range 3 {
				h.plainOn(name, fmt.Sprintf("%s-%d", name, j))
			}
		}
		defer h.serve()()
		time.Sleep(time.Minute)
		synctest.Wait()
		if all.most != defaultWorkers {
			t.Errorf("%d calls at once, want %d", all.most, defaultWorkers)
		}
		for name, g := range per {
			if g.most != 1 {
				t.Errorf("%s had %d calls at once", name, g.most)
			}
		}
		for _, a := range h.all() {
			if a.State != consent.Done {
				t.Errorf("%s is %s", a.Mark, a.State)
			}
		}
	})
}

func TestAClickGoesFirst(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine).block = func(context.Context, connectors.BlockRequest) error { time.Sleep(time.Second); return nil }
		for i := range 50 {
			h.plainOn("gw", fmt.Sprintf("m%d", i))
		}
		defer h.serve()()
		time.Sleep(3500 * time.Millisecond)
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		h.r.Poke()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("the click is %s behind fifty others", got.State)
		}
	})
}

// T21: one slow connection holds no other up, and no more are asked at once than
// there are workers. The twin has one lane for all connections.
func TestT21ManyAtOnceOneSlowConnection(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		var at, most atomic.Int64
		counted := func(then func(context.Context) error) func(context.Context, connectors.BlockRequest) error {
			return func(ctx context.Context, _ connectors.BlockRequest) error {
				if n := at.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer at.Add(-1)
				return then(ctx)
			}
		}
		slow, quick := h.peer("slow", fine), h.peer("quick", fine)
		slow.block = counted(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		quick.block = counted(func(context.Context) error { return nil })
		lane := "quick"
		if h.each != nil {
			lane = "slow" // whoever is asked, the answer waits in the slow one's line
		}
		each := func(lane, mark string) consent.Action { // of a device of its own, so that only the lane holds it up
			a := h.plainOn(lane, mark)
			d := h.devices["d1"]
			d.ID = discovery.DeviceID(mark)
			h.devices[d.ID], h.actions[len(h.actions)-1].Device = d, d.ID
			return a
		}
		const n = 600
		var behind []consent.Action
		for i := range n {
			each("slow", fmt.Sprintf("s%d", i))
			behind = append(behind, each(lane, fmt.Sprintf("q%d", i)))
		}
		defer h.serve()()
		settle(time.Second)
		done := 0
		for _, a := range behind {
			if h.action(a.ID).State == consent.Done {
				done++
			}
		}
		return fault(done != n || most.Load() > defaultWorkers, "%d of %d behind a slow one are done, %d were asked at once", done, n, most.Load())
	}, func(_ *Config, h *bench) { h.each = func(*peer) {} })
}

func TestStuckIsTriedAfterAWakeAndByHand(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		var down atomic.Bool
		down.Store(true)
		p.block = func(context.Context, connectors.BlockRequest) error {
			if down.Load() {
				return &connectors.Error{Kind: consent.KindTransient, Text: "unreachable"}
			}
			return nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(8 * time.Hour)
		if h.action(a.ID).State != consent.Stuck {
			t.Fatalf("%s", h.action(a.ID).State)
		}
		before := p.asked()
		if err := h.r.Retry(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p.asked() != before+1 || h.action(a.ID).State != consent.Stuck {
			t.Errorf("by hand: asked %d more, %s", p.asked()-before, h.action(a.ID).State)
		}
		down.Store(false)
		h.mu.Lock()
		h.skew += time.Hour // asleep
		h.mu.Unlock()
		time.Sleep(2 * maxSleep)
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("after a wake it is %s", got.State)
		}
	})
}

func TestAHandedOverDateIsHeldAndReplacedByTheEnd(t *testing.T) {
	home := time.FixedZone("home", 3600)
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			return connectors.Finding{Level: consent.Configured, Seen: consent.Flowing}, nil
		}
		c := given("c1", consent.Block)
		a := h.decide(c, consent.HandOver(c, h.now())...)[0]
		defer h.serve()()
		synctest.Wait()
		p.mu.Lock()
		from := p.rules[a.Mark].From
		p.mu.Unlock()
		if h.action(a.ID).State != consent.Done || !from.Equal(c.Expires) {
			t.Fatalf("%s, from %s", h.action(a.ID).State, from)
		}
		if said, want := h.said(consent.NoteAction), c.Expires.In(home).Format("2 January 2006 15:04"); !strings.Contains(said, want) {
			t.Errorf("the diary says %q, want the home's own time %s", said, want)
		}
		if h.seen("c1") != "" || h.count(consent.NoteRelapse) != 0 {
			t.Errorf("traffic before the date is taken for something: seen %q", h.seen("c1"))
		}
		time.Sleep(24 * time.Hour)
		next, as := consent.Expire(c, nil, h.now())
		b := h.decide(next, as...)[0]
		h.r.Poke()
		synctest.Wait()
		p.mu.Lock()
		from = p.rules[a.Mark].From
		p.mu.Unlock()
		if h.action(b.ID).State != consent.Done || !from.IsZero() {
			t.Errorf("%s, from %s", h.action(b.ID).State, from)
		}
	}, func(c *Config) { c.Zone = func() *time.Location { return home } })
	inHome(t, func(t *testing.T, h *bench) { // the twin: a peer that cannot hold a start
		p := h.peer("gw", connectors.Traits{Grain: connectors.GrainRecipient})
		c := given("c1", consent.Block)
		a := h.decide(c, consent.HandOver(c, h.now())...)[0]
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Cancelled || p.asked() != 0 {
			t.Errorf("%s, asked %d", got.State, p.asked())
		}
	})
}

func TestT38AnotherDeviceIsNeverHit(t *testing.T) {
	for _, same := range []bool{true, false} {
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("gw", fine)
			a := h.ended("c1", consent.Block)
			c := h.consents["c1"]
			c.Identity = []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:01"}}
			if !same {
				c.Identity[0].Value = "02:00:00:00:00:99"
			}
			h.consents["c1"] = c
			defer h.serve()()
			synctest.Wait()
			if got := h.action(a.ID); (got.State == consent.Done) != same || (p.asked() > 0) != same {
				t.Errorf("same device %v: %s, asked %d", same, got.State, p.asked())
			}
		})
	}
}

func TestWarnAndGuide(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		w, g := h.ended("c1", consent.Warn), h.ended("c2", consent.Guide)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(w.ID); got.State != consent.Done || h.count(consent.NoteWarned) != 1 {
			t.Errorf("warning: %s", got.State)
		}
		if got := h.action(g.ID); got.State != consent.NeedsPerson || got.Reason == "" || h.count(consent.NoteGuide) != 1 {
			t.Errorf("guide: %s", got.State)
		}
	})
}

func TestTheJitterStaysWithinHalf(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for range 2000 {
		d := jitter(time.Minute)
		low, high = min(low, d), max(high, d)
	}
	if low < 30*time.Second || high > 90*time.Second || high-low < 30*time.Second {
		t.Errorf("between %s and %s", low, high)
	}
}

func TestABlockThatWasTakenBackWhileItRanIsLifted(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		p.block = func(context.Context, connectors.BlockRequest) error { time.Sleep(10 * time.Second); return nil }
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(5 * time.Second)
		next, _ := renewed(h.consents["c1"], t, h.now())
		h.decide(next) // cancelled, and nobody else lifts it
		time.Sleep(30 * time.Second)
		synctest.Wait()
		all := h.all()
		if p.holds(a.Mark) || len(all) != 2 || all[1].Origin != consent.FromCorrection || all[1].State != consent.Done {
			t.Errorf("held %v, %d actions", p.holds(a.Mark), len(all))
		}
	})
}
