package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func TestTheSchemaOfTrafficIsTheKnownOne(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	equal(t, value(schemaSum(t.Context(), s.flows))(t), flowsSchema)
}

// trafficRead is all that is ever asked of traffic.
type trafficRead struct {
	Raw, Long []flow.Record
	Hours     []flow.HourTotal
	Last      map[discovery.DeviceID]time.Time
	Cursor    connectors.Cursor
}

func readTraffic(ctx context.Context, s *Store) (r trafficRead, err error) {
	var errs [5]error
	r.Raw, errs[0] = s.Flows(ctx, flow.Query{Since: noon.Add(-24 * time.Hour)})
	r.Long, errs[1] = s.Flows(ctx, flow.Query{})
	r.Hours, errs[2] = s.Hourly(ctx, flow.Query{})
	r.Last, errs[3] = s.LastFlows(ctx)
	r.Cursor, errs[4] = s.Cursor(ctx, "gw")
	return r, errors.Join(errs[:]...)
}

// G25 for traffic: bits turned over anywhere in its file. Nothing panics, the
// evidence stays, and what is read is what was written or it is said that
// something was damaged. The twin: SQLite's own check alone misses some.
func TestNoTurnedBitInTrafficGoesUnnoticed(t *testing.T) {
	ctx, c := t.Context(), testConfig(t.TempDir())
	s, err := Open(ctx, c)
	must(t, err)
	fill(t, s)
	var recs []flow.Record
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		x := record(discovery.DeviceID([]string{"d1", "d4", "d5"}[i%3]), -r.IntN(90*24*60), r.Uint64N(100_000))
		x.Destination.Domain, x.First = "host"+string(rune('a'+r.IntN(20)))+".example", x.Last.Add(-time.Duration(r.IntN(90))*time.Second)
		recs = append(recs, x)
	}
	must(t, s.AddFlows(ctx, "gw", recs, []byte("cursor")))
	must(t, s.purgeRange(ctx, retention{purged{"hourly", "hour", span{until: noon.Add(-60*24*time.Hour).UnixMilli() / hourMS}}, true}, int64(2), new(int64)))
	want := value(readTraffic(ctx, s))(t)
	must(t, s.Close())
	whole, evidence := value(os.ReadFile(filepath.Join(c.Dir, "flows.db")))(t), value(os.ReadFile(filepath.Join(c.Dir, "evidence.db")))(t)
	bits := max(*flips, 60) // so that the twin has something to miss
	if long() {
		bits = max(bits, 1000)
	}
	found, missed := 0, 0
	for range bits {
		bit := r.IntN(len(whole) * 8)
		bad := append([]byte(nil), whole...)
		bad[bit/8] ^= 1 << (bit % 8)
		c := c
		c.Dir = t.TempDir()
		must(t, os.WriteFile(filepath.Join(c.Dir, "flows.db"), bad, 0o600))
		must(t, os.WriteFile(filepath.Join(c.Dir, "evidence.db"), evidence, 0o600))
		noticed, byRow, same := afterTurnedTraffic(t, c, want)
		if !noticed && !same {
			t.Errorf("bit %d was turned and nobody noticed", bit)
		}
		if noticed {
			found++
		}
		if byRow && !same {
			missed++
		}
	}
	t.Logf("%d of %d turned bits were found, the others changed nothing; SQLite's check alone misses %d", found, bits, missed)
	if missed == 0 {
		t.Error("SQLite's own check found all of them, so this proves nothing of ours")
	}
}

// afterTurnedTraffic says whether anybody noticed, whether only a row's proof
// did, and whether all that is read is still the same.
func afterTurnedTraffic(t *testing.T, c Config, want trafficRead) (noticed, byRow, same bool) {
	t.Helper()
	ctx := t.Context()
	s, err := Open(ctx, c)
	if err != nil {
		var said *FileError
		if !errors.As(err, &said) {
			t.Errorf("the program would not start, without a sentence: %v", err)
		}
		return true, false, false
	}
	defer s.Close() //nolint:errcheck // a damaged file may not close well
	got, err1 := readTraffic(ctx, s)
	var quick string
	err2 := s.flows.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&quick)
	report, err3 := s.Check(ctx)
	if cs := value(s.Consents(ctx))(t); len(cs) != 1 {
		t.Error("the evidence was touched")
	}
	early := len(s.Problems()) > 0 || errors.Join(err1, err2, err3) != nil || quick != "ok"
	return early || !report.OK(), !early && !report.OK(), reflect.DeepEqual(want, got)
}

// What is damaged is left out and the rest goes on; where the file does not hold
// together it is set aside at the next start.
func TestDamagedTrafficIsLeftOut(t *testing.T) {
	for name, query := range map[string]string{
		"bytes":      "UPDATE flow SET up = up + 1, proof = proof", // refused: SQLite keeps it
		"a receiver": "UPDATE route SET domain = 'evil.example'",
		"a device":   "UPDATE device SET id = 'd9'",
		"a checksum": "UPDATE device SET sum = x'00'",
	} {
		c := testConfig(t.TempDir())
		s, err := Open(t.Context(), c)
		must(t, err)
		fill(t, s)
		_, err = s.flows.write.ExecContext(t.Context(), query)
		switch {
		case name == "bytes" && err == nil:
			t.Error("a proof can be written by hand")
		case name == "bytes":
			if r := value(s.Check(t.Context()))(t); !r.OK() {
				t.Errorf("%s: nothing is damaged, but: %+v", name, r)
			}
		default:
			must(t, err)
			r := value(s.Check(t.Context()))(t)
			if len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0], "rows of past traffic were damaged") {
				t.Errorf("%s: %+v", name, r)
			}
			if r := value(s.Check(t.Context()))(t); !r.OK() {
				t.Errorf("%s: still damaged: %+v", name, r)
			}
			if fs := value(s.Flows(t.Context(), flow.Query{}))(t); len(fs) != 0 {
				t.Errorf("%s: %+v is still believed", name, fs)
			}
		}
		must(t, s.AddFlows(t.Context(), "gw", []flow.Record{record("d1", -1, 1)}, []byte("on")))
		must(t, s.Close())
	}
}

// An index that says something else than its table is made anew.
func TestADamagedIndexOfTrafficIsMended(t *testing.T) {
	c := testConfig(t.TempDir())
	s, err := Open(t.Context(), c)
	must(t, err)
	fill(t, s)
	must(t, s.Close())
	path := filepath.Join(c.Dir, "flows.db")
	whole := value(os.ReadFile(path))(t)
	// "d1" stands in the row, where its number goes before, and in the index, where it follows.
	at := -1
	for i := range len(whole) - 4 {
		if string(whole[i:i+2]) == "d1" && (whole[i-3] == 3 && whole[i-1] <= 9) {
			at = i
		}
	}
	if at < 0 {
		t.Fatal("the index was not found")
	}
	whole[at+1] = '7'
	must(t, os.WriteFile(path, whole, 0o600))
	s = open(t, c)
	if r := value(s.Check(t.Context()))(t); len(r.Damaged) == 0 || !strings.Contains(r.Damaged[0], "made anew") {
		t.Errorf("%+v", r)
	}
	if r := value(s.Check(t.Context()))(t); !r.OK() {
		t.Errorf("still: %+v", r)
	}
	if fs := value(s.Flows(t.Context(), flow.Query{Device: "d1"}))(t); len(fs) != 1 {
		t.Errorf("%+v", fs)
	}
}

func TestTrafficThatFellApartIsSetAsideAtTheNextStart(t *testing.T) {
	c := testConfig(t.TempDir())
	s, err := Open(t.Context(), c)
	must(t, err)
	fill(t, s)
	lines := value(s.checkFlows(t.Context(), true))(t)
	if len(lines) != 1 || !strings.Contains(lines[0], "set aside at the next start") {
		t.Fatal(lines)
	}
	must(t, s.Close())
	s = open(t, c)
	if ps := s.Problems(); len(ps) != 1 || !strings.Contains(ps[0].File, "flows.db.damaged-") || s.marked() {
		t.Fatalf("%+v", ps)
	}
}
