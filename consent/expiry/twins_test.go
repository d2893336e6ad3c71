package expiry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// holdsAndFails runs a check on a whole scheduler, where it must hold, and on
// one without the mechanism, its twin, where it must fail; always is the world of
// both.
func holdsAndFails(t *testing.T, check func(b *bench) bool, without func(*Config), always ...func(*Config)) {
	t.Helper()
	ok := false
	onBench(t, func(_ *testing.T, b *bench) { ok = check(b) }, always...)
	if !ok {
		t.Error("it does not hold")
	}
	onBench(t, func(_ *testing.T, b *bench) { ok = check(b) }, append(always, without)...)
	if ok {
		t.Error("the twin: without the mechanism it holds too, so this test shows nothing")
	}
}

func (b *bench) expired(id consent.ID) bool { return b.get(id).Decided == consent.Expired }

// oneLongTimer trusts a single long timer instead of the tick.
func oneLongTimer(c *Config) { c.MaxSleep = 1000 * time.Hour }

func TestT01TheTwinOfTheTick(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", 9*time.Hour, consent.Block)
		defer b.serve()()
		synctest.Wait()
		b.jump(10 * time.Hour)
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		return b.expired("c1") && len(b.decisions()) == 1
	}, oneLongTimer)
}

// nothingDue is a store whose index finds nothing.
type nothingDue struct{ Store }

func (nothingDue) Due(context.Context, time.Time, int) ([]consent.Consent, error) { return nil, nil }

func TestT02TheTwinOfTheFirstPass(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", time.Second, consent.Block)
		b.jump(21 * 24 * time.Hour)
		defer b.serve()()
		synctest.Wait()
		return b.expired("c1")
	}, func(c *Config) { c.Store = nothingDue{c.Store} })
}

func TestT06TheTwinOfTheMark(t *testing.T) {
	stepped := func(c *Config) { c.Stepped = func() bool { return true } }
	for _, marked := range []bool{true, false} {
		tune := []func(*Config){}
		if marked {
			tune = append(tune, stepped)
		}
		onBench(t, func(t *testing.T, b *bench) {
			b.give("c1", time.Hour, consent.Block)
			b.jump(2 * time.Hour)
			defer b.serve()()
			synctest.Wait()
			if d := b.decisions(); len(d) != 1 || d[0].Actions[0].Stepped != marked {
				t.Errorf("%+v", d)
			}
		}, tune...)
	}
}

// twice makes up for ticks that were missed: it gives what was due once more, and
// writes without looking at the version.
type twice struct{ *bench }

func (w twice) Due(_ context.Context, now time.Time, _ int) ([]consent.Consent, error) {
	w.memory.mu.Lock()
	defer w.memory.mu.Unlock()
	w.asked++
	if w.asked > 3 {
		return nil, nil
	}
	var out []consent.Consent
	for _, c := range w.consents {
		c.Decided, c.Ended = consent.Given, time.Time{} // as if nobody had decided
		if c.Due(now) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (w twice) Decide(ctx context.Context, d consent.Decision) error {
	return careless(w).Decide(ctx, d)
}

// T13: the pass is held up for 20 minutes in the twin too; it makes up for what
// was missed instead of comparing dates.
func TestT13TheTwinOfActingOnce(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", time.Second, consent.Block)
		b.give("c2", time.Minute, consent.Block)
		defer b.serve()()
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		return len(b.decisions()) == 2 && b.expired("c1") && b.expired("c2")
	}, func(c *Config) { c.Store = slow{twice{c.Store.(slow).Store.(*bench)}, 20 * time.Minute} }, func(c *Config) { c.Store = slow{c.Store, 20 * time.Minute} })
}

// T41: the whole safety list, not only what a person marked: the clock cuts none
// of it. The twin knows of no such list.
func TestT41TheTwinOfTheSafetyList(t *testing.T) {
	for name, d := range map[string]discovery.Device{
		"medical": {Essential: discovery.EssentialMedical}, "safety": {Essential: discovery.EssentialSafety},
		"router": {Role: discovery.RoleRouter}, "DNS": {Role: discovery.RoleDNS}, "this computer": {Role: discovery.RoleThisComputer},
		"connector": {Role: discovery.RoleConnector}, "a role of a newer version": {Role: "teleporter"},
	} {
		t.Run(name, func(t *testing.T) {
			holdsAndFails(t, func(b *bench) bool {
				b.give("c1", time.Second, consent.Block)
				defer b.serve()()
				time.Sleep(2 * time.Second)
				synctest.Wait()
				as := b.all()
				return b.expired("c1") && len(as) == 1 && as[0].Kind == consent.ActWarn && as[0].Connection == ""
			}, func(c *Config) { c.Device = nil }, func(c *Config) {
				c.Device = func(context.Context, discovery.DeviceID) (discovery.Device, bool, error) { return d, true, nil }
			})
		})
	}
}
