package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_CRASH_DIR"); dir != "" {
		crashChild(dir) // never returns
	}
	if !long() {
		_ = flag.Set("rapid.checks", "20") // a hundred files each would take minutes; the command line still wins
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// long reports whether the full counts were asked for ('make long').
func long() bool { return os.Getenv("LAB_LONG") != "" }

var noon = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)

var ids atomic.Int64

func testConfig(dir string) Config {
	return Config{
		Dir: dir, Now: func() time.Time { return noon }, MinFree: -1, Reserve: 1 << 20,
		NewID: func(prefix string) string { return fmt.Sprintf("%s%012d", prefix, ids.Add(1)) },
	}
}

func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func given(id consent.ID, expires time.Time) consent.Consent {
	return consent.Consent{
		SchemaVersion: 1, ID: id, Version: 1, Device: "d1", Recipient: consent.Recipient{Name: "Example", Destinations: []string{"example.net"}},
		Data: []consent.Category{"video"}, Decided: consent.Given, DecidedBy: "you", DecidedHow: "clicked", Given: noon,
		Term: consent.Term{Kind: consent.UntilDate, Civil: "2026-06-30"}, Expires: expires, ExpiresCivil: "2026-06-30",
		Zone: "Europe/Berlin", Remedy: consent.Block, Seen: consent.NotChecked,
	}
}

func note(kind ledger.Kind, text string) ledger.Note {
	return ledger.Note{Time: noon, Kind: kind, Device: "d1", Consent: "c1", Text: text}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value takes a result and its error; got := value(f())(t).
func value[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("difference (-want +got):\n%s", d)
	}
}

func TestAPermissionFromGivenToExpired(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	end := noon.Add(time.Hour + 300*time.Nanosecond)
	c := given("c1", end)
	must(t, s.Decide(ctx, consent.Decision{Consent: c, Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
	equal(t, value(s.Consent(ctx, "c1"))(t), c)

	at, ok, err := s.NextDue(ctx)
	must(t, err)
	if !ok || at.Before(end) || at.Sub(end) > time.Millisecond {
		t.Fatalf("next due %v %v", at, ok)
	}
	if due := value(s.Due(ctx, end.Add(-time.Millisecond), 10))(t); len(due) != 0 {
		t.Fatalf("due early: %v", due)
	}
	due := value(s.Due(ctx, at, 10))(t)
	equal(t, due, []consent.Consent{c})

	next, actions := consent.Expire(due[0], nil, at)
	d := consent.Decision{Consent: next, Expect: 1, Actions: actions, Notes: []ledger.Note{note(consent.NoteExpired, "Over.")}}
	must(t, s.Decide(ctx, d))
	if err := s.Decide(ctx, d); !errors.Is(err, consent.ErrChanged) {
		t.Fatalf("decided twice: %v", err)
	}
	if _, ok, _ := s.NextDue(ctx); ok {
		t.Fatal("an expired permission is still due")
	}
	equal(t, value(s.ConsentVersions(ctx, "c1"))(t), []consent.Consent{c, next})

	claimed := value(s.Claimable(ctx, at, 10, nil))(t)
	if len(claimed) != 1 || claimed[0].Kind != consent.ActBlock || claimed[0].ID == "" || claimed[0].Mark != "consent-c1" {
		t.Fatalf("outbox: %+v", claimed)
	}
	lines := value(s.Diary(ctx, ledger.Query{}))(t)
	if len(lines) != 2 || lines[0].Text != "Over." || lines[1].Kind != consent.NoteGiven {
		t.Fatalf("diary: %+v", lines)
	}
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Entries != 2 || r.Sealed {
		t.Fatalf("diary: %+v", r)
	}
}

func TestDecisionsThatMakeNoSenseAreRefused(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	for name, edit := range map[string]func(*consent.Decision){
		"no id":            func(d *consent.Decision) { d.Consent.ID = "" },
		"unknown status":   func(d *consent.Decision) { d.Consent.Decided = "active" },
		"live without end": func(d *consent.Decision) { d.Consent.Expires = time.Time{} },
		"version gap":      func(d *consent.Decision) { d.Consent.Version = 3 },
		"newer format":     func(d *consent.Decision) { d.Consent.SchemaVersion = 2 },
		"nothing to renew": func(d *consent.Decision) { d.Consent.Version, d.Expect = 2, 1 },
	} {
		d := consent.Decision{Consent: given("c1", noon)}
		edit(&d)
		if s.Decide(ctx, d) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if cs := value(s.Consents(ctx))(t); len(cs) != 0 {
		t.Fatalf("written: %v", cs)
	}
}

func TestANewDecisionCancelsWhatIsStillOpen(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	c := given("c1", noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: c}))
	next, actions := consent.Expire(c, nil, noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: next, Expect: 1, Actions: actions}))
	running := value(s.Claimable(ctx, noon, 1, nil))(t)[0]
	running.State = consent.Running
	must(t, s.SaveAction(ctx, running))

	renewed := next
	renewed.Version, renewed.Decided, renewed.Expires = 3, consent.Renewed, noon.Add(time.Hour)
	unblock := consent.Action{Kind: consent.ActUnblock, Origin: consent.FromRenewal, Consent: "c1", Device: "d1", Mark: consent.MarkFor("c1")}
	must(t, s.Decide(ctx, consent.Decision{Consent: renewed, Expect: 2, Actions: []consent.Action{unblock}}))

	running.State = consent.Done
	if err := s.SaveAction(ctx, running); !errors.Is(err, consent.ErrChanged) {
		t.Fatalf("the runner did not learn of it: %v", err)
	}
	got := value(s.ByMark(ctx, consent.MarkFor("c1")))(t)
	if len(got) != 2 || got[0].Kind != consent.ActUnblock || got[0].State != consent.Pending || got[1].State != consent.Cancelled {
		t.Fatalf("by mark: %+v", got)
	}
	running.State = consent.Cancelled // the runner notes what it found
	must(t, s.SaveAction(ctx, running))
	equal(t, value(s.CountByState(ctx))(t), map[consent.ActionState]int{consent.Pending: 1, consent.Cancelled: 1})
	if err := s.SaveAction(ctx, consent.Action{ID: "a?"}); !errors.Is(err, consent.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestOutboxOrderAndTimes(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	act := func(mark string, o consent.Origin, st consent.ActionState, due, at time.Duration) consent.Action {
		a := consent.Action{Kind: consent.ActBlock, Origin: o, Device: "d1", Mark: mark, State: st, DueAt: noon.Add(due), Created: noon}
		switch st {
		case consent.Waiting, consent.Stuck:
			a.RetryAt = noon.Add(at)
		case consent.Done:
			a.VerifyAt = noon.Add(at)
		}
		return a
	}
	if _, ok, err := s.NextWork(ctx); ok || err != nil {
		t.Fatal(ok, err)
	}
	_ = value(s.AddActions(ctx, []consent.Action{
		act("wait", consent.FromExpiry, consent.Waiting, -3*time.Hour, time.Minute),
		act("done", consent.FromExpiry, consent.Done, 0, 30*time.Second),
		act("person needed", consent.FromExpiry, consent.NeedsPerson, 0, 0),
	}))(t)
	at, ok, err := s.NextWork(ctx)
	must(t, err)
	if !ok || !at.Equal(noon.Add(30*time.Second)) {
		t.Fatalf("next work %v %v", at, ok)
	}
	_ = value(s.AddActions(ctx, []consent.Action{
		act("late", consent.FromExpiry, consent.Pending, 0, 0), act("early", consent.FromExpiry, consent.Pending, -2*time.Hour, 0),
		act("click", consent.FromPerson, consent.Pending, time.Hour, 0), act("stuck click", consent.FromPerson, consent.Stuck, -time.Hour, time.Minute),
	}))(t)
	if at, ok, _ := s.NextWork(ctx); !ok || at.After(noon) {
		t.Fatalf("next work %v %v", at, ok)
	}
	marks := func(as []consent.Action, err error) string {
		must(t, err)
		var out []string
		for _, a := range as {
			out = append(out, a.Mark)
		}
		return strings.Join(out, ", ")
	}
	equal(t, marks(s.Claimable(ctx, noon, 10, nil)), "click, early, late")
	later := noon.Add(time.Minute)
	equal(t, marks(s.Claimable(ctx, later, 10, nil)), "stuck click, click, wait, early, late")
	first := value(s.Claimable(ctx, later, 2, nil))(t)
	skip := map[consent.ActionID]bool{first[0].ID: true, first[1].ID: true}
	equal(t, marks(s.Claimable(ctx, later, 2, skip)), "wait, early")
	equal(t, marks(s.Verifiable(ctx, noon, 10, nil)), "")
	equal(t, marks(s.Verifiable(ctx, later, 10, nil)), "done")
	equal(t, marks(s.OpenActions(ctx)), "wait, person needed, late, early, click, stuck click")

	first[0].State = consent.Running
	must(t, s.SaveAction(ctx, first[0]))
	equal(t, value(s.Recover(ctx))(t), 1)
	if a := value(s.Action(ctx, first[0].ID))(t); a.State != consent.Pending {
		t.Fatalf("%+v", a)
	}
	again := value(s.ReplaceActions(ctx, []consent.Action{act("click", consent.FromPerson, consent.Pending, 0, 0)}))(t)
	if by := value(s.ByMark(ctx, "click"))(t); len(by) != 2 || by[0].ID != again[0].ID || by[1].State != consent.Cancelled {
		t.Fatalf("%+v", by)
	}
}

// What was done last under a mark stands until something newer is done, so it is
// listed however old it is; what came before it, or was cancelled, is not for ever.
func TestWhatStandsIsListedForEver(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	act := func(mark string, kind consent.ActionKind, state consent.ActionState, days int) consent.Action {
		return consent.Action{Kind: kind, Device: "d1", Mark: mark, State: state, Reason: fmt.Sprint(days), Finished: noon.AddDate(0, 0, -days)}
	}
	_ = value(s.AddActions(ctx, []consent.Action{
		act("tv", consent.ActBlock, consent.Done, 900), act("tv", consent.ActBlock, consent.Done, 400), act("tv", consent.ActUnblock, consent.Cancelled, 300), act("tv", consent.ActRevoke, consent.Done, 200),
		act("lamp", consent.ActBlock, consent.Done, 800), act("lamp", consent.ActUnblock, consent.Done, 700),
		act("bell", consent.ActBlock, consent.Done, 20), act("bell", consent.ActUnblock, consent.Done, 10),
	}))(t)
	var got []string
	for _, a := range value(s.Actions(ctx))(t) {
		got = append(got, fmt.Sprint(a.Mark, " ", a.Kind, " ", a.Reason))
	}
	equal(t, strings.Join(got, ", "), "bell unblock 10, bell block 20, lamp unblock 700, tv revoke 200, tv block 400")
}

func TestTheThirdAxisMovesAlone(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	c := given("c1", noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: c}))
	must(t, s.SetSeen(ctx, "c1", consent.Flowing, noon.Add(time.Second), "connector:x"))
	c.Seen, c.SeenAt, c.SeenBy = consent.Flowing, noon.Add(time.Second), "connector:x"
	equal(t, value(s.Consent(ctx, "c1"))(t), c)
	if err := s.SetSeen(ctx, "c2", consent.Stopped, noon, "x"); !errors.Is(err, consent.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestDevicesAndMergedOnes(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s, err := Open(ctx, testConfig(dir))
	must(t, err)
	ds := []discovery.Device{
		{ID: "d1", Label: "Doorbell", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:01"}}, LastSeen: noon, FirstSeen: noon},
		{ID: "d2", LastSeen: noon, FirstSeen: noon, Services: []discovery.Service{{Type: "_http._tcp", TXT: discovery.TXT{"a=\xff\x00"}}}},
	}
	must(t, s.SaveInventory(ctx, discovery.Saved{Devices: ds}, note(consent.NoteDeviceNew, "A new device.")))
	equal(t, value(s.Devices(ctx))(t), ds)
	c := given("c1", noon)
	c.Device = "d2"
	must(t, s.Decide(ctx, consent.Decision{Consent: c}))

	want := discovery.Saved{
		Aliases:   map[discovery.DeviceID]discovery.DeviceID{"d2": "d1"},
		Questions: []discovery.Question{{ID: "q1", Device: "d1", Other: "d3", Why: "same name", Asked: noon}},
		Distinct:  []discovery.Pair{{A: "d1", B: "d4"}},
	}
	must(t, s.SaveInventory(ctx, want))
	if s.SaveInventory(ctx, discovery.Saved{Aliases: map[discovery.DeviceID]discovery.DeviceID{"d1": "d1"}}) == nil {
		t.Fatal("a device was merged into itself")
	}
	must(t, s.Close())
	s = open(t, testConfig(dir))
	want.Devices = ds[:1]
	equal(t, value(s.Inventory(ctx))(t), want)
	d, ok, err := s.Device(ctx, "d2")
	must(t, err)
	if !ok || d.ID != "d1" {
		t.Fatalf("%v %v", d, ok)
	}
	if cs := value(s.ConsentsOf(ctx, "d1"))(t); len(cs) != 1 {
		t.Fatalf("%v", cs)
	}
	must(t, s.SaveInventory(ctx, discovery.Saved{})) // parted again
	equal(t, value(s.Devices(ctx))(t), ds)
	must(t, s.SaveInventory(ctx, discovery.Saved{Gone: []discovery.DeviceID{"d2"}}))
	equal(t, value(s.Inventory(ctx))(t).Devices, ds[:1])
	if _, ok, err := s.Device(ctx, "d9"); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestFolderAndFilesAreForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, testConfig(dir))
	must(t, s.Note(t.Context(), note("x", "y")))
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, walked error) error {
		if walked != nil {
			return walked
		}
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	}))
}

func TestChangedNamesTheTopics(t *testing.T) {
	var got []string
	c := testConfig(t.TempDir())
	c.Changed = func(topics ...string) { got = append(got, topics...) }
	s := open(t, c)
	must(t, s.Decide(t.Context(), consent.Decision{Consent: given("c1", noon), Notes: []ledger.Note{note("given", "x")}}))
	equal(t, got, []string{TopicConsents, TopicActions, TopicDiary})
	got = nil
	if s.Decide(t.Context(), consent.Decision{Consent: given("c1", noon)}) == nil || got != nil {
		t.Fatal("told of a change that did not happen")
	}
}

func TestAfterCancelNothingIsHalfWritten(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s.Decide(ctx, consent.Decision{Consent: given("c1", noon), Notes: []ledger.Note{note("given", "x")}}) == nil {
		t.Fatal("written")
	}
	if r := value(s.VerifyDiary(t.Context()))(t); r.Entries != 0 {
		t.Fatalf("%+v", r)
	}
}
