package consent

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestStateMachine is F16: whatever happens in whatever order, a permission
// that has ended is not in force again without a new decision of a person, each
// version is tied to the one before, and what is live has a date or says that
// it has none.
func TestStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		term := func() Term {
			return rapid.SampledFrom([]Term{
				{Kind: ForPeriod, Rule: "P1D"}, {Kind: ForPeriod, Rule: "P6M"}, {Kind: ForPeriod, Rule: "PT1H"}, {Kind: NoEnd},
			}).Draw(t, "term")
		}
		c, err := New(Request{
			ID: "c1", Device: "d1", Recipient: Recipient{Any: true}, Term: term(), Decider: by(now),
			Remedy: rapid.SampledFrom(Remedies()).Draw(t, "remedy"),
		})
		if err != nil {
			t.Fatal(err)
		}
		prev := Consent{}
		decide := func(next Consent, as []Action, byPerson bool) {
			if next.Version == c.Version {
				if len(as) > 0 {
					t.Fatalf("actions without a decision: %+v", as)
				}
				return
			}
			check(t, c, next, as, byPerson)
			prev, c = c, next
		}
		t.Repeat(map[string]func(*rapid.T){
			"time goes on": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(200*24*time.Hour)).Draw(t, "by")))
			},
			"the clock is set back": func(t *rapid.T) { now = now.AddDate(-1, 0, 0) },
			"the clock ends it": func(*rapid.T) {
				next, as := Expire(c, nil, now)
				decide(next, as, false)
			},
			"withdrawn": func(*rapid.T) {
				if now.Before(c.Given) {
					return
				}
				next, as := Withdraw(c, nil, now, "somebody", "clicked")
				decide(next, as, true)
			},
			"renewed": func(*rapid.T) {
				if next, as, err := Renew(c, term(), by(now)); err == nil {
					decide(next, as, true)
				}
			},
			"extended": func(*rapid.T) {
				if next, as, err := Grace(c, time.Hour, by(now)); err == nil {
					decide(next, as, true)
				}
			},
			"undone": func(*rapid.T) {
				if next, as, err := Undo(prev, c, by(now)); err == nil {
					decide(next, as, true)
				} else if errors.Is(err, ErrInvalid) && c.Version > 1 && now.After(c.Given) {
					t.Fatalf("undo refuses its own versions: %v", err)
				}
			},
		})
	})
}

type fataler interface{ Fatalf(string, ...any) }

func check(t fataler, c, next Consent, as []Action, byPerson bool) {
	if next.Version != c.Version+1 || next.PreviousHash != c.Checksum() {
		t.Fatalf("version %d is not tied to %d", next.Version, c.Version)
	}
	if !byPerson && next.Decided != Expired {
		t.Fatalf("the clock decided %s", next.Decided)
	}
	if !c.Decided.Live() && next.Decided.Live() && (!byPerson || next.DecidedHow == "clock") {
		t.Fatalf("%s became %s without a person", c.Decided, next.Decided)
	}
	if next.Decided.Live() && next.Expires.IsZero() != (next.Term.Kind == NoEnd) {
		t.Fatalf("live without a date: %+v", next)
	}
	if next.Decided == Expired && next.Ended.Before(next.DueAt()) {
		t.Fatalf("it ended before it was due")
	}
	for _, a := range as {
		if a.State != Pending || a.Mark != MarkFor(c.ID) || a.Version != next.Version || a.DueAt.IsZero() {
			t.Fatalf("a loose action: %+v", a)
		}
		if next.Decided.Live() && (a.Kind == ActBlock || a.Kind == ActRevoke) {
			t.Fatalf("%s while it is %s", a.Kind, next.Decided)
		}
	}
	if err := next.Validate(); err != nil {
		t.Fatalf("%s to %s made a record that cannot be stored: %v\n%+v", c.Decided, next.Decided, err, next)
	}
}

// TestTheMachineWouldNoticeAComeback is the twin: a step from expired to given
// that nobody decided must be complained about.
func TestTheMachineWouldNoticeAComeback(t *testing.T) {
	c, _ := Expire(allow(t, noon, "1h", Block), nil, noon.Add(2*time.Hour))
	back := c
	back.Version, back.PreviousHash, back.Decided, back.Ended = c.Version+1, c.Checksum(), Given, time.Time{}
	var n counter
	check(&n, c, back, nil, false)
	if n == 0 {
		t.Error("a permission that came alive by itself was not noticed")
	}
}

type counter int

func (c *counter) Fatalf(string, ...any) { *c++ }

// FuzzDecode is F14: garbage is refused, and what is accepted is the same after
// a round trip and never in force without a date.
func FuzzDecode(f *testing.F) {
	good, _ := allow(f, noon, "2027-05-31", Block).Encode()
	f.Add(good)
	gone, _ := Expire(allow(f, noon, "1h", RevokeThenBlock), nil, noon.Add(2*time.Hour))
	ended, _ := gone.Encode()
	f.Add(ended)
	f.Add([]byte(`{"decided":"given"}`))
	f.Add([]byte(`{"schema_version":1,"id":"c","version":1,"device":"d","decided":"given","expires":"0001-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b)
		if err != nil {
			return
		}
		if c.Decided.Live() && c.Expires.IsZero() && c.Term.Kind != NoEnd {
			t.Fatalf("in force without a date: %+v", c)
		}
		out, err := c.Encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := Decode(out)
		if err != nil || !cmp.Equal(c, back) {
			t.Fatalf("changed by a round trip: %v %s", err, cmp.Diff(c, back))
		}
	})
}
