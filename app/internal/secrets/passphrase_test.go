package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"bestbefore/connectors"
)

const phrase = "copper lantern quiet hedge"

func passphrase(t *testing.T) *Passphrase {
	t.Helper()
	return &Passphrase{Path: filepath.Join(t.TempDir(), "key.wrapped"), Cost: Cost{N: 16, R: 1, P: 1}}
}

func asking(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

func TestAPassphraseKeepsTheKeyOfAComputerWithoutAKeyStore(t *testing.T) {
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	m, ctx, p := memory{}, t.Context(), passphrase(t)
	if !underRace {
		p.Cost = Cost{} // once with the usual one
	}
	c := Config{Store: m, Passphrase: p, AskPassphrase: asking(phrase)}
	if _, err := Open(ctx, c); !errors.Is(err, ErrNoKeyStore) || p.Chosen() {
		t.Fatalf("nobody chose one: %v", err)
	}
	key, err := p.Choose(phrase)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenWith(c, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(ctx, "r", connectors.NewSecret("hunter2")); err != nil {
		t.Fatal(err)
	}
	again, err := Open(ctx, c)
	if err != nil || again.Provider() != NamePassphrase {
		t.Fatal(err)
	}
	if v, err := again.Get(ctx, "r"); err != nil || v.Reveal() != "hunter2" {
		t.Fatal(v, err)
	}
	file, err := os.ReadFile(p.Path)
	if err != nil || bytes.Contains(file, key[:]) || bytes.Contains(file, []byte(phrase)) {
		t.Fatalf("%v: the key or the passphrase lies open in %s", err, file)
	}
	if st, err := os.Stat(p.Path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file has the rights %v, %v", st.Mode(), err)
	}
}

func TestWhatAPassphraseIsRefusedFor(t *testing.T) {
	p := passphrase(t)
	if _, err := p.Choose("too short"); !errors.Is(err, ErrShortPassphrase) || p.Chosen() {
		t.Errorf("short: %v", err)
	}
	if _, err := p.Choose(phrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Choose("another one that is long"); !errors.Is(err, ErrChosen) {
		t.Errorf("a second one: %v", err)
	}
	for _, wrong := range []string{"", phrase + " ", strings.ToUpper(phrase), strings.Repeat("x", 1<<20)} {
		if _, err := p.Open(wrong); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("%.20q: %v", wrong, err)
		}
	}
	for name, ask := range map[string]func(context.Context) (string, error){"nobody": nil, "somebody else": asking("wrong")} {
		_, err := Open(t.Context(), Config{Store: memory{}, Passphrase: p, AskPassphrase: ask})
		if want := map[bool]error{true: ErrPassphrase, false: ErrWrongPassphrase}[ask == nil]; !errors.Is(err, want) {
			t.Errorf("%s was asked: %v", name, err)
		}
	}
}

func TestAChangedPassphraseOpensTheSameKey(t *testing.T) {
	p := passphrase(t)
	key, err := p.Choose(phrase)
	if err != nil {
		t.Fatal(err)
	}
	const next = "seven slow green boats"
	if err := p.Change("wrong", next); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("changed by somebody who does not know it: %v", err)
	}
	if err := p.Change(phrase, "short"); !errors.Is(err, ErrShortPassphrase) {
		t.Error(err)
	}
	if err := p.Change(phrase, next); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Open(next); err != nil || got != key {
		t.Errorf("the key is another one, %v", err)
	}
	if _, err := p.Open(phrase); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("the old one still opens: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(p.Path), "*.new"))
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// TestNeverBricked: a forgotten passphrase and a damaged file cost what was
// sealed, and nothing else.
func TestNeverBricked(t *testing.T) {
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	for _, damage := range []string{"", "{", `{"version":1}`, strings.Repeat("x", 1<<20), "forgotten"} {
		m, ctx, p := memory{}, t.Context(), passphrase(t)
		c := Config{Store: m, Passphrase: p, AskPassphrase: asking(phrase)}
		old, err := p.Choose(phrase)
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenWith(c, old)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, "r", connectors.NewSecret("hunter2")); err != nil {
			t.Fatal(err)
		}
		if damage != "forgotten" {
			if err := os.WriteFile(p.Path, []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(ctx, c); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%.20q: %v", damage, err)
			}
		}
		if err := p.GiveUp(); err != nil {
			t.Fatal(err)
		}
		next, err := p.Choose(phrase)
		if err != nil || next == old {
			t.Fatal("no new key: ", err)
		}
		if s, err = Open(ctx, c); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "r"); !errors.Is(err, ErrSealed) {
			t.Errorf("%.20q: %v", damage, err)
		}
		if err := s.Put(ctx, "r", connectors.NewSecret("again")); err != nil {
			t.Error(err)
		}
		if v, err := s.Get(ctx, "r"); err != nil || v.Reveal() != "again" {
			t.Error("signing in again does not help: ", err)
		}
	}
}

func TestAKeyStoreThatTurnsUpLaterIsNotAsked(t *testing.T) {
	keyring.MockInit()
	p := passphrase(t)
	key, err := p.Choose(phrase)
	if err != nil {
		t.Fatal(err)
	}
	got, name, err := Key(t.Context(), Providers(Config{Passphrase: p, AskPassphrase: asking(phrase)})...)
	if err != nil || name != NamePassphrase || got != key {
		t.Errorf("%s, %v", name, err)
	}
	if _, err := keyring.Get(service, "installation"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("it was given a key: %v", err)
	}
}

func FuzzWrapped(f *testing.F) {
	f.Add([]byte(`{"version":1,"kdf":"scrypt","cost":{"n":65536,"r":8,"p":2},"salt":"AAAAAAAAAAAAAAAAAAAAAA==","sealed":""}`))
	f.Add([]byte(`{"version":1,"kdf":"scrypt","cost":{"n":1125899906842624,"r":8,"p":2}}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := parseWrapped(b)
		if err == nil && (w.Cost.check() != nil || len(w.Sealed) != 12+KeySize+16) {
			t.Errorf("%q was taken", b)
		}
	})
}

// The sentence about a short passphrase names the bound that counts.
func TestAShortPassphraseIsToldHowLong(t *testing.T) {
	if want := fmt.Sprintf("at least %d characters", leastPassphrase); !strings.Contains(ErrShortPassphrase.Error(), want) {
		t.Errorf("%q does not say %q", ErrShortPassphrase, want)
	}
}
