package engine

import (
	"testing"
	"time"

	"bestbefore/discovery"
)

// Of a phone only whole days are known, and the next day need not begin at midnight:
// in Santiago, 6 September 2026 began at one. The twin is a day of Berlin.
func TestTheDayAfterBeginsWhereItDoes(t *testing.T) {
	for zone, c := range map[string]struct{ done, want string }{
		"America/Santiago": {"2026-09-05T12:00:00-04:00", "2026-09-06T01:00:00-03:00"},
		"Europe/Berlin":    {"2026-09-05T12:00:00+02:00", "2026-09-06T00:00:00+02:00"},
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		inv, err := discovery.NewInventory(discovery.InventoryConfig{
			Now: func() time.Time { return time.Time{} }, NewID: func() discovery.DeviceID { return "d1" },
			Fingerprint: func(discovery.Device) discovery.Guess { return discovery.Guess{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		e := &Core{Config: Config{Inventory: inv, Zone: func() (string, *time.Location) { return zone, loc }}}
		done, err := time.Parse(time.RFC3339, c.done)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.counts("nobody", done).In(loc).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: from %s on, want %s", zone, got, c.want)
		}
	}
}
