package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/consent"
)

// T23: an upgrade gives no permission an end that nobody chose, and moves none:
// there is no day on which all end together. The twin is an upgrade that gives
// those without an end one and the same; it is noticed.
func TestT23AnUpgradeGivesNoEndThatNobodyChose(t *testing.T) {
	for _, twin := range []bool{false, true} {
		c := testConfig(t.TempDir())
		want := oldPermissions(t, c)
		if twin {
			f, err := openFile(t.Context(), evidenceConfig(filepath.Join(c.Dir, "evidence.db"), c))
			must(t, err)
			_, err = f.write.Exec("UPDATE consent SET due_at = ? WHERE due_at IS NULL", noon.AddDate(1, 0, 0).UnixMilli())
			must(t, errors.Join(err, f.close()))
		}
		s := open(t, c)
		got, days := map[consent.ID]time.Time{}, map[string]int{}
		for _, p := range value(s.Consents(t.Context()))(t) {
			if got[p.ID] = p.DueAt(); p.Term.Kind != consent.NoEnd {
				days[p.DueAt().Format(time.DateOnly)]++
			}
		}
		if diff := cmp.Diff(want, got); (diff != "") != twin {
			t.Errorf("twin %v; before (-) and after (+):\n%s", twin, diff)
		}
		for day, n := range days {
			if n > 1 {
				t.Errorf("%d end on %s", n, day)
			}
		}
	}
}

// oldPermissions writes a file as the first version wrote it, and gives the ends.
func oldPermissions(t *testing.T, c Config) map[consent.ID]time.Time {
	t.Helper()
	old := evidenceConfig(filepath.Join(c.Dir, "evidence.db"), c)
	old.migrations, old.after = fstest.MapFS{"0001_start.sql": {Data: value(os.ReadFile("migrations/evidence/0001_start.sql"))(t)}}, nil
	f, err := openFile(t.Context(), old)
	must(t, err)
	ends := map[consent.ID]time.Time{}
	must(t, f.tx(t.Context(), func(x *txn) error {
		for i := range 50 {
			p := given(consent.ID(fmt.Sprintf("c%02d", i)), noon.AddDate(0, 0, i+1))
			if i%10 == 9 {
				p.Term, p.Expires, p.ExpiresCivil = consent.Term{Kind: consent.NoEnd}, time.Time{}, ""
			}
			r, err := encodeConsent(p)
			if err := errors.Join(err, r.save(t.Context(), x)); err != nil {
				return err
			}
			ends[p.ID] = p.DueAt()
		}
		return nil
	}))
	must(t, f.close())
	return ends
}
