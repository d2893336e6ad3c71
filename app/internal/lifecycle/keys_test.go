package lifecycle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/secrets"
	"bestbefore/connectors"
)

// keyStoreChild is the environment variable by which a test runs itself inside a
// D-Bus session of its own.
const keyStoreChild = "LIFECYCLE_KEY_CHILD"

const phrase = "copper lantern quiet hedge"

// keyless opens a home on a computer without a key store.
func keyless(t *testing.T, dir string, ask func(context.Context) (string, error)) *Home {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	h, err := Open(t.Context(), Config{Dir: dir, AskPassphrase: ask, PassphraseCost: secrets.Cost{N: 16, R: 1, P: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func keyOf(t *testing.T, h *Home) engine.KeyInfo {
	t.Helper()
	k, err := h.Engine().Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// problemText is what the home page says of the key, "" when it is well.
func problemText(h *Home) string {
	for _, p := range h.problems() {
		if p.ID == keyProblem || p.ID == passphraseProblem || p.ID == damagedProblem {
			return p.Text + " " + p.Fix
		}
	}
	return ""
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAComputerWithoutAKeyStore: chosen, asked for after the next start, wrong,
// right, and given up. At no point is anything else of the program lost.
func TestAComputerWithoutAKeyStore(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	h := keyless(t, dir, nil)
	if k := keyOf(t, h); k.Provider != "" || k.Chosen || !strings.Contains(k.Trouble, "no key store") || !strings.Contains(problemText(h), "passphrase") {
		t.Errorf("without anything: %+v, %q", k, problemText(h))
	}
	if _, err := h.putSecret(ctx, "r", connectors.NewSecret("hunter2")); err == nil {
		t.Error("a password was kept without a key")
	}
	if err := h.Engine().Unlock(ctx, "short"); err == nil {
		t.Error("a short passphrase was taken")
	}
	done(t, h.Engine().Unlock(ctx, phrase))
	if k := keyOf(t, h); k.Provider != "passphrase" || !k.Chosen || k.Trouble != "" || problemText(h) != "" {
		t.Errorf("with a passphrase: %+v, %q", k, problemText(h))
	}
	ref, err := h.putSecret(ctx, "r", connectors.NewSecret("hunter2"))
	done(t, err)
	r, err := h.Engine().VerifyDiary(ctx)
	if done(t, err); !r.OK() || !r.Sealed {
		t.Errorf("the diary: %+v", r)
	}
	done(t, h.Close())

	h = keyless(t, dir, nil) // nobody to ask
	if k := keyOf(t, h); k.Provider != "" || !k.Chosen || !strings.Contains(problemText(h), "Enter it") {
		t.Errorf("after a start: %+v, %q", k, problemText(h))
	}
	if err := h.Engine().Unlock(ctx, "it was something else"); err == nil {
		t.Error("a wrong one was taken")
	}
	if _, err := h.Engine().Devices(ctx); err != nil {
		t.Error(err)
	}
	done(t, h.Engine().Unlock(ctx, phrase))
	if v, err := h.secret(ctx, ref); err != nil || v.Reveal() != "hunter2" {
		t.Error(err)
	}
	const next = "seven slow green boats"
	if err := h.Engine().ChangePassphrase(ctx, "wrong", next); err == nil {
		t.Error("it was changed by somebody who does not know it")
	}
	done(t, h.Engine().ChangePassphrase(ctx, phrase, next))
	done(t, h.Close())

	h = keyless(t, dir, func(context.Context) (string, error) { return next, nil })
	if v, err := h.secret(ctx, ref); err != nil || v.Reveal() != "hunter2" {
		t.Errorf("asked for at the start: %v", err)
	}
	done(t, h.Engine().GiveUpPassphrase(ctx))
	if k := keyOf(t, h); k.Provider != "" || k.Chosen || problemText(h) == "" {
		t.Errorf("given up: %+v", k)
	}
	if r, err = h.Engine().VerifyDiary(ctx); err != nil || !r.OK() || r.Sealed {
		t.Errorf("the diary after that: %+v, %v", r, err)
	}
	done(t, h.Engine().Unlock(ctx, phrase))
	if r, err = h.Engine().VerifyDiary(ctx); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary under the next key: %+v, %v", r, err)
	}
	if _, err := h.secret(ctx, ref); err == nil || !strings.Contains(err.Error(), "enter it again") {
		t.Errorf("what the old key sealed: %v", err)
	}
	_, err = h.putSecret(ctx, "r", connectors.NewSecret("hunter2"))
	done(t, err)
	done(t, h.Close())

	// Forgotten, which is why most give it up: never opened, and no broken seal either.
	h = keyless(t, dir, nil)
	done(t, h.Engine().GiveUpPassphrase(ctx))
	done(t, h.Close())
	h = keyless(t, dir, nil)
	done(t, h.Engine().Unlock(ctx, next))
	if r, err = h.Engine().VerifyDiary(ctx); err != nil || !r.OK() || !r.Sealed {
		t.Errorf("the diary after a forgotten passphrase: %+v, %v", r, err)
	}
	done(t, h.Close())
	nothingOpen(t, dir, "hunter2", phrase, next)
}

// nothingOpen looks through every file of the folder.
func nothingOpen(t *testing.T, dir string, words ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, w := range words {
			if strings.Contains(string(b), w) {
				t.Errorf("%q lies open in %s", w, path)
			}
		}
		return err
	})
	done(t, err)
}

func TestACredentialNeedsNoPassphrase(t *testing.T) {
	h, err := Open(t.Context(), Config{Dir: t.TempDir(), Credentials: credential(t)})
	done(t, err)
	if k := keyOf(t, h); k.Provider != "systemd credential" {
		t.Errorf("%+v", k)
	}
	if err := h.Engine().Unlock(t.Context(), phrase); err == nil || h.keeper.passphrase.Chosen() {
		t.Errorf("a passphrase was chosen beside it: %v", err)
	}
	done(t, h.Close())
}
