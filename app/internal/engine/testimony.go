package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Testimony is what was seen, of what a was to end, beside the connection that
// did it: by every source, and by no claim alone.
func (e *Core) Testimony(ctx context.Context, a consent.Action) (consent.Testimony, error) {
	t, _, err := e.testify(ctx, a, time.Time{})
	return t, err
}

// hearing is one question for what was seen since an action was done.
type hearing struct {
	e     *Core
	a     consent.Action
	now   time.Time
	from  time.Time // what began earlier says nothing
	cov   coverage
	d     discovery.Device
	blind bool // the acting connection does not see what is sent
}

// testify is Testimony by what was seen since; later says that a source that saw
// something could not be judged yet, because it was not heard of since the start.
func (e *Core) testify(ctx context.Context, a consent.Action, since time.Time) (t consent.Testimony, later bool, err error) {
	h := hearing{e: e, a: a, now: e.Now(), from: e.counts(a.Device, a.Finished)}
	if h.cov, err = e.coverage(ctx); err != nil {
		return t, false, err
	}
	h.d, _ = e.Inventory.Device(a.Device) // of one that is no longer known nobody covers anything, so silence proves nothing
	h.acting(&t)
	from := h.from
	for _, at := range []time.Time{since, h.now.Add(-sentKept)} {
		if at.After(from) {
			from = at
		}
	}
	all, err := e.Store.SentSince(ctx, a.Device, from, h.meant)
	if err != nil {
		return t, false, err
	}
	seen, claimed, later := h.sort(all)
	if err := h.silence(ctx, &t, seen.Last); err != nil || t.Seen == consent.Stopped {
		return t, later, err
	}
	// Who sees what is sent, and was told to stop it, is believed again after a day.
	stands := func(s flow.Sent) bool { return !s.Last.IsZero() && (h.blind || h.now.Sub(s.Last) < handQuiet) }
	switch {
	case stands(seen):
		t.Seen, t.At, t.Source = consent.Flowing, seen.Last, seen.Source
		t.Text = words.Sprintf("%s saw it send to %s after that.", h.name(seen.Source), a.Recipient.Name)
		if seen.LookUp() {
			t.Text = words.Sprintf("%s saw it ask for the names of %s after that.", h.name(seen.Source), a.Recipient.Name)
		}
	case stands(claimed) && h.blind && !h.watched(claimed.Last):
		t.Seen, t.At, t.Source = consent.CannotTell, claimed.Last, claimed.Source
		t.Text = words.Sprintf("%s says that it sends to %s after that; anybody at home could say so, so it is no proof.", h.name(claimed.Source), a.Recipient.Name)
	}
	return t, later, nil
}

// counts is from when on what is seen of a device says something about what was
// done at done: of what stands for a person only whole days are known.
func (e *Core) counts(id discovery.DeviceID, done time.Time) time.Time {
	if d, ok := e.Inventory.Device(id); ok && !d.Guess.Kind.Personal() {
		return done.Add(handGrace)
	}
	_, loc := e.Zone()
	end, err := consent.CivilEnd(done.In(loc).Format(time.DateOnly), loc) // not every day begins at midnight
	if err != nil {
		return done.Add(24 * time.Hour) // a year that is written with more than four digits
	}
	return end
}

// acting judges the connection that did it.
func (h *hearing) acting(t *consent.Testimony) {
	depth, name := connectors.SeesNothing, ""
	for _, s := range h.cov.seen {
		if s.id == h.a.Connection {
			depth, name = s.what.Depth(), s.name
		}
	}
	// Who only takes reports is itself who received them, and knows when they end.
	h.blind = depth != connectors.SeesKinds && !depth.Sends()
	t.Blind = h.blind
	switch {
	case !h.blind:
	case depth == connectors.SeesNames:
		t.Why = words.Sprintf("%s sees only which names are asked for; whether it sends without asking cannot be told.", name)
	default:
		t.Why = words.Text("What it sends is not seen there, so whether it stopped cannot be told.")
	}
}

// meant reports whether d is what was to end.
func (h *hearing) meant(d flow.Destination) bool { return h.e.receives(h.a.Recipient, d) }

// sort gives the newest that a trusted source saw, and the newest that is only claimed.
func (h *hearing) sort(all []flow.Sent) (seen, claimed flow.Sent, later bool) {
	for _, s := range all {
		id, connected := strings.CutPrefix(string(s.Source), "connector:")
		if connected && id == h.a.Connection {
			continue // what it saw itself, it says itself
		}
		v := vigil{depth: connectors.SeesTraffic} // a capture that the household took
		if connected {
			known := false
			if v, known = h.e.vigils.known(id); !known {
				later = later || h.name(s.Source) != ""
				continue
			}
		}
		to := &seen
		if v.claim {
			to = &claimed
		}
		if h.shows(s, v.depth) && s.Last.After(to.Last) {
			*to = s
		}
	}
	return seen, claimed, later
}

// shows reports whether s, of a source that sees so much, shows that it goes on.
func (h *hearing) shows(s flow.Sent, depth connectors.Depth) bool {
	switch {
	case s.LookUp() || depth == connectors.SeesNames:
		// A name that is asked for is a sign where nobody sees what is sent, and the
		// names were not refused by us.
		return h.a.Connection == "" && !h.watched(h.from)
	case !h.blind && s.Down == 0:
		return false // what the acting connection turned away was sent, and never answered
	case h.a.Recipient.Any:
		return depth == connectors.SeesTraffic // the others see what stays at home
	default:
		return depth.Sends() || depth == connectors.SeesKinds
	}
}

// watched reports whether a trusted source that sees what d sends has watched
// without a break since at.
func (h *hearing) watched(at time.Time) bool {
	for _, s := range h.cov.seen {
		if since, ok := h.e.vigils.watching(s.id, h.now); ok && h.sees(s) && !since.After(at) {
			return true
		}
	}
	return false
}

// sees reports whether a connection sees that d sends to whom it is about.
func (h *hearing) sees(s covered) bool {
	depth := s.what.Depth()
	return !s.what.Claim && s.covers(h.d) && (depth == connectors.SeesTraffic || depth.Sends() && !h.a.Recipient.Any)
}

// silence says that it stopped where a trusted source that had seen it send
// before has watched for a day without a break, and seen nothing.
func (h *hearing) silence(ctx context.Context, t *consent.Testimony, last time.Time) error {
	var before []flow.Sent
	for _, s := range h.cov.seen {
		since, ok := h.e.vigils.watching(s.id, h.now)
		if !ok || s.id == h.a.Connection || !h.sees(s) {
			continue
		}
		for _, at := range []time.Time{h.from, last} {
			if at.After(since) {
				since = at
			}
		}
		if h.now.Sub(since) < handQuiet {
			continue
		}
		if before == nil {
			var err error
			if before, err = h.e.Store.SentSince(ctx, h.a.Device, h.a.Finished.Add(-handRecent), h.meant); err != nil {
				return err
			}
		}
		for _, b := range before {
			if b.Source == discovery.Source("connector:"+s.id) && !b.LookUp() {
				t.Seen, t.At, t.Source = consent.Stopped, h.now, b.Source
				t.Text = words.Sprintf("%s had seen it send to %s before, and saw nothing for a day.", s.name, h.a.Recipient.Name)
				return nil
			}
		}
	}
	return nil
}

// name is what the household calls a source; "" for one that is gone.
func (h *hearing) name(s discovery.Source) string {
	id, connected := strings.CutPrefix(string(s), "connector:")
	if !connected {
		return words.Text("A capture")
	}
	for _, c := range h.cov.seen {
		if c.id == id {
			return c.name
		}
	}
	return ""
}

// sent remembers which devices sent something since what ended was last compared
// with it, and when the earliest of that was. Its zero value is: all of them may have.
type sent struct {
	mu     sync.Mutex // guards all below
	looked bool
	by     map[discovery.DeviceID]time.Time
}

// sentNews is what was taken of it; nil is everything.
type sentNews map[discovery.DeviceID]time.Time

// since is the earliest of what is new of a device; false for nothing.
func (n sentNews) since(id discovery.DeviceID) (time.Time, bool) {
	at, ok := n[id]
	return at, ok || n == nil
}

func (s *sent) add(recs []flow.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range recs {
		if !r.Refused {
			s.note(r.Device, r.First)
		}
	}
}

func (s *sent) note(id discovery.DeviceID, at time.Time) {
	if s.by == nil {
		s.by = map[discovery.DeviceID]time.Time{}
	}
	if was, known := s.by[id]; !known || at.Before(was) {
		s.by[id] = at
	}
}

func (s *sent) take() sentNews {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := sentNews(s.by)
	if !s.looked {
		news = nil
	} else if news == nil {
		news = sentNews{}
	}
	s.looked, s.by = true, nil
	return news
}

// back puts news back for the next look.
func (s *sent) back(news sentNews) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if news == nil {
		s.looked = false
	}
	for id, at := range news {
		s.note(id, at)
	}
}
