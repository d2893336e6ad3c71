package clock

import (
	"fmt"
	"testing"
	"time"
)

const year = 365 * 24 * time.Hour

// T3, off: nothing local tells a switched-off computer from a changed clock, so
// weeks are believed and years are not; neither is sure.
func TestT03AClockSetForwardWhileOff(t *testing.T) {
	for _, c := range []struct {
		gap           time.Duration
		trusted, sure bool
	}{{20 * time.Hour, true, true}, {21 * 24 * time.Hour, true, false}, {30 * 24 * time.Hour, false, false}, {2 * year, false, false}, {10 * year, false, false}} {
		g := NewGuard(build, noon, at("old", 0, 0))
		v := g.Observe(Reading{Wall: noon.Add(c.gap), Boot: time.Minute, BootID: "new"})
		if v.Trusted != c.trusted || v.Sure != c.sure || !v.Shown.Equal(noon.Add(c.gap)) {
			t.Errorf("after %v: %+v", c.gap, v)
		}
		if !c.trusted && (!v.Now.Equal(noon) || !g.High().Equal(noon)) {
			t.Errorf("after %v in doubt the time went to %v, the mark to %v", c.gap, v.Now, g.High())
		}
	}
}

// The time that was believed goes on by the boot clock, also in a run of the
// computer that began in doubt, and never follows the wall clock.
func TestInDoubtTimeGoesOnByTheBootClock(t *testing.T) {
	g := NewGuard(build, noon, at("old", 0, 0))
	for _, d := range []time.Duration{0, time.Minute, 3 * time.Hour} {
		v := g.Observe(Reading{Wall: noon.Add(2*year + 7*d), Boot: time.Minute + d, BootID: "new"})
		if v.Trusted || !v.Now.Equal(noon.Add(d)) {
			t.Fatalf("%v later: %+v", d, v)
		}
	}
	v := g.Observe(Reading{Wall: noon.Add(5 * time.Hour), Boot: 5 * time.Hour, BootID: "new"})
	if !v.Trusted || !v.Now.Equal(noon.Add(5*time.Hour)) {
		t.Fatalf("set right: %+v", v)
	}
}

// T5: a clock of 1970 gives no record its time. The twin takes the wall clock's.
func TestT05ADeadBatteryGivesNoTime(t *testing.T) {
	check := func(judge func(*Guard, Reading) Verdict) (fault string) {
		for _, high := range []time.Time{{}, noon} {
			g := NewGuard(build, high, Reading{})
			floor := later(high, build)
			for _, d := range []time.Duration{0, time.Hour} {
				v := judge(g, Reading{Wall: time.Unix(60, 0).Add(d), Boot: d, BootID: "new"})
				if v.Trusted || !v.Now.Equal(floor.Add(d)) || !v.Shown.Equal(v.Now) || !g.High().Equal(high) {
					fault = fmt.Sprintf("%+v, the mark is %v", v, g.High())
				}
			}
		}
		return fault
	}
	if f := check((*Guard).Observe); f != "" {
		t.Error(f)
	}
	if check(func(_ *Guard, r Reading) Verdict {
		return Verdict{Trusted: true, Sure: true, Now: r.Wall, Shown: r.Wall}
	}) == "" {
		t.Error("the twin: the wall clock is right in 1970; this test shows nothing")
	}
}

// Row 13: whatever the clock is set back to, and whenever, no end is later than
// 90 seconds after its moment by the boot clock.
func TestAClockSetBackWinsNothing(t *testing.T) {
	extends := func(judge func(*Guard, Reading) time.Time) time.Duration {
		var worst time.Duration
		for _, back := range []time.Duration{time.Minute, 24 * time.Hour, year, 56 * year} {
			for i := range 100 {
				g := NewGuard(build, time.Time{}, Reading{})
				g.Observe(at("b", 0, 0))
				set := time.Duration(i) * 36 * time.Second // the end comes after an hour
				var step time.Duration
				for d := time.Duration(0); ; d += 5 * time.Second {
					if d >= set {
						step = -back
					}
					if now := judge(g, at("b", d, step)); !now.Before(noon.Add(time.Hour)) {
						worst = max(worst, d-time.Hour)
						break
					}
					if d > 3*time.Hour {
						return d
					}
				}
			}
		}
		return worst
	}
	if w := extends(func(g *Guard, r Reading) time.Time { return g.Observe(r).Shown }); w > 90*time.Second {
		t.Errorf("an end came %v late", w)
	}
	if w := extends(func(_ *Guard, r Reading) time.Time { return r.Wall }); w <= 90*time.Second { // the twin: no guard
		t.Errorf("without the guard the worst is %v; this test shows nothing", w)
	}
}

// A doubt outlives a restart of the program: what was only believed stays unsure.
func TestWhatWasNotSureStaysSoAfterARestartOfTheProgram(t *testing.T) {
	g := NewGuard(build, noon, at("b", 0, 0))
	g.Unsure()
	if v := g.Observe(at("b", time.Minute, 0)); !v.Trusted || v.Sure {
		t.Fatalf("%+v", v)
	}
	g.Confirm(at("b", 2*time.Minute, 0))
	if v := g.Observe(at("b", 3*time.Minute, 0)); !v.Sure {
		t.Fatalf("after a second source agreed: %+v", v)
	}
}

func TestReaderKnowsItsRun(t *testing.T) {
	r := NewReader()
	if a, b := r.Read(), Read(); a.BootID != b.BootID || b.Boot < a.Boot {
		t.Errorf("%+v, then %+v", a, b)
	}
	if v := (Reader{}).Read(); v.BootID != "" || v.Boot != 0 || v.Wall.IsZero() {
		t.Errorf("a system without a boot clock: %+v", v)
	}
	if _, known := Synchronised(); known {
		t.Log("this system says whether its clock is kept right")
	}
}
