package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func to(domain string, r flow.Record) flow.Record {
	r.Destination.Domain = domain
	return r
}

// Traffic that a person deletes is gone: from the records, from the sums, from
// the list of destinations, and from the bytes of the files.
func TestDeletedTrafficIsGone(t *testing.T) {
	ctx := t.Context()
	secret := "clinic.example"
	for name, c := range map[string]struct {
		del  func(s *Store) (int64, error)
		left int
	}{
		"of a device":         {func(s *Store) (int64, error) { return s.DeleteFlowsOf(ctx, "d1") }, 1},
		"by its merged name":  {func(s *Store) (int64, error) { return s.DeleteFlowsOf(ctx, "d3") }, 1},
		"of a period":         {func(s *Store) (int64, error) { return s.DeleteFlowsBetween(ctx, noon.Add(-40*time.Minute), noon) }, 2},
		"of a second in it":   {func(s *Store) (int64, error) { return s.DeleteFlowsBetween(ctx, noon.Add(-time.Second), noon) }, 2},
		"all":                 {func(s *Store) (int64, error) { return s.DeleteAllFlows(ctx) }, 0},
		"another device's":    {func(s *Store) (int64, error) { return s.DeleteFlowsOf(ctx, "d2") }, -1},
		"an unknown device's": {func(s *Store) (int64, error) { return s.DeleteFlowsOf(ctx, "d9") }, -1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t.TempDir())
			s, err := Open(ctx, cfg)
			must(t, err)
			must(t, s.SaveInventory(ctx, discovery.Saved{Aliases: map[discovery.DeviceID]discovery.DeviceID{"d3": "d1"}}))
			must(t, s.AddFlows(ctx, "x", []flow.Record{
				to(secret, record("d1", -10, 1)), to("a.example", record("d1", -300, 2)), to("b.example", record("d2", -300, 3)),
			}, []byte("cursor")))
			n, err := c.del(s)
			must(t, err)
			recs := value(s.Flows(ctx, flow.Query{}))(t)
			sums := value(s.Hourly(ctx, flow.Query{}))(t)
			raw := value(s.Flows(ctx, flow.Query{Since: noon.Add(-24 * time.Hour)}))(t)
			if len(recs) != len(sums) || len(recs) != len(raw) {
				t.Fatalf("records, sums and singles differ: %v %v %v", recs, sums, raw)
			}
			if string(value(s.Cursor(ctx, "x"))(t)) != "cursor" {
				t.Error("the source would begin anew and bring it back")
			}
			must(t, s.AddFlows(ctx, "x", []flow.Record{record("d1", -1, 5)}, nil)) // watching goes on
			if got := value(s.Flows(ctx, flow.Query{Device: "d1", Since: noon.Add(-2 * time.Minute)}))(t); len(got) != 1 {
				t.Fatalf("%v", got)
			}
			if c.left < 0 { // the twin: what nobody deleted is found by the same look
				if !inFiles(t, cfg.Dir, secret) {
					t.Fatal("the look into the files finds nothing at all")
				}
				must(t, s.Close())
				return
			}
			if len(recs) != c.left || n == 0 {
				t.Fatalf("%d rows deleted, left: %v", n, recs)
			}
			if inFiles(t, cfg.Dir, secret) {
				t.Error("its name is still in the files")
			}
			must(t, s.Close())
		})
	}
}

func TestAPeriodThatEndsBeforeItBeginsIsRefused(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	if _, err := s.DeleteFlowsBetween(t.Context(), noon, noon); err == nil {
		t.Fatal("accepted")
	}
}

// inFiles looks at the bytes of a copy that the system makes; nothing writes meanwhile.
func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	for _, name := range []string{"flows.db", "flows.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}
