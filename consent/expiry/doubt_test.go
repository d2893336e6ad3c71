package expiry

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// kept is a Doubts in memory that shares the consents of the bench.
type kept struct {
	*memory
	did     []consent.Action
	notes   []ledger.Note
	settled int
	handed  bool
}

func (k *kept) Provisional(context.Context) (map[consent.ID]int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[consent.ID]int{}
	for _, a := range k.did {
		if delete(out, a.Consent); a.Kind == consent.ActBlock {
			out[a.Consent] = a.Version
		}
	}
	return out, nil
}

func (k *kept) SetProvisional(_ context.Context, as []consent.Action, notes ...ledger.Note) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.did, k.notes = append(k.did, as...), append(k.notes, notes...)
	return nil
}

func (k *kept) Settled(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settled++
	return nil
}

func (k *kept) times() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.settled
}

func (k *kept) all() []consent.Action {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.did)
}

func (k *kept) told() []ledger.Note {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.notes)
}

func (k *kept) HandedOver(context.Context, consent.Consent) (bool, error) { return k.handed, nil }

func (k *kept) Consent(_ context.Context, id consent.ID) (consent.Consent, error) {
	return k.get(id), nil
}

func (k *kept) kinds(id consent.ID) []consent.ActionKind {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []consent.ActionKind
	for _, a := range k.did {
		if a.Consent == id {
			out = append(out, a.Kind)
		}
	}
	return out
}

// wrong is a clock that stands beside the right one by step, and a guard that
// knows it: the time gone by stays right, the time shown does not.
type wrong struct {
	*bench
	step  atomic.Int64 // nanoseconds
	blind bool         // the twin: nobody notices
}

func (w *wrong) trusted() bool { return w.blind || w.step.Load() == 0 }

func (w *wrong) tune(k *kept) func(*Config) {
	return func(c *Config) {
		right := c.Now
		w.bench.mu.Lock()
		defer w.bench.mu.Unlock()
		c.Trusted, c.Doubts = w.trusted, k
		c.Shown = func() time.Time { return right().Add(time.Duration(max(w.step.Load(), 0))) }
		c.Now = func() time.Time {
			if w.blind {
				return right().Add(time.Duration(w.step.Load()))
			}
			return right()
		}
	}
}

// inDoubt runs f on a bench whose clock can be wrong.
func inDoubt(t *testing.T, blind bool, f func(t *testing.T, b *bench, w *wrong, k *kept)) {
	t.Helper()
	w := &wrong{blind: blind, bench: &bench{}}
	k := &kept{}
	onBench(t, func(t *testing.T, b *bench) {
		k.memory = b.memory
		f(t, b, w, k)
	}, w.tune(k))
}

const year = 365 * 24 * time.Hour

// T3, running: two years forward. What can be undone is done within a minute,
// nothing is decided; set back, it is undone within a minute.
func TestT03SetForwardWhileRunning(t *testing.T) {
	check := func(t *testing.T, blind bool) (faults []string) {
		inDoubt(t, blind, func(t *testing.T, b *bench, w *wrong, k *kept) {
			b.give("block", 24*time.Hour, consent.Block)
			b.give("both", 48*time.Hour, consent.RevokeThenBlock)
			b.give("revoke", 24*time.Hour, consent.Revoke)
			k.handed = true
			defer b.serve()()
			synctest.Wait()
			w.step.Store(int64(2 * year))
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(b.decisions()) != 0 {
				faults = append(faults, "decided")
			}
			for id, want := range map[consent.ID]int{"block": 1, "both": 1, "revoke": 0} {
				if got := k.kinds(id); len(got) != want {
					faults = append(faults, "set: "+string(id))
				}
			}
			w.step.Store(0)
			time.Sleep(time.Minute)
			synctest.Wait()
			for _, id := range []consent.ID{"block", "both", "revoke"} {
				if c := b.get(id); c.Decided != consent.Given || c.Version != 1 {
					faults = append(faults, "lost: "+string(id))
				}
			}
			if got := k.kinds("block"); len(got) != 3 || got[1] != consent.ActUnblock || got[2] != consent.ActHandOver {
				faults = append(faults, "not taken back")
			}
			if k.times() != 1 {
				faults = append(faults, "not settled")
			}
		})
		return faults
	}
	if faults := check(t, false); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	if faults := check(t, true); len(faults) == 0 { // the twin: a clock that is always believed
		t.Error("without the guard nothing is found; this test shows nothing")
	}
}

// Row 14: a hundred steps of 30 days and 10 years at any moment.
func TestT03AHundredStepsForward(t *testing.T) {
	for i := range 100 {
		inDoubt(t, false, func(t *testing.T, b *bench, w *wrong, k *kept) {
			step := []time.Duration{30 * 24 * time.Hour, 10 * year}[i%2]
			b.give("c1", 25*24*time.Hour, consent.Block)
			defer b.serve()()
			time.Sleep(time.Duration(i) * 97 * time.Second)
			w.step.Store(int64(step))
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := len(k.kinds("c1")); n != 1 || len(b.decisions()) != 0 {
				t.Fatalf("step %d: %d blocks, %d decisions", i, n, len(b.decisions()))
			}
			w.step.Store(0)
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := k.kinds("c1"); len(got) != 2 || got[1] != consent.ActUnblock {
				t.Fatalf("step %d: %v", i, got)
			}
		})
	}
}

// When the date was right after all, the provisional block becomes the real one.
func TestADoubtThatWasRightBecomesADecision(t *testing.T) {
	inDoubt(t, false, func(t *testing.T, b *bench, w *wrong, k *kept) {
		b.give("c1", time.Hour, consent.Block)
		defer b.serve()()
		synctest.Wait()
		w.step.Store(int64(2 * time.Hour))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		b.jump(2 * time.Hour) // somebody says that it is right
		w.step.Store(0)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		d := b.decisions()
		if len(d) != 1 || d[0].Consent.Decided != consent.Expired || !d[0].Actions[0].Stepped {
			t.Fatalf("%+v", d)
		}
		if got := k.kinds("c1"); len(got) != 1 {
			t.Errorf("it was lifted for nothing: %v", got)
		}
	})
}

// T5: a clock of 1970: nothing ends by it and nothing is blocked by it, no record
// gets its time, and a date comes by the time gone by. The twin believes it.
func TestT05AClockOf1970EndsNothing(t *testing.T) {
	check := func(blind bool) (faults []string) {
		inDoubt(t, blind, func(_ *testing.T, b *bench, w *wrong, k *kept) {
			b.give("c1", time.Hour, consent.Block)
			began := b.now()
			w.step.Store(int64(time.Unix(60, 0).Sub(began)))
			defer b.serve()()
			time.Sleep(50 * time.Minute)
			synctest.Wait()
			if len(b.decisions()) != 0 || len(k.all()) != 0 {
				faults = append(faults, "ended by it")
			}
			time.Sleep(11 * time.Minute) // its date comes by the time gone by
			synctest.Wait()
			if got := k.kinds("c1"); len(got) != 1 || len(b.decisions()) != 0 {
				faults = append(faults, "nothing on its date")
			}
			for _, n := range k.told() {
				if n.Time.Before(began) {
					faults = append(faults, "a record got its time")
				}
			}
		})
		return faults
	}
	if faults := check(false); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	if faults := check(true); len(faults) == 0 {
		t.Error("the twin: a clock of 1970 that is believed does no harm, so this test shows nothing")
	}
}

// What was renewed while the clock was in doubt is not kept blocked.
func TestARenewalInDoubtLiftsTheProvisionalBlock(t *testing.T) {
	inDoubt(t, false, func(t *testing.T, b *bench, w *wrong, k *kept) {
		c := b.give("c1", time.Hour, consent.Block)
		defer b.serve()()
		synctest.Wait()
		w.step.Store(int64(2 * time.Hour))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		c.Version, c.Expires = 2, c.Expires.Add(30*24*time.Hour)
		b.put(c)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := k.kinds("c1"); len(got) != 2 || got[1] != consent.ActUnblock {
			t.Errorf("%v", got)
		}
	})
}

// A program that is restarted goes on where the doubt was.
func TestADoubtOutlivesTheProgram(t *testing.T) {
	inDoubt(t, false, func(t *testing.T, b *bench, w *wrong, k *kept) {
		b.give("c1", time.Hour, consent.Block)
		k.did = []consent.Action{{Kind: consent.ActBlock, Consent: "c1", Version: 1}}
		defer b.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := k.kinds("c1"); len(got) != 2 || got[1] != consent.ActUnblock {
			t.Errorf("%v", got)
		}
	})
}

// The clock never cuts what is essential, in doubt least of all.
func TestT41InDoubtNothingEssentialIsCut(t *testing.T) {
	inDoubt(t, false, func(t *testing.T, b *bench, w *wrong, k *kept) {
		b.s.c.Device = func(context.Context, discovery.DeviceID) (discovery.Device, bool, error) {
			return discovery.Device{Essential: discovery.EssentialMedical}, true, nil
		}
		b.give("c1", time.Hour, consent.Block)
		defer b.serve()()
		w.step.Store(int64(year))
		time.Sleep(time.Minute)
		synctest.Wait()
		w.step.Store(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(k.all()) != 0 {
			t.Errorf("%+v", k.all())
		}
	})
}
