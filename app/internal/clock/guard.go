package clock

import "time"

const (
	// stepLimit is how far the wall clock may move against the boot clock.
	stepLimit = 5 * time.Minute
	// slewShare is what clock discipline may bend the wall clock, as a share of the time passed.
	slewShare = 1000
	// wokeAfter is how long a gap between two looks means a sleep.
	wokeAfter = 15 * time.Second
	// longGap is how long a gap across a restart needs a second source before
	// anything is done that cannot be undone.
	longGap = 24 * time.Hour
	// believable is the longest gap across a restart that is taken for a computer
	// that was switched off (T2); beyond it, a wrong clock is as likely (T3).
	believable = 28 * 24 * time.Hour
)

// Verdict is what can be believed after a reading.
type Verdict struct {
	Now     time.Time     // the time to go by and to write down; never decreases while Trusted
	Shown   time.Time     // by which what can be undone is due; ahead of Now where only the wall clock is
	Trusted bool          // decisions may be made by Now
	Sure    bool          // also what cannot be undone may be done by Now
	Stepped time.Duration // how far the wall clock was moved, while not Trusted
	Woke    bool          // a sleep or a long pause lay before this reading
}

// Guard watches the wall clock. Not trusted is a clock that was stepped by more
// than five minutes within one run of the computer, that shows a time before our
// own last event or before the program was built, or that is weeks ahead after
// a restart. It is not safe for concurrent use.
type Guard struct {
	build   time.Time
	high    time.Time // the latest trusted time; only trusted time moves it
	anchor  Reading   // where wall and boot clock were last taken to agree
	last    Reading
	sure    bool
	doubt   Reading   // where the doubt began, in a run of the computer without an anchor
	doubtAt time.Time // the time that was believed then
}

// NewGuard starts from what was stored: high is the latest trusted time (zero
// when there is none) and last the newest trusted reading (zero when there is
// none). A reading in doubt must not be given: it would be believed.
func NewGuard(build, high time.Time, last Reading) *Guard {
	g := &Guard{build: build, high: high.Round(0), last: last, sure: true}
	if last.BootID != "" && !last.Wall.Before(build) {
		g.anchor = last
	}
	return g
}

// High is the latest trusted time, to be stored.
func (g *Guard) High() time.Time { return g.high }

// Unsure takes up where an earlier run of the program was not sure: what cannot
// be undone waits until Confirm.
func (g *Guard) Unsure() { g.sure = false }

// Observe judges one reading.
func (g *Guard) Observe(r Reading) Verdict {
	r.Wall = r.Wall.Round(0)
	v := Verdict{Woke: g.woke(r)}
	switch {
	case g.sameRun(r):
		v.Stepped = g.stepped(r)
	case r.Wall.Before(g.floor().Add(-stepLimit)) || r.Wall.Before(g.build):
		// After a restart nothing local tells how long it was off: a clock that
		// is behind what we saw ourselves is wrong.
		v.Stepped = r.Wall.Sub(g.floor())
	case !g.anchor.Wall.IsZero() && r.Wall.Sub(g.floor()) > believable:
		v.Stepped = r.Wall.Sub(g.floor())
	default:
		g.sure = g.anchor.Wall.IsZero() || g.sure && r.Wall.Sub(g.floor()) <= longGap
		g.anchor = r
	}
	v.Trusted = v.Stepped == 0 && !r.Wall.Before(g.build)
	switch {
	case v.Trusted:
		g.high = later(g.high, r.Wall)
		v.Now = g.high
	default:
		v.Now = g.estimate(r)
	}
	v.Shown = later(v.Now, r.Wall)
	v.Sure = v.Trusted && g.sure
	g.last = r
	return v
}

// Confirm is a second source, or a person, who says that r is right: trust
// returns, also to a time before the latest trusted one.
func (g *Guard) Confirm(r Reading) {
	r.Wall = r.Wall.Round(0)
	if r.Wall.Before(g.build) {
		return
	}
	g.high, g.anchor, g.last, g.sure = r.Wall, r, r, true
}

func (g *Guard) woke(r Reading) bool {
	if g.last.Wall.IsZero() {
		return false
	}
	if r.BootID != g.last.BootID {
		return true
	}
	gap := r.Boot - g.last.Boot
	if r.BootID == "" {
		gap = r.Wall.Sub(g.last.Wall)
	}
	return gap > wokeAfter
}

// sameRun reports whether r can be compared with the anchor.
func (g *Guard) sameRun(r Reading) bool {
	return r.BootID != "" && r.BootID == g.anchor.BootID && r.Boot >= g.anchor.Boot
}

// stepped is how far the wall clock moved against the boot clock since the
// anchor, 0 within the limit. It adds up: many small steps are one big one.
func (g *Guard) stepped(r Reading) time.Duration {
	passed := r.Boot - g.anchor.Boot
	off := r.Wall.Sub(g.anchor.Wall) - passed
	if limit := stepLimit + passed/slewShare; off > limit || off < -limit {
		return off
	}
	return 0
}

func (g *Guard) floor() time.Time { return later(g.high, g.build) }

// estimate is the time to go by while the wall clock is not trusted: the last
// time that was, plus what the boot clock counted since. It follows the wall
// clock neither ahead nor back, so that no record gets a time that never was.
func (g *Guard) estimate(r Reading) time.Time {
	est := g.floor()
	switch {
	case g.sameRun(r):
		est = later(est, g.anchor.Wall.Add(r.Boot-g.anchor.Boot))
	case r.BootID != "" && r.BootID == g.doubt.BootID && r.Boot >= g.doubt.Boot:
		est = later(est, g.doubtAt.Add(r.Boot-g.doubt.Boot))
	default:
		g.doubt, g.doubtAt = r, est
	}
	return est
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
