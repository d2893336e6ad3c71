package consent

import (
	"testing"
	"time"
)

// One rule decides when a permission waits for a person: the moment from which
// it may be renewed. A card must not ask for what would be refused.
func TestSoonIsWhenItMayBeRenewed(t *testing.T) {
	given := time.Date(2026, time.May, 3, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		long time.Duration
		soon time.Duration // before the end
	}{
		{"a year", 365 * 24 * time.Hour, 30 * 24 * time.Hour},
		{"a month", 30 * 24 * time.Hour, 10 * 24 * time.Hour},
		{"an hour", time.Hour, 20 * time.Minute},
	} {
		p := Consent{Decided: Given, Given: given, Expires: given.Add(c.long)}
		from := p.Expires.Add(-c.soon)
		if !p.RenewableFrom().Equal(from) {
			t.Errorf("%s: renewable from %v, want %v", c.name, p.RenewableFrom(), from)
		}
		if h := HeadlineOf(p, nil, from.Add(-time.Second)); h != Fresh {
			t.Errorf("%s: %s before it can be renewed", c.name, h)
		}
		if h := HeadlineOf(p, nil, from); h != Soon {
			t.Errorf("%s: %s once it can be renewed", c.name, h)
		}
	}
	if h := HeadlineOf(Consent{Decided: Given, Given: given}, nil, given); h != Fresh {
		t.Errorf("without an end: %s", h)
	}
}
