package store

import (
	"errors"
	"strings"
	"testing"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// Every column of the small tables is covered by its row's checksum: whichever
// is changed, the check names table and row. Without the checksum, as before
// version 2, the same change would pass.
func TestEveryColumnOfTheSmallTablesIsCovered(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	must(t, s.SaveInventory(ctx, discovery.Saved{
		Devices: []discovery.Device{{ID: "d1", LastSeen: noon}}, Aliases: map[discovery.DeviceID]discovery.DeviceID{"d2": "d1"},
		Questions: []discovery.Question{{ID: "q1"}}, Distinct: []discovery.Pair{{A: "d1", B: "d3"}},
	}))
	must(t, s.SaveGrants(ctx, "gw", []consent.Grant{{ID: "g1", Device: "d1"}}))
	must(t, s.PutSecret(ctx, "r1", []byte("sealed")))
	must(t, s.SetSetting(ctx, "k", "v"))
	must(t, s.SaveClock(ctx, ClockReading{Wall: noon, BootID: "b", Source: "start"}))
	must(t, s.SaveAcquaintances(ctx, acquaintances()[:1]))
	seen := 0
	for _, table := range plainTables() {
		if table.name == "connection" { // TestOtherBadRecordsAreSetAside
			continue
		}
		if table.name == "quarantine" {
			must(t, s.commit(ctx, func(c *change) error { return plain("quarantine").put(ctx, c.txn, "consent", "c9", "why", int64(1)) }))
		}
		for _, column := range append(table.columns, "sum") {
			var before []plainRow
			must(t, table.rows(ctx, s.evidence.read, func(r plainRow) error { before = append(before, r); return nil }))
			if len(before) == 0 {
				t.Fatalf("%s is empty", table.name)
			}
			to := column + " || 'x'"
			if column == "sum" || column == "sealed" {
				to = "x'00'"
			}
			if strings.Contains("seen n wall boot at asked told fine", column) && column != "a" {
				to = column + " + 1"
			}
			vandal(t, s, "UPDATE "+table.name+" SET "+column+" = "+to)
			if n := value(s.CheckRows(ctx))(t); n == 0 {
				t.Errorf("%s.%s: not found", table.name, column)
			}
			seen++
			// Put it back as it was.
			vandal(t, s, "DELETE FROM "+table.name)
			must(t, s.commit(ctx, func(c *change) error {
				var errs []error
				for _, r := range before {
					errs = append(errs, table.put(ctx, c.txn, r.values...))
				}
				return errors.Join(errs...)
			}))
			vandal(t, s, "DELETE FROM quarantine WHERE place <> 'consent'")
			if n := value(s.CheckRows(ctx))(t); n != 0 {
				t.Fatalf("%s.%s: %d bad rows though nothing is wrong", table.name, column, n)
			}
		}
	}
	if seen < 30 {
		t.Fatalf("%d columns", seen)
	}
}

func TestADamagedSettingAndSecretAreNotBelieved(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	must(t, s.SetSetting(ctx, "k", "v"))
	must(t, s.PutSecret(ctx, "r1", []byte("sealed")))
	vandal(t, s, "UPDATE setting SET value = 'w'")
	vandal(t, s, "UPDATE secret SET sealed = x'01'")
	if v := value(s.Setting(ctx, "k"))(t); v != "" {
		t.Fatalf("%q", v)
	}
	if _, err := s.GetSecret(ctx, "r1"); !errors.Is(err, ErrQuarantined) || !errors.Is(err, consent.ErrNotFound) {
		t.Fatal(err)
	}
	must(t, s.SetSetting(ctx, "k", "x"))
	if v := value(s.Setting(ctx, "k"))(t); v != "x" {
		t.Fatalf("%q", v)
	}
	if q := value(s.Quarantine(ctx))(t); len(q) != 1 || q[0].Place != "secret" {
		t.Fatalf("%+v", q)
	}
}
