package expiry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestItEndsAtTheDueMomentAndNotBefore(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		c := b.give("c1", 7*time.Second, consent.Block)
		defer b.serve()()
		time.Sleep(7*time.Second - time.Millisecond)
		synctest.Wait()
		if b.get("c1").Decided != consent.Given {
			t.Fatal("it ended before its date")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		got := b.get("c1")
		if got.Decided != consent.Expired || !got.Ended.Equal(c.Expires) {
			t.Errorf("%s at %s, want expired at %s", got.Decided, got.Ended, c.Expires)
		}
		if d := b.decisions(); len(d) != 1 || len(d[0].Actions) != 1 || d[0].Actions[0].Kind != consent.ActBlock || len(d[0].Notes) != 1 || b.poked != 1 {
			t.Errorf("%+v, enforcement was called %d times", d, b.poked)
		}
	})
}

func TestANewNearerDateIsSeenAtOnce(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		defer b.serve()()
		synctest.Wait()
		b.give("c1", 100*time.Millisecond, consent.Warn)
		b.s.Poke()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if b.get("c1").Decided != consent.Expired {
			t.Error("it waited for the tick")
		}
	})
	onBench(t, func(t *testing.T, b *bench) { // the twin: without the poke the tick is the guarantee
		defer b.serve()()
		synctest.Wait()
		b.give("c1", 100*time.Millisecond, consent.Warn)
		time.Sleep(time.Second)
		synctest.Wait()
		if b.get("c1").Decided == consent.Expired {
			t.Fatal("the poke shows nothing")
		}
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		if b.get("c1").Decided != consent.Expired {
			t.Error("the tick did not come")
		}
	})
}

// T1: the timers stand still for three days, then go on.
func TestT01AsleepForThreeDays(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		c := b.give("c1", time.Hour, consent.Block)
		defer b.serve()()
		synctest.Wait()
		b.jump(72 * time.Hour)
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		got, d := b.get("c1"), b.decisions()
		if got.Decided != consent.Expired || len(d) != 1 {
			t.Fatalf("%s after %d decisions", got.Decided, len(d))
		}
		if !d[0].Actions[0].DueAt.Equal(c.Expires) || !strings.Contains(d[0].Notes[0].Text, "2 days later") {
			t.Errorf("due %s, note %q", d[0].Actions[0].DueAt, d[0].Notes[0].Text)
		}
		time.Sleep(time.Minute)
		if n := len(b.decisions()); n != 1 {
			t.Errorf("%d decisions", n)
		}
	})
}

func TestT02OffOverTheDateIsEndedByTheFirstPass(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		b.jump(21 * 24 * time.Hour)
		defer b.serve()()
		synctest.Wait()
		d := b.decisions()
		if len(d) != 1 || !strings.Contains(d[0].Notes[0].Text, "20 days later") {
			t.Fatalf("%+v", d)
		}
	})
}

func TestT04SetBackAfterTheEndItStaysEnded(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		b.give("c2", time.Hour, consent.Block)
		defer b.serve()()
		time.Sleep(2 * time.Second)
		b.jump(-365 * 24 * time.Hour)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := b.get("c1"); got.Decided != consent.Expired || got.Version != 2 {
			t.Errorf("%s, version %d", got.Decided, got.Version)
		}
		if got := b.get("c2"); got.Decided != consent.Given {
			t.Errorf("the other one is %s, a year before its date", got.Decided)
		}
	})
}

func TestT09ARepeatedHourFiresOnce(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	onBench(t, func(t *testing.T, b *bench) {
		end, err := consent.CivilEnd("2026-10-25T02:30", berlin)
		if first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); err != nil || !end.Equal(first) {
			t.Fatalf("%s, %v, want the first of both", end, err)
		}
		b.jump(end.Add(-time.Hour).Sub(b.now()))
		c := b.give("c1", time.Hour, consent.Block)
		if !c.Expires.Equal(end) {
			t.Fatalf("%s, want %s", c.Expires, end)
		}
		defer b.serve()()
		time.Sleep(4 * time.Hour) // over both 02:30
		synctest.Wait()
		if d := b.decisions(); len(d) != 1 || !d[0].Consent.Ended.Equal(end) {
			t.Errorf("%d decisions, the first at %s", len(d), d[0].Consent.Ended)
		}
	})
}

// T11: renewal and end in the same second, whichever comes first.
func TestT11TheLastSecond(t *testing.T) {
	renew := func(t *testing.T, c consent.Consent, now time.Time) consent.Decision {
		t.Helper()
		next, as, err := consent.Renew(c, consent.Term{Kind: consent.ForPeriod, Rule: "PT1H"}, consent.Decider{By: "somebody", How: "clicked", Now: now, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		return consent.Decision{Consent: next, Expect: c.Version, Actions: as}
	}
	onBench(t, func(t *testing.T, b *bench) {
		c := b.give("c1", 10*time.Second, consent.Block)
		defer b.serve()()
		time.Sleep(10*time.Second - time.Nanosecond)
		if err := b.Decide(t.Context(), renew(t, c, b.now())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.get("c1"); got.Decided != consent.Renewed || got.Expires.IsZero() {
			t.Errorf("renewed first: %s until %s", got.Decided, got.Expires)
		}
	})
	onBench(t, func(t *testing.T, b *bench) {
		c := b.give("c1", 10*time.Second, consent.Block)
		defer b.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err := b.Decide(t.Context(), renew(t, c, b.now())); !errors.Is(err, consent.ErrChanged) {
			t.Fatalf("a renewal of what has just ended: %v", err)
		}
		gone := b.get("c1")
		if err := b.Decide(t.Context(), renew(t, gone, b.now())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := b.get("c1"); got.Decided != consent.Renewed || got.Version != 3 || got.Expires.IsZero() {
			t.Errorf("read again and renewed: %s, version %d", got.Decided, got.Version)
		}
	})
}

func TestErrChangedIsTheOtherDecisionsWin(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		b.fail = consent.ErrChanged
		defer b.serve()()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if err := b.trouble(); err != nil {
			t.Errorf("reported as trouble: %v", err)
		}
		b.memory.mu.Lock()
		asked := b.asked
		b.memory.mu.Unlock()
		if asked > 50 {
			t.Errorf("asked %d times in 20 s: a busy loop", asked)
		}
	})
}

// T13: the pass is held up for 20 minutes; nothing is done twice.
func TestT13ADelayedTickActsOnce(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		b.give("c2", time.Minute, consent.Block)
		defer b.serve()()
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		if n := len(b.decisions()); n != 2 {
			t.Errorf("%d decisions for 2 permissions", n)
		}
	}, func(c *Config) {
		store := c.Store
		c.Store = slow{store, 20 * time.Minute}
	})
}

type slow struct {
	Store
	by time.Duration
}

func (s slow) NextDue(ctx context.Context) (time.Time, bool, error) {
	time.Sleep(s.by)
	return s.Store.NextDue(ctx)
}

// T17 and T18: what cannot be written stays due, is reported, tried again, and
// holds nothing else up. Its twins are in .ci/mutants: a fault that ends the pass,
// and one that is not tried again.
func TestT18AFaultOfTheStoreIsReportedAndTriedAgain(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		b.give("c2", 2*time.Second, consent.Block)
		b.fail, b.failFor = errors.New("disk full"), "c1"
		defer b.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if b.get("c2").Decided != consent.Expired {
			t.Error("one bad record holds the other up")
		}
		if err := b.trouble(); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("reported %v", err)
		}
		if b.get("c1").Decided != consent.Given {
			t.Error("a false end")
		}
		b.memory.mu.Lock()
		b.fail = nil
		b.memory.mu.Unlock()
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		if b.get("c1").Decided != consent.Expired || b.trouble() != nil {
			t.Errorf("%s after the disk had room again, reported %v", b.get("c1").Decided, b.trouble())
		}
	})
}

func TestFailingOnesDoNotFillTheBatch(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		for i := range 5 {
			b.give(consent.ID(fmt.Sprintf("a%d", i)), time.Second, consent.Block)
		}
		b.give("z", 2*time.Second, consent.Block)
		b.fail = errors.New("disk full")
		defer b.serve()()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		b.memory.mu.Lock()
		b.failFor = "a0"
		b.memory.mu.Unlock()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if b.get("z").Decided != consent.Expired || b.get("a0").Decided != consent.Given {
			t.Errorf("z is %s, a0 is %s", b.get("z").Decided, b.get("a0").Decided)
		}
	}, func(c *Config) { c.Batch = 1 })
}

func TestT21TenThousandAtOnce(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		n := 10_000
		for i := range n {
			b.give(consent.ID(fmt.Sprintf("c%05d", i)), time.Second, consent.Block)
		}
		defer b.serve()()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := len(b.decisions()); got != n {
			t.Errorf("%d of %d ended", got, n)
		}
		if b.asked > n/defaultBatch+5 {
			t.Errorf("asked %d times for %d", b.asked, n)
		}
	})
}

func TestT41EssentialIsWarnedOfNotCut(t *testing.T) {
	for e, want := range map[discovery.Essential]consent.ActionKind{
		discovery.EssentialMedical: consent.ActWarn, discovery.EssentialSafety: consent.ActWarn,
		discovery.EssentialComfort: consent.ActBlock, discovery.EssentialNone: consent.ActBlock,
	} {
		onBench(t, func(t *testing.T, b *bench) {
			b.give("c1", time.Second, consent.Block)
			defer b.serve()()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			d := b.decisions()
			if len(d) != 1 || d[0].Actions[0].Kind != want || d[0].Consent.Decided != consent.Expired {
				t.Fatalf("%q: %+v", e, d)
			}
			if said := strings.Contains(d[0].Notes[0].Text, "Nothing was cut off"); said != (want == consent.ActWarn) {
				t.Errorf("%q: note %q", e, d[0].Notes[0].Text)
			}
		}, func(c *Config) {
			c.Device = func(context.Context, discovery.DeviceID) (discovery.Device, bool, error) {
				return discovery.Device{Essential: e}, true, nil
			}
		})
	}
}

func TestInUntrustedTimeNothingIsDecided(t *testing.T) {
	var trusted atomic.Bool
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Second, consent.Block)
		defer b.serve()()
		b.jump(2 * 365 * 24 * time.Hour)
		time.Sleep(time.Minute)
		synctest.Wait()
		if b.get("c1").Decided != consent.Given {
			t.Fatal("ended by a clock that is not believed")
		}
		trusted.Store(true)
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		if b.get("c1").Decided != consent.Expired {
			t.Error("not ended once the clock is believed")
		}
	}, func(c *Config) { c.Trusted = func() bool { return trusted.Load() } })
}

func TestT06ASteppedClockIsMarked(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.give("c1", time.Hour, consent.Block)
		defer b.serve()()
		synctest.Wait()
		b.jump(2 * time.Hour)
		time.Sleep(defaultMaxSleep)
		synctest.Wait()
		if d := b.decisions(); len(d) != 1 || !d[0].Actions[0].Stepped {
			t.Errorf("%+v", d)
		}
	}, func(c *Config) { c.Stepped = func() bool { return true } })
}

func TestT14TheInstantDecidesWithoutZoneData(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		c := b.give("c1", time.Second, consent.Block)
		c.Zone = "Nowhere/Atlantis"
		b.put(c)
		defer b.serve()()
		time.Sleep(time.Second)
		synctest.Wait()
		if d := b.decisions(); len(d) != 1 || !strings.Contains(d[0].Notes[0].Text, "UTC") {
			t.Errorf("%+v", d)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{MaxSleep: -1}); err == nil {
		t.Error("an empty config was accepted")
	}
}
