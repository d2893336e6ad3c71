package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// keptHome is a data folder with a backup, and decisions made after it.
func keptHome(t *testing.T) (c Config, backup string) {
	t.Helper()
	ctx := t.Context()
	c = testConfig(t.TempDir())
	c.Seal = testSealer{key: 7}
	s, err := Open(ctx, c)
	must(t, err)
	for _, id := range []consent.ID{"c1", "c2", "c3", "c4"} {
		must(t, s.Decide(ctx, consent.Decision{Consent: given(id, noon), Notes: []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Device: "d1", Consent: string(id), Text: "Given."}}}))
	}
	b, err := s.BackupNow(ctx, ReasonByHand)
	must(t, err)
	// After the backup: c1 expires, c2 is withdrawn, c3 is renewed, c5 is given.
	one, as := consent.Expire(given("c1", noon), nil, noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: one, Expect: 1, Actions: as, Notes: []ledger.Note{{Time: noon, Kind: consent.NoteExpired, Consent: "c1", Text: "Over."}}}))
	two, as := consent.Withdraw(given("c2", noon), nil, noon, "you", "clicked")
	must(t, s.Decide(ctx, consent.Decision{Consent: two, Expect: 1, Actions: as, Notes: []ledger.Note{{Time: noon, Kind: consent.NoteWithdrawn, Consent: "c2", Text: "Over."}}}))
	three := given("c3", noon.AddDate(0, 3, 0))
	three.Version, three.Decided = 2, consent.Renewed
	must(t, s.Decide(ctx, consent.Decision{Consent: three, Expect: 1, Notes: []ledger.Note{{Time: noon, Kind: consent.NoteRenewed, Consent: "c3", Text: "Renewed."}}}))
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c5", noon)}))
	must(t, s.SetSetting(ctx, "k", "new"))
	must(t, s.Close())
	return c, b.Name
}

func decidedAs(t *testing.T, s *Store, id consent.ID) consent.Decided {
	t.Helper()
	c, err := s.Consent(t.Context(), id)
	if errors.Is(err, consent.ErrNotFound) {
		return ""
	}
	must(t, err)
	return c.Decided
}

// T20: an old backup is put back. Whatever of the newer decisions can still be
// read anywhere wins, and what had ended never comes alive.
func TestT20_RestoreOfAnOldBackup(t *testing.T) {
	all := map[consent.ID]consent.Decided{"c1": consent.Expired, "c2": consent.Withdrawn, "c3": consent.Renewed, "c4": consent.Given, "c5": consent.Given}
	for name, c := range map[string]struct {
		damage func(t *testing.T, c Config)
		want   map[consent.ID]consent.Decided
		lost   uint64
		gone   int // decisions that the diary tells of and nobody can read
	}{
		"nothing is damaged": {func(*testing.T, Config) {}, all, 0, 0},
		"a hole in a row": {func(t *testing.T, c Config) {
			behind(t, c, "UPDATE consent SET body = 'x' WHERE id = 'c1'; UPDATE consent_version SET body = 'x' WHERE id = 'c4'")
		}, all, 0, 0},
		"the versions are gone, the diary is whole": {func(t *testing.T, c Config) {
			behind(t, c, "DELETE FROM consent_version; DELETE FROM consent; DELETE FROM action")
		}, map[consent.ID]consent.Decided{"c1": consent.Expired, "c2": consent.Withdrawn, "c3": consent.Given, "c4": consent.Given, "c5": ""}, 0, 1}, // the renewal of c3
		"the versions are gone and the diary has a hole": {func(t *testing.T, c Config) {
			behind(t, c, "DELETE FROM consent_version; DELETE FROM consent; DELETE FROM diary WHERE seq = 5")
		}, map[consent.ID]consent.Decided{"c1": consent.Given, "c2": consent.Withdrawn, "c4": consent.Given}, 3, 1},
		"the file cannot be opened": {func(t *testing.T, c Config) {
			must(t, os.WriteFile(filepath.Join(c.Dir, "evidence.db"), bytes.Repeat([]byte("garbage!"), 4096), 0o600))
		}, map[consent.ID]consent.Decided{"c1": consent.Given, "c4": consent.Given, "c5": ""}, 3, 0},
		"the file is gone": {
			func(t *testing.T, c Config) { must(t, os.Remove(filepath.Join(c.Dir, "evidence.db"))) },
			map[consent.ID]consent.Decided{"c4": consent.Given},
			3,
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, backup := keptHome(t)
			c.damage(t, cfg)
			old, _ := os.ReadFile(filepath.Join(cfg.Dir, "evidence.db"))
			r, err := Restore(t.Context(), cfg, backup)
			must(t, err)
			if r.Lost != c.lost {
				t.Errorf("%d lines lost, want %d", r.Lost, c.lost)
			}
			if r.Missing != c.gone || c.gone > 0 != strings.Contains(r.Said(), "decisions cannot be read") {
				t.Errorf("%d decisions are missing, want %d: %q", r.Missing, c.gone, r.Said())
			}
			if old != nil {
				if kept := value(os.ReadFile(r.Aside))(t); !bytes.Equal(kept, old) {
					t.Error("what was there is not kept as it was")
				}
			}
			s := open(t, cfg)
			for id, want := range c.want {
				if got := decidedAs(t, s, id); got != want {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
			if v := value(s.VerifyDiary(t.Context()))(t); !v.OK() || !v.Sealed {
				t.Errorf("the diary: %+v %v", v, v.Fault)
			}
			if n := value(s.CheckRows(t.Context()))(t); n != 0 {
				t.Errorf("%d bad rows", n)
			}
			lines := value(s.Diary(t.Context(), ledger.Query{Limit: 1}))(t)
			if len(lines) != 1 || lines[0].Kind != NoteRestored || c.lost > 0 != strings.Contains(lines[0].Text, "are lost") {
				t.Errorf("%+v", lines)
			}
			// What had ended by its date is due at once, whatever was lost.
			if due := value(s.Due(t.Context(), noon, 10))(t); decidedAs(t, s, "c1") == consent.Given && len(due) == 0 {
				t.Error("an ended permission is alive and nobody will end it")
			}
		})
	}
}

// The twin of T20: without taking over what is newer, the ended one is alive.
func TestT20_TwinABackupAloneForgetsWhatEnded(t *testing.T) {
	cfg, backup := keptHome(t)
	path := filepath.Join(cfg.Dir, "evidence.db")
	must(t, os.Remove(path))
	must(t, func() error { _, err := unpack(cfg, backup, path); return err }())
	if got := decidedAs(t, open(t, cfg), "c1"); got != consent.Given {
		t.Fatalf("c1 is %q: the test above would pass without the mechanism", got)
	}
}

// behind changes the closed file behind our back.
func behind(t *testing.T, c Config, query string) {
	t.Helper()
	f, err := openFile(t.Context(), evidenceConfig(filepath.Join(c.Dir, "evidence.db"), c))
	must(t, err)
	_, err = f.write.Exec(query)
	must(t, errors.Join(err, f.close()))
}

func TestRestoreRefusesWhatWouldLoseSomething(t *testing.T) {
	cfg, backup := keptHome(t)
	ctx := t.Context()
	for _, name := range []string{"", "nothing.backup", "../backups/" + backup, "/etc/passwd"} {
		if _, err := Restore(ctx, cfg, name); !errors.Is(err, ErrNoBackup) {
			t.Errorf("%q: %v", name, err)
		}
	}
	other := cfg
	other.Seal = testSealer{key: 8}
	if _, err := Restore(ctx, other, backup); !errors.Is(err, ErrBackup) {
		t.Errorf("another key: %v", err)
	}
	other.Seal = nil
	if _, err := Restore(ctx, other, backup); !errors.Is(err, ErrNoKey) {
		t.Errorf("no key: %v", err)
	}
	s, err := Open(ctx, cfg)
	must(t, err)
	if _, err := Restore(ctx, cfg, backup); !errors.Is(err, ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	must(t, s.Close())
	behind(t, cfg, "PRAGMA user_version = 99")
	before := value(os.ReadFile(filepath.Join(cfg.Dir, "evidence.db")))(t)
	if _, err := Restore(ctx, cfg, backup); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
	if after := value(os.ReadFile(filepath.Join(cfg.Dir, "evidence.db")))(t); !bytes.Equal(before, after) {
		t.Error("the newer file was changed")
	}
}

func TestDailyBackupsRoll(t *testing.T) {
	ctx, now := t.Context(), noon
	c := testConfig(t.TempDir())
	c.Now = func() time.Time { return now }
	s := open(t, c)
	if err := s.BackupDaily(ctx); !errors.Is(err, ErrNoKey) {
		t.Fatalf("a backup that is not sealed: %v", err)
	}
	must(t, s.SetSealer(ctx, testSealer{key: 7}))
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c1", noon), Notes: []ledger.Note{{Kind: consent.NoteGiven, Device: "d1", Text: "The household's secret word."}}}))
	for range 24 * 5 {
		must(t, s.BackupDaily(ctx))
		now = now.Add(time.Hour)
	}
	byHand := value(s.BackupNow(ctx, ReasonByHand))(t)
	have := value(s.Backups())(t)
	if len(have) != 3 || have[0].Name != byHand.Name || !have[2].Time.Before(have[1].Time) || now.Sub(have[1].Time) > 25*time.Hour {
		t.Fatalf("%+v", have)
	}
	for _, b := range have {
		if bytes.Contains(value(os.ReadFile(filepath.Join(c.Dir, backupDir, b.Name)))(t), []byte("secret word")) {
			t.Error("a backup lies open")
		}
	}
	// What a person has deleted is not kept in backups either.
	if n := value(s.EraseText(ctx, "d1", note(ledger.KindErased, "Deleted.")))(t); n == 0 {
		t.Fatal("nothing was deleted")
	}
	have = value(s.Backups())(t)
	if len(have) != 1 {
		t.Fatalf("%+v", have)
	}
	var plain bytes.Buffer
	in := value(os.Open(filepath.Join(c.Dir, backupDir, have[0].Name)))(t)
	_ = value(readArchive(in, []HeadSealer{testSealer{key: 7}}, &plain))(t)
	must(t, in.Close())
	if bytes.Contains(plain.Bytes(), []byte("secret word")) || plain.Len() == 0 {
		t.Error("a deleted text is still in a backup")
	}
}

// A text that was deleted after the backup stays deleted.
func TestRestoreDoesNotBringDeletedTextsBack(t *testing.T) {
	ctx := t.Context()
	cfg, backup := keptHome(t)
	saved := value(os.ReadFile(filepath.Join(cfg.Dir, backupDir, backup)))(t)
	s, err := Open(ctx, cfg)
	must(t, err)
	must(t, s.SaveInventory(ctx, discovery.Saved{}))
	if n := value(s.EraseText(ctx, "d1", note(ledger.KindErased, "Deleted.")))(t); n == 0 {
		t.Fatal("nothing was deleted")
	}
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(cfg.Dir, backupDir, backup), saved, 0o600)) // somebody kept it elsewhere
	_ = value(Restore(ctx, cfg, backup))(t)
	s = open(t, cfg)
	for _, l := range value(s.Diary(ctx, ledger.Query{Device: "d1"}))(t) {
		if l.Kind == consent.NoteGiven && !l.Erased {
			t.Errorf("it came back: %+v", l)
		}
	}
	if v := value(s.VerifyDiary(ctx))(t); !v.OK() {
		t.Fatalf("%v", v.Fault)
	}
}

// realSealer is like the one that the program uses: no key, no other bytes.
type realSealer struct{ cipher.AEAD }

func gcmSealer(t testing.TB) realSealer {
	block, err := aes.NewCipher(make([]byte, 32))
	must(t, err)
	return realSealer{value(cipher.NewGCM(block))(t)}
}

func (s realSealer) Seal(plain []byte) ([]byte, error) {
	nonce := make([]byte, s.NonceSize())
	_, err := rand.Read(nonce)
	return s.AEAD.Seal(nonce, nonce, plain, nil), err
}

func (s realSealer) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < s.NonceSize() {
		return nil, errors.New("too short")
	}
	return s.AEAD.Open(nil, sealed[:s.NonceSize()], sealed[s.NonceSize():], nil)
}

// F19: whatever the bytes of a backup are, only the true ones are accepted, and
// no more comes out than went in.
func FuzzReadArchive(f *testing.F) {
	sealer := gcmSealer(f)
	file := bytes.Repeat([]byte("evidence"), 300_000)
	var good bytes.Buffer
	if err := writeArchive(&good, sealer, nil, archiveAbout{Time: noon, Reason: "daily"}, bytes.NewReader(file)); err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), byte(0), uint32(0))
	f.Add(uint32(30), byte(1), uint32(0))
	f.Add(uint32(1<<20), byte(255), uint32(5))
	f.Add(uint32(good.Len()-1), byte(1), uint32(1))
	f.Fuzz(func(t *testing.T, at uint32, flip byte, cut uint32) {
		b := bytes.Clone(good.Bytes())
		b[int(at)%len(b)] ^= flip
		b = b[:len(b)-int(cut)%len(b)]
		var out bytes.Buffer
		about, err := readArchive(bytes.NewReader(b), []HeadSealer{sealer}, &out)
		if out.Len() > len(b) {
			t.Fatalf("%d bytes out of %d", out.Len(), len(b))
		}
		if same := bytes.Equal(b, good.Bytes()); same != (err == nil) {
			t.Fatalf("changed %v, accepted %v", !same, err == nil)
		}
		if err == nil && (!bytes.Equal(out.Bytes(), file) || about.Reason != "daily") {
			t.Fatal("not what was put in")
		}
		// The same bytes as frames of nothing at all.
		_, _ = readArchive(io.MultiReader(strings.NewReader(archiveMagic), bytes.NewReader(b)), []HeadSealer{sealer}, io.Discard)
	})
}
