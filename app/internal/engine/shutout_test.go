package engine_test

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// shutOut is how often the diary says that an issuer takes our sign-in no more.
func (h *home) shutOut() (n int) {
	h.t.Helper()
	es, err := h.Diary(h.t.Context(), engine.DiaryQuery{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range es {
		if x.Kind == engine.NoteShutOut {
			n++
		}
	}
	return n
}

// An issuer that listed an access and then refuses our sign-in may have ended it: a
// line in the diary, once, whether its list is refused or its connection no longer
// opens, and once more after it had let us in again. Nothing is called ended by it.
// The twins: an issuer that is only away, and one that never gave anything.
func TestAnIssuerThatShutsUsOutIsToldOnce(t *testing.T) {
	refuses := func(k consent.ErrorKind) func(*home, *issuing) {
		return func(_ *home, b *issuing) { b.fails = connectors.Fault(k, "No.", nil) }
	}
	closes := func(k consent.ErrorKind) func(*home, *issuing) {
		return func(h *home, _ *issuing) { h.peers.shut = map[string]consent.ErrorKind{"k1": k} }
	}
	ownOnly := func(b *issuing) { b.list = b.list[2:] }
	for name, c := range map[string]struct {
		before func(*issuing)
		shut   func(*home, *issuing)
		want   int
	}{
		"its list is refused":          {shut: refuses(consent.KindSignIn), want: 1},
		"it no longer opens":           {shut: closes(consent.KindSignIn), want: 1},
		"its list is away":             {shut: refuses(consent.KindTransient)},
		"it is away":                   {shut: closes(consent.KindTransient)},
		"it gave nothing but our own":  {ownOnly, refuses(consent.KindSignIn), 0},
		"it gave nothing and is shut":  {ownOnly, closes(consent.KindSignIn), 0},
		"it wants something of us now": {shut: refuses(consent.KindNeedsPerson)},
	} {
		t.Run(name, func(t *testing.T) {
			h, b, cam := withIssuer(t)
			if c.before != nil {
				c.before(b)
			}
			h.list(t)
			info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
			if err != nil {
				t.Fatal(err)
			}
			for turn := range 2 {
				c.shut(h, b)
				for range 3 {
					h.now = h.now.Add(8 * time.Hour)
					_ = h.ListGrants(t.Context()) // its fault is the connection's own, shown there
				}
				if n := h.shutOut(); n != c.want*(turn+1) {
					t.Fatalf("turn %d: said %d times", turn, n)
				}
				h.peers.shut, b.fails = nil, nil
				h.now = h.now.Add(8 * time.Hour)
				h.list(t)
			}
			if c.want > 0 && !strings.Contains(h.diary(t), `Broker no longer accepts our sign-in. What it gave, such as "`) {
				t.Error(h.diary(t))
			}
			if got, err := h.Consent(t.Context(), info.ID); err != nil || got.Decided != consent.Given {
				t.Errorf("it is %s, %v", got.Decided, err)
			}
		})
	}
}
