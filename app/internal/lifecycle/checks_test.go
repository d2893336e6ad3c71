package lifecycle

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/store"
	"bestbefore/discovery/flow"
)

// Damaged traffic is in no backup, and nobody is told to put one back for it;
// the twin is a home without damage, which says nothing.
func TestDamagedTrafficIsNotToBePutBack(t *testing.T) {
	for _, damaged := range []bool{true, false} {
		dir := t.TempDir()
		h := opened(t, Config{Dir: dir})
		err := h.store.AddFlows(t.Context(), "x", []flow.Record{{
			Key: flow.Key{Device: "d1", Destination: flow.Destination{Domain: "bell-maker.example"}, Protocol: "tcp", Port: 443},
			Up:  7, Count: 1, First: clock.Wall(), Last: clock.Wall(), Source: "x",
		}}, nil)
		if err := errors.Join(err, h.Close()); err != nil {
			t.Fatal(err)
		}
		if damaged {
			db, err := sql.Open("sqlite", filepath.Join(dir, "flows.db"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Exec("UPDATE route SET domain = 'bell-m4ker.example'")
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
		}
		h = opened(t, Config{Dir: dir})
		_ = h.checkFiles(t.Context()) // it says that it need not be started again
		at := slices.IndexFunc(h.problems(), func(p engine.Problem) bool { return p.ID == "traffic" })
		if (at >= 0) != damaged {
			t.Fatalf("damaged %v: %+v", damaged, h.problems())
		}
		if damaged {
			if fix := h.problems()[at].Fix; strings.Contains(fix, "backup back") || !strings.Contains(fix, "in no backup") {
				t.Error(fix)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamageNamesItsFile(t *testing.T) {
	evidence, traffic := damage(store.CheckReport{Damaged: []string{"evidence.db: row 3 is missing", "flows.db: 7 rows", "a file: torn"}, BadRows: 2})
	if evidence == nil || evidence.Error() != "a file of the data folder is damaged: evidence.db: row 3 is missing; a file: torn" {
		t.Error(evidence)
	}
	if traffic == nil || traffic.Error() != "the record of past traffic was damaged: 7 rows" {
		t.Error(traffic)
	}
	if evidence, traffic = damage(store.CheckReport{BadRows: 2}); evidence != nil || traffic != nil {
		t.Error(evidence, traffic)
	}
}
