package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	build = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	noon  = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
)

// at is a reading of boot b, d after it started at noon, with the wall clock off by step.
func at(b string, d, step time.Duration) Reading {
	return Reading{Wall: noon.Add(d + step), Boot: d, BootID: b}
}

func TestReadOfThisComputer(t *testing.T) {
	a, b := Read(), Read()
	if b.Wall.Before(a.Wall) || b.Boot < a.Boot || a.BootID != b.BootID || a.Wall != a.Wall.Round(0) {
		t.Fatalf("%+v then %+v", a, b)
	}
	if a.BootID == "" || a.Boot <= 0 {
		t.Fatalf("no boot clock: %+v", a)
	}
	if name, loc, err := Zone(); err != nil || loc == nil || name == "" || name == "Local" {
		t.Fatal(name, loc, err)
	}
}

func TestGuardBelievesAnOrdinaryDay(t *testing.T) {
	g := NewGuard(build, time.Time{}, Reading{})
	for d := time.Duration(0); d < 24*time.Hour; d += 5 * time.Second {
		slew := d / 2000
		if v := g.Observe(at("b", d, slew)); !v.Trusted || !v.Sure || v.Woke || !v.Now.Equal(noon.Add(d+slew)) {
			t.Fatalf("after %v: %+v", d, v)
		}
	}
}

func TestGuardSeesSleepAndBelievesIt(t *testing.T) {
	g := NewGuard(build, time.Time{}, Reading{})
	g.Observe(at("b", 0, 0))
	v := g.Observe(at("b", 9*time.Hour, 0))
	if !v.Trusted || !v.Woke || !v.Now.Equal(noon.Add(9*time.Hour)) {
		t.Fatalf("%+v", v)
	}
}

func TestGuardAClockSetForward(t *testing.T) {
	g := NewGuard(build, time.Time{}, Reading{})
	g.Observe(at("b", 0, 0))
	year := 365 * 24 * time.Hour
	v := g.Observe(at("b", 5*time.Second, year))
	if v.Trusted || v.Sure || v.Stepped != year || !v.Now.Equal(noon.Add(5*time.Second)) || !v.Shown.Equal(noon.Add(year+5*time.Second)) {
		t.Fatalf("forward: %+v", v)
	}
	if !g.High().Equal(noon) {
		t.Fatalf("the high-water mark moved: %v", g.High())
	}
	v = g.Observe(at("b", 10*time.Second, 0))
	if !v.Trusted || !v.Now.Equal(noon.Add(10*time.Second)) {
		t.Fatalf("set right again: %+v", v)
	}
}

func TestGuardAClockSetBackDoesNotStopTime(t *testing.T) {
	for _, back := range []time.Duration{-6 * time.Minute, -24 * time.Hour, -365 * 24 * time.Hour, -56 * 365 * 24 * time.Hour} {
		g := NewGuard(build, time.Time{}, Reading{})
		g.Observe(at("b", 0, 0))
		v := g.Observe(at("b", time.Hour, back))
		if v.Trusted || !v.Now.Equal(noon.Add(time.Hour)) {
			t.Fatalf("%v: %+v", back, v)
		}
	}
}

func TestGuardManySmallStepsAreOneBigOne(t *testing.T) {
	g := NewGuard(build, time.Time{}, Reading{})
	trusted := 0
	for i := range 10 {
		if g.Observe(at("b", time.Duration(i)*time.Minute, time.Duration(i)*4*time.Minute)).Trusted {
			trusted++
		}
	}
	if trusted != 2 {
		t.Fatalf("trusted %d of 10", trusted)
	}
}

func TestGuardAcrossARestart(t *testing.T) {
	stored := at("old", 0, 0)
	for _, c := range []struct {
		name          string
		wall          time.Time
		trusted, sure bool
	}{
		{"an hour later", noon.Add(time.Hour), true, true},
		{"three weeks later: believed, but not for what cannot be undone", noon.Add(21 * 24 * time.Hour), true, false},
		{"an hour earlier", noon.Add(-time.Hour), false, false},
		{"before the program was built", build.Add(-time.Hour), false, false},
		{"1970", time.Unix(60, 0), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGuard(build, noon, stored)
			v := g.Observe(Reading{Wall: c.wall, Boot: time.Minute, BootID: "new"})
			if v.Trusted != c.trusted || v.Sure != c.sure || v.Now.Before(noon) || !v.Woke {
				t.Fatalf("%+v", v)
			}
		})
	}
}

func TestGuardConfirmBringsTrustBack(t *testing.T) {
	g := NewGuard(build, time.Time{}, Reading{})
	g.Observe(at("b", 0, 30*24*time.Hour)) // was wrong from the start
	v := g.Observe(at("b", time.Minute, 0))
	if v.Trusted {
		t.Fatalf("%+v", v)
	}
	g.Confirm(at("b", 2*time.Minute, 0))
	if v = g.Observe(at("b", 3*time.Minute, 0)); !v.Trusted || !v.Sure || !v.Now.Equal(noon.Add(3*time.Minute)) {
		t.Fatalf("%+v", v)
	}
	g.Confirm(Reading{Wall: time.Unix(0, 0), BootID: "b"})
	if v = g.Observe(at("b", 4*time.Minute, 0)); !v.Trusted {
		t.Fatalf("a time before the build was confirmed: %+v", v)
	}
}

func TestGuardGoesOnInTheSameRunAfterARestartOfTheProgram(t *testing.T) {
	g := NewGuard(build, noon, at("b", 0, 0))
	if v := g.Observe(at("b", time.Minute, time.Hour)); v.Trusted {
		t.Fatalf("a step while the program was off was believed: %+v", v)
	}
}

// F17: trusted time never decreases, nothing before the build or our own last
// event is believed, and setting back never makes Now fall behind.
func checkGuard(t interface{ Fatalf(string, ...any) }, rs []Reading) {
	g := NewGuard(build, noon, Reading{})
	high := noon
	for _, r := range rs {
		v := g.Observe(r)
		if v.Now.Before(noon) || v.Now.Before(build) {
			t.Fatalf("%+v gave %+v, before our own last event", r, v)
		}
		if v.Trusted && v.Now.Before(high) {
			t.Fatalf("%+v gave %+v, before %v", r, v, high)
		}
		if v.Sure && !v.Trusted || v.Trusted && v.Stepped != 0 {
			t.Fatalf("%+v gave %+v", r, v)
		}
		if v.Trusted {
			high = v.Now
		}
	}
}

func TestTrustedTimeNeverDecreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rs []Reading
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			rs = append(rs, Reading{
				Wall:   time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "wall"), 0),
				Boot:   time.Duration(rapid.Int64().Draw(t, "boot")),
				BootID: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "id"),
			})
		}
		checkGuard(t, rs)
	})
}

func FuzzGuard(f *testing.F) {
	f.Add(int64(0), int64(0), int64(5), int64(5), int64(-100), int64(10))
	f.Add(int64(1<<40), int64(1), int64(0), int64(2), int64(0), int64(-1<<62))
	f.Fuzz(func(t *testing.T, w1, b1, w2, b2, w3, b3 int64) {
		var rs []Reading
		for i, x := range [][2]int64{{w1, b1}, {w2, b2}, {w3, b3}, {w1 + w2, b1 + b2}} {
			rs = append(rs, Reading{Wall: noon.Add(time.Duration(x[0])), Boot: time.Duration(x[1]), BootID: "ab"[i/3 : i/3+1]})
		}
		checkGuard(t, rs)
	})
}
