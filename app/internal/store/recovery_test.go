package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// aBackup is a backup of a computer's own store, with and without a recovery phrase.
func aBackup(t *testing.T) (before, file, phrase string) {
	t.Helper()
	ctx := t.Context()
	c := testConfig(t.TempDir())
	c.Seal = testSealer{key: 7}
	s := open(t, c)
	must(t, s.Decide(ctx, consent.Decision{Consent: given("c1", noon), Notes: []ledger.Note{note(consent.NoteGiven, "Given.")}}))
	b := value(s.BackupNow(ctx, "before"))(t)
	before = filepath.Join(c.Dir, backupDir, b.Name)
	phrase = value(s.RecoveryPhrase(ctx, false))(t)
	if _, err := s.RecoveryPhrase(ctx, false); !errors.Is(err, ErrPhraseShown) {
		t.Errorf("a second time: %v", err)
	}
	have := value(s.Backups())(t)
	for _, x := range have {
		if x.Reason == ReasonByHand {
			file = filepath.Join(c.Dir, backupDir, x.Name)
		}
	}
	if containsText(value(os.ReadFile(filepath.Join(c.Dir, "evidence.db")))(t), phrase) {
		t.Error("the phrase lies open in the file")
	}
	return before, file, phrase
}

// A backup opens on another computer with its phrase, with and without a key
// there. The twins: a backup of before, and another phrase.
func TestABackupOpensElsewhereWithItsPhrase(t *testing.T) {
	ctx := t.Context()
	before, file, phrase := aBackup(t)
	for name, seal := range map[string]HeadSealer{"with a key": testSealer{key: 9}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			c := testConfig(filepath.Join(t.TempDir(), "new"))
			c.Seal, c.Recovery = seal, value(ParsePhrase(strings.ToLower(strings.ReplaceAll(phrase, "-", " "))))(t)
			if _, err := RestoreFile(ctx, c, before); !errors.Is(err, ErrBackup) {
				t.Errorf("one of before the phrase: %v", err)
			}
			other := c
			other.Recovery = value(NewPhrase())(t)
			if _, err := RestoreFile(ctx, other, file); !errors.Is(err, ErrBackup) {
				t.Errorf("another phrase: %v", err)
			}
			if r := value(RestoreFile(ctx, c, file))(t); r.Lost != 0 {
				t.Errorf("%+v", r)
			}
			opensOnTheNewComputer(t, c, seal != nil)
		})
	}
}

func opensOnTheNewComputer(t *testing.T, c Config, keeps bool) {
	t.Helper()
	ctx := t.Context()
	later := c
	later.Seal = testSealer{key: 9} // where there was none, it comes later
	s := open(t, later)
	if cs := value(s.Consents(ctx))(t); len(cs) != 1 || cs[0].ID != "c1" {
		t.Errorf("%+v", cs)
	}
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || !r.Sealed {
		t.Errorf("%+v", r)
	}
	b := value(s.BackupNow(ctx, ReasonDaily))(t)
	again := testConfig(filepath.Join(t.TempDir(), "third"))
	again.Recovery = c.Recovery
	_, err := RestoreFile(ctx, again, filepath.Join(c.Dir, backupDir, b.Name))
	if keeps != (err == nil) {
		t.Errorf("the phrase goes on to open backups: %v, want that %v", err, keeps)
	}
	if !keeps {
		value(s.RecoveryPhrase(ctx, false))(t) // one can be made: the old one is not known here
	}
}

// That the phrase could not be read when a backup was sealed is said in the log.
// The twin: where none was made there is nothing to say.
func TestAPhraseThatCannotBeReadIsSaid(t *testing.T) {
	var log bytes.Buffer
	c := testConfig(t.TempDir())
	c.Seal, c.Log = testSealer{key: 7}, slog.New(slog.NewTextHandler(&log, nil))
	s := open(t, c)
	if s.recovery(t.Context(), c.Seal) != nil || strings.Contains(log.String(), "recovery phrase") {
		t.Errorf("without a phrase: %s", log.String())
	}
	value(s.RecoveryPhrase(t.Context(), false))(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if s.recovery(gone, c.Seal) != nil || !strings.Contains(log.String(), "the recovery phrase cannot be read") {
		t.Errorf("not read: %s", log.String())
	}
}

func TestWithoutAKeyThereIsNoPhrase(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	if _, err := s.RecoveryPhrase(t.Context(), false); !errors.Is(err, ErrNoKey) {
		t.Errorf("%v", err)
	}
}

// A slip of the pen is found: each letter that is another one.
func TestASlipOfThePenIsFound(t *testing.T) {
	p := value(NewPhrase())(t)
	text := p.String()
	if len(text) != 8*5+7 {
		t.Fatalf("%q", text)
	}
	missed := 0
	for i := range text {
		if text[i] == '-' {
			continue
		}
		other := byte('7')
		if text[i] == other {
			other = '8'
		}
		if _, err := ParsePhrase(text[:i] + string(other) + text[i+1:]); err == nil {
			missed++
		}
	}
	if missed > 2 { // one in 256
		t.Errorf("%d of 40 were taken", missed)
	}
}

func FuzzParsePhrase(f *testing.F) {
	f.Add("0ABCD-EFGHJ-KMNPQ-RSTVW-XYZ01-23456-789AB-CDEFG")
	f.Add("oil")
	f.Add("")
	p, err := NewPhrase()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.String())
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePhrase(text)
		if err != nil {
			return
		}
		if again, err := ParsePhrase(p.String()); err != nil || string(again.secret) != string(p.secret) {
			t.Fatalf("%q: %v", p, err)
		}
	})
}
