package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func acquaintances() []flow.Acquaintance {
	return []flow.Acquaintance{
		{Device: "d1", Key: "Maker", Name: "Maker", At: noon},
		{Device: "d1", Key: "network Example", Name: "198.51.100.9", At: noon.Add(time.Hour), Asked: true},
		{Device: "d2", Key: "metrics.example", Name: "metrics.example", At: noon.Add(time.Hour), Asked: true, Told: true, Fine: true},
	}
}

func TestAcquaintancesAreReadBackAndChanged(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	want := acquaintances()
	must(t, s.SaveAcquaintances(ctx, want, ledger.Note{Time: noon, Kind: consent.NoteRecipientNew, Device: "d1", Text: "New."}))
	if got := value(s.Acquaintances(ctx))(t); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got := value(s.OpenAcquaintances(ctx))(t); !cmp.Equal(got, want[1:2]) {
		t.Error(cmp.Diff(want[1:2], got))
	}
	want[1].Fine = true
	must(t, s.SaveAcquaintances(ctx, want[1:2]))
	if got := value(s.OpenAcquaintances(ctx))(t); len(got) != 0 {
		t.Errorf("answered, and still open: %v", got)
	}
	vandal(t, s, "UPDATE acquaintance SET fine = 0 WHERE device = 'd1'") // the twin: a turned bit is believed by nobody
	if got := value(s.Acquaintances(ctx))(t); len(got) != 2 {
		t.Errorf("a damaged row counts: %v", got)
	}
	if got := value(s.Quarantine(ctx))(t); len(got) != 1 || got[0].Place != "acquaintance" {
		t.Errorf("set aside are %v", got)
	}
}

// TestWhomADeviceMetIsForgottenWithItsTraffic: by device with what was merged
// into it, by period, all; and with an entry that is gone.
func TestWhomADeviceMetIsForgottenWithItsTraffic(t *testing.T) {
	for name, c := range map[string]struct {
		forget func(*testing.T, *Store) error
		left   int
	}{
		"nothing": {func(*testing.T, *Store) error { return nil }, 3}, // the twin
		"device": {func(t *testing.T, s *Store) error {
			_, err := s.DeleteFlowsOf(t.Context(), "d1")
			return err
		}, 1},
		"merged": {func(t *testing.T, s *Store) error {
			must(t, s.SaveInventory(t.Context(), discovery.Saved{Aliases: map[discovery.DeviceID]discovery.DeviceID{"d1": "d2"}}))
			_, err := s.DeleteFlowsOf(t.Context(), "d2")
			return err
		}, 0},
		"period": {func(t *testing.T, s *Store) error {
			_, err := s.DeleteFlowsBetween(t.Context(), noon.Add(time.Minute), noon.Add(2*time.Hour))
			return err
		}, 1},
		"all": {func(t *testing.T, s *Store) error {
			_, err := s.DeleteAllFlows(t.Context())
			return err
		}, 0},
		"gone": {func(t *testing.T, s *Store) error {
			must(t, s.SaveInventory(t.Context(), discovery.Saved{Gone: []discovery.DeviceID{"d1"}}))
			return s.evidence.checkpoint(t.Context()) // as with the entry itself, the log holds its pages until then
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, testConfig(t.TempDir()))
			must(t, s.SaveAcquaintances(t.Context(), acquaintances()))
			must(t, c.forget(t, s))
			if got := value(s.Acquaintances(t.Context()))(t); len(got) != c.left {
				t.Errorf("left are %v", got)
			}
			found := holds(t, s.cfg.Dir, "198.51.100.9")
			if gone := c.left < 2; found == gone {
				t.Errorf("its name is still in the files: %v", found)
			}
		})
	}
}

// version2 is the folder of an earlier version, with its setting.
func version2(t *testing.T, c Config, setting string) {
	t.Helper()
	lock := value(lockDir(c.Dir))(t)
	f := value(openFile(t.Context(), oldConfig(t, c)))(t)
	must(t, f.tx(t.Context(), func(x *txn) error {
		return plain("setting").put(t.Context(), x, oldAcquaintances, setting)
	}))
	must(t, f.close())
	must(t, lock.Close())
}

// oldConfig opens the evidence as version 2 did.
func oldConfig(t *testing.T, c Config) fileConfig {
	t.Helper()
	only := fstest.MapFS{}
	for _, name := range []string{"0001_start.sql", "0002_sums.sql"} {
		only[name] = &fstest.MapFile{Data: value(migrations.ReadFile("migrations/evidence/" + name))(t)}
	}
	fc := evidenceConfig(filepath.Join(c.Dir, "evidence.db"), c)
	fc.migrations = only
	return fc
}

func TestTheOldSettingMovesIntoTheTable(t *testing.T) {
	c := testConfig(t.TempDir())
	version2(t, c, fmt.Sprintf(`{"d1":{"since":%[1]q,"met":{"Maker":{"name":"Maker","at":%[1]q},"network Example":{"name":"198.51.100.9","at":%[2]q,"asked":true}}},
		"d2":{"since":%[2]q,"met":{"metrics.example":{"name":"metrics.example","at":%[2]q,"asked":true,"told":true,"fine":true}}}}`,
		noon.Format(time.RFC3339Nano), noon.Add(time.Hour).Format(time.RFC3339Nano)))
	s := open(t, c)
	if got := value(s.Acquaintances(t.Context()))(t); !cmp.Equal(got, acquaintances()) {
		t.Error(cmp.Diff(acquaintances(), got))
	}
	if v := value(s.Setting(t.Context(), oldAcquaintances))(t); v != "" {
		t.Errorf("the setting is still there: %s", v)
	}
	if n := value(s.CheckRows(t.Context()))(t); n != 0 {
		t.Errorf("%d rows are not believed", n)
	}
}
