package consent

import (
	"time"

	"bestbefore/discovery"
)

// Testimony is what was seen, of what an action was to end, beside the connection
// that did it: who acts often sees only a part.
type Testimony struct {
	// Seen is Flowing where a source that can be trusted saw it go on, CannotTell
	// where only a claim says so, Stopped where a trusted source that had seen it
	// before was alive all the while and saw nothing for a day, else NotChecked.
	Seen   Seen
	At     time.Time        // when it was seen last, with Flowing and CannotTell
	Source discovery.Source // who saw it
	Text   string           // one sentence
	// Blind says that the acting connection does not see what is sent, so that its
	// word alone never means that it stopped; Why is a sentence about that.
	Blind bool
	Why   string
}

// Relapsed is when something was last seen to have stopped, if it was seen again
// after that; else the zero time.
func Relapsed(as []Action) time.Time {
	var stopped, flowing time.Time
	for _, a := range as {
		for _, e := range a.Evidence {
			switch {
			case e.Seen == Stopped && e.At.After(stopped):
				stopped = e.At
			case e.Seen == Flowing && e.At.After(flowing):
				flowing = e.At
			}
		}
	}
	if stopped.IsZero() || !flowing.After(stopped) {
		return time.Time{}
	}
	return stopped
}

// Back is which return of what had ended is under way, by the moment before it:
// when it was last seen to have stopped, or was said to be ended by hand. Zero is
// none.
func Back(as []Action) time.Time {
	if at := Relapsed(as); !at.IsZero() {
		return at
	}
	if a, ok := Enforcing(as); ok && a.Kind == ActGuide && a.State == NeedsPerson {
		return a.Finished
	}
	return time.Time{}
}
