package expiry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// holdsAndFails runs a check on a whole scheduler, where it must hold, and on
// one without the mechanism, its twin, where it must fail.
func holdsAndFails(t *testing.T, check func(b *bench) bool, without func(*Config)) {
	t.Helper()
	ok := false
	onBench(t, func(_ *testing.T, b *bench) { ok = check(b) })
	if !ok {
		t.Error("it does not hold")
	}
	onBench(t, func(_ *testing.T, b *bench) { ok = check(b) }, without)
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

// forgetsEnds says that a decision was written, and writes none.
type forgetsEnds struct{ *bench }

func (f *forgetsEnds) Decide(context.Context, consent.Decision) error { return nil }

func TestT04TheTwinOfADecisionThatStays(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", time.Second, consent.Block)
		defer b.serve()()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		b.jump(-year)
		time.Sleep(time.Minute)
		synctest.Wait()
		return b.expired("c1")
	}, func(c *Config) { c.Trusted = func() bool { return false } })
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

// twice writes every decision without looking at the version.
type twice struct{ *bench }

func (w twice) Due(ctx context.Context, now time.Time, n int) ([]consent.Consent, error) {
	w.memory.mu.Lock()
	defer w.memory.mu.Unlock()
	var out []consent.Consent
	for _, c := range w.consents {
		c.Decided, c.Ended = consent.Given, time.Time{} // as if nobody had decided
		if c.Due(now) && w.asked < 3 {
			out = append(out, c)
		}
	}
	w.asked++
	return out, nil
}

func (w twice) Decide(_ context.Context, d consent.Decision) error {
	w.memory.mu.Lock()
	defer w.memory.mu.Unlock()
	w.made = append(w.made, d)
	return nil
}

func TestT13TheTwinOfActingOnce(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", time.Second, consent.Block)
		defer b.serve()()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		return len(b.decisions()) == 1
	}, func(c *Config) { c.Store = twice{c.Store.(*bench)} })
}

func TestT18TheTwinOfADecisionThatWasWritten(t *testing.T) {
	holdsAndFails(t, func(b *bench) bool {
		b.give("c1", time.Second, consent.Block)
		b.fail = errors.New("disk full")
		defer b.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		b.memory.mu.Lock()
		b.fail = nil
		b.memory.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		return b.expired("c1")
	}, func(c *Config) { c.Store = &forgetsEnds{bench: c.Store.(*bench)} })
}

func TestT41TheTwinOfTheSafetyList(t *testing.T) {
	medical := func(c *Config) {
		c.Device = func(context.Context, discovery.DeviceID) (discovery.Device, bool, error) {
			return discovery.Device{Essential: discovery.EssentialMedical}, true, nil
		}
	}
	for _, known := range []bool{true, false} {
		tune := func(c *Config) { c.Device = nil }
		if known {
			tune = medical
		}
		onBench(t, func(t *testing.T, b *bench) {
			b.give("c1", time.Second, consent.Block)
			defer b.serve()()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if d := b.decisions(); len(d) != 1 || (d[0].Actions[0].Kind == consent.ActWarn) != known {
				t.Errorf("known to be medical %v: %+v", known, d)
			}
		}, tune)
	}
}
