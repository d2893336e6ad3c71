package behaviour

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// While the line is away a television tries everybody whom it knows, and nobody
// answers. That is no search; the same many whom it does not know are, and so
// are those whom it only tried before.
func TestAnOutageIsNoSearch(t *testing.T) {
	row := func(at time.Time, who string, bytes uint64) Row {
		r := sends(at, who, bytes/2)
		r.Port = 8883
		r.Down = bytes / 2
		return r
	}
	for name, c := range map[string]struct {
		many   int
		before uint64 // bytes with each of those on the days before
		who    string // of those that are tried today
		want   bool
	}{
		"whom it knows": {90, 40 * kB, "advertiser", false}, "strangers": {90, 40 * kB, "stranger", true}, "whom it tried yesterday": {90, 120, "advertiser", true},
		"more than anybody knows": {400, 40 * kB, "advertiser", true},
	} {
		l := NewLearner(berlin)
		for n := 1; n <= 20; n++ {
			for i := range c.many {
				l.Add(row(today.AddDate(0, 0, -n).Add(20*time.Hour), fmt.Sprintf("advertiser %d", i), c.before))
			}
		}
		var rows []Row
		for i := range c.many {
			rows = append(rows, row(today.Add(20*time.Hour), fmt.Sprintf("%s %d", c.who, i), 120))
		}
		got := Usual().Judge(l.History(DateOf(today)), rows, Subject{}, berlin)
		if slices.ContainsFunc(got, func(f Finding) bool { return f.Kind == Search }) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
