package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// partedHome is a folder whose diary and whose newer backup went two ways: after
// backup A, c2 was renewed, c3 was given and c5 renewed (backup B); then the file
// was lost, A was put back, and on that branch c1 and c2 were withdrawn and c4 given.
// What spoil does to the file is in backup B.
func partedHome(t *testing.T, spoil ...string) (c Config, b string) {
	t.Helper()
	ctx := t.Context()
	c = testConfig(t.TempDir())
	c.Seal = testSealer{key: 7}
	now := noon
	c.Now = func() time.Time { now = now.Add(time.Minute); return now }
	far := noon.AddDate(0, 6, 0)
	write := func(s *Store, x consent.Consent, expect int, kind ledger.Kind, as ...consent.Action) {
		t.Helper()
		must(t, s.Decide(ctx, consent.Decision{Consent: x, Expect: expect, Actions: as, Notes: []ledger.Note{{Time: now, Kind: kind, Device: "d1", Consent: string(x.ID), Text: "The text of " + string(x.ID)}}}))
	}
	renewed := func(id consent.ID) consent.Consent {
		x, old := given(id, far.AddDate(0, 3, 0)), given(id, far)
		x.Version, x.Decided, x.PreviousHash = 2, consent.Renewed, old.Checksum()
		return x
	}
	s, err := Open(ctx, c)
	must(t, err)
	for _, id := range []consent.ID{"c1", "c2", "c5"} {
		write(s, given(id, far), 0, consent.NoteGiven)
	}
	first := value(s.BackupNow(ctx, ReasonByHand))(t)
	write(s, renewed("c2"), 1, consent.NoteRenewed)
	write(s, given("c3", far), 0, consent.NoteGiven)
	write(s, renewed("c5"), 1, consent.NoteRenewed)
	for _, query := range spoil {
		_ = value(s.evidence.write.Exec(query))(t)
	}
	second := value(s.BackupNow(ctx, ReasonByHand))(t)
	must(t, s.Close())
	must(t, os.Remove(filepath.Join(c.Dir, "evidence.db")))
	if r := value(Restore(ctx, c, first.Name))(t); r.Lost != 3 {
		t.Fatalf("%+v", r)
	}
	s, err = Open(ctx, c)
	must(t, err)
	must(t, s.SaveInventory(ctx, discovery.Saved{Devices: []discovery.Device{{ID: "d4"}}}))
	for _, id := range []consent.ID{"c1", "c2"} {
		over, as := consent.Withdraw(given(id, far), nil, now, "you", "clicked")
		write(s, over, 1, consent.NoteWithdrawn, as...)
	}
	four := given("c4", far)
	four.Device = "d4"
	write(s, four, 0, consent.NoteGiven)
	must(t, s.Close())
	return c, second.Name
}

// A second backup of another branch is put back: what had ended stays ended, what
// was decided on either way is there, and that the diaries parted is said.
func TestT20_ASecondBackupRevivesNothing(t *testing.T) {
	for name, damage := range map[string]string{
		"nothing is damaged":              "",
		"the versions of the end are bad": "UPDATE consent_version SET body = 'x' WHERE decided_in(id)",
		"the old diary is gone":           "DELETE FROM diary; DELETE FROM diary_text",
	} {
		t.Run(name, func(t *testing.T) {
			c, b := partedHome(t)
			damage = strings.ReplaceAll(damage, "decided_in(id)", "id = 'c1' AND version = 2")
			if damage != "" {
				behind(t, c, damage)
			}
			r := value(Restore(t.Context(), c, b))(t)
			s := open(t, c)
			for id, want := range map[consent.ID]consent.Decided{
				"c1": consent.Withdrawn, "c2": consent.Withdrawn, "c3": consent.Given, "c4": consent.Given, "c5": consent.Renewed,
			} {
				if got := decidedAs(t, s, id); got != want {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
			if r.Kept != 3 || r.Missing != 0 {
				t.Errorf("%+v", r)
			}
			lines := value(s.Diary(t.Context(), ledger.Query{Limit: 1}))(t)
			if said := strings.Contains(lines[0].Text, "gone another way"); said != (damage == "" || strings.HasPrefix(damage, "UPDATE")) {
				t.Errorf("%q", lines[0].Text)
			}
			wholeAfter(t, s)
			for _, id := range []consent.ID{"c1", "c2"} { // and its end is really brought about
				as := value(s.ByMark(t.Context(), consent.MarkFor(id)))(t)
				open := 0
				for _, a := range as {
					if a.State.Open() && a.Kind == consent.ActBlock {
						open++
					}
				}
				if open != 1 {
					t.Errorf("%d blocks are to be done for %s: %+v", open, id, as)
				}
			}
		})
	}
}

// A backup of a file in which a version was damaged can be put back all the same:
// what is known of that version elsewhere stands in its place.
func TestT20_ADamagedVersionInTheBackup(t *testing.T) {
	for name, spoil := range map[string]string{
		"of one that ended on the other way": "UPDATE consent_version SET body = 'x' WHERE id = 'c2' AND version = 2",
		"all of one":                         "UPDATE consent_version SET body = 'x' WHERE id = 'c1'",
	} {
		t.Run(name, func(t *testing.T) {
			c, b := partedHome(t, spoil)
			_ = value(Restore(t.Context(), c, b))(t)
			s := open(t, c)
			for id, want := range map[consent.ID]consent.Decided{"c1": consent.Withdrawn, "c2": consent.Withdrawn, "c3": consent.Given} {
				if got := decidedAs(t, s, id); got != want {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
		})
	}
}

// wholeAfter looks through everything that a restore has to keep whole.
func wholeAfter(t *testing.T, s *Store) {
	t.Helper()
	if v := value(s.VerifyDiary(t.Context()))(t); !v.OK() || !v.Sealed {
		t.Errorf("the diary: %+v %v", v, v.Fault)
	}
	if n := value(s.CheckRows(t.Context()))(t); n != 0 {
		t.Errorf("%d bad rows", n)
	}
	for _, id := range []consent.ID{"c1", "c2", "c4"} {
		vs := value(s.ConsentVersions(t.Context(), id))(t)
		for i := 1; i < len(vs); i++ {
			if vs[i].PreviousHash != vs[i-1].Checksum() || vs[i].Version != vs[i-1].Version+1 {
				t.Errorf("%s: version %d does not follow", id, vs[i].Version)
			}
		}
	}
	if in := value(s.Inventory(t.Context()))(t); len(in.Devices) != 1 || in.Devices[0].ID != "d4" {
		t.Errorf("the device of a permission that was taken over: %+v", in.Devices)
	}
}

// The twin: the newer backup by itself brings both back to life.
func TestT20_TwinTheSecondBackupAloneRevives(t *testing.T) {
	c, b := partedHome(t)
	path := filepath.Join(c.Dir, "evidence.db")
	must(t, os.Remove(path))
	must(t, func() error { _, err := unpack(c, b, path); return err }())
	s := open(t, c)
	if a, b := decidedAs(t, s, "c1"), decidedAs(t, s, "c2"); a != consent.Given || b != consent.Renewed {
		t.Fatalf("%s and %s: the test above would pass without the mechanism", a, b)
	}
}

// A renewal after the end, recorded in the backup, stays one: only what parted is judged.
func TestT20_ALaterRenewalInTheBackupStands(t *testing.T) {
	ctx := t.Context()
	c := testConfig(t.TempDir())
	c.Seal = testSealer{key: 7}
	s, err := Open(ctx, c)
	must(t, err)
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c1", noon), Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
	over, _ := consent.Withdraw(given("c1", noon), nil, noon, "you", "clicked")
	must(t, s.Decide(ctx, consent.Decision{Consent: over, Expect: 1, Notes: []ledger.Note{note(consent.NoteWithdrawn, "Over.")}}))
	first := value(s.BackupNow(ctx, ReasonByHand))(t)
	again := given("c1", noon.AddDate(0, 3, 0))
	again.Version, again.Decided, again.PreviousHash = 3, consent.Renewed, over.Checksum()
	must(t, s.Decide(ctx, consent.Decision{Consent: again, Expect: 2, Notes: []ledger.Note{note(consent.NoteRenewed, "Again.")}}))
	second := value(s.BackupNow(ctx, ReasonByHand))(t)
	must(t, s.Close())
	must(t, os.Remove(filepath.Join(c.Dir, "evidence.db")))
	_ = value(Restore(ctx, c, first.Name))(t)
	_ = value(Restore(ctx, c, second.Name))(t)
	if got := decidedAs(t, open(t, c), "c1"); got != consent.Renewed {
		t.Errorf("%s", got)
	}
}

// Of a file that has nothing in common with the backup nothing is mixed in, and that is said.
func TestAnotherHouseholdIsNotMixedIn(t *testing.T) {
	ctx := t.Context()
	_, file, phrase := aBackup(t)
	c := testConfig(t.TempDir())
	s, err := Open(ctx, c)
	must(t, err)
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c9", noon), Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
	must(t, s.Close())
	c.Recovery = value(ParsePhrase(phrase))(t)
	r := value(RestoreFile(ctx, c, file))(t)
	if r.Kept != 0 || r.Apart != 1 || !strings.Contains(r.Said(), "gone another way") {
		t.Errorf("%+v", r)
	}
	if got := decidedAs(t, open(t, c), "c9"); got != "" {
		t.Errorf("it was mixed in as %s", got)
	}
}

// What a person had deleted on the other branch does not come back with this one.
func TestADeletedTextStaysDeletedOverABranch(t *testing.T) {
	ctx := t.Context()
	c, b := partedHome(t)
	saved := value(os.ReadFile(filepath.Join(c.Dir, backupDir, b)))(t)
	s, err := Open(ctx, c)
	must(t, err)
	if n := value(s.EraseText(ctx, "d1", ledger.Note{Time: noon.AddDate(0, 1, 0), Kind: ledger.KindErased, Text: "Deleted."}))(t); n == 0 {
		t.Fatal("nothing was deleted")
	}
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(c.Dir, backupDir, b), saved, 0o600))
	_ = value(Restore(ctx, c, b))(t)
	for _, l := range value(open(t, c).Diary(ctx, ledger.Query{Device: "d1"}))(t) {
		if strings.HasPrefix(l.Text, "The text of") {
			t.Errorf("it came back: %+v", l)
		}
	}
}
