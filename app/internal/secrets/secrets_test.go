package secrets

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestMain(m *testing.M) {
	if os.Getenv("SECRETS_CHILD") != "" { // the library keeps its D-Bus connection for good
		os.Exit(m.Run())
	}
	// Mocks answer below; nobody's key store is touched, and none is started.
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

type memory map[consent.SecretRef][]byte

func (m memory) PutSecret(_ context.Context, ref consent.SecretRef, b []byte) error {
	m[ref] = b
	return nil
}

func (m memory) GetSecret(_ context.Context, ref consent.SecretRef) ([]byte, error) {
	b, ok := m[ref]
	if !ok {
		return nil, consent.ErrNotFound
	}
	return b, nil
}

func (m memory) DeleteSecret(_ context.Context, ref consent.SecretRef) error {
	delete(m, ref)
	return nil
}

func open(t *testing.T, m memory) *Sealer {
	t.Helper()
	s, err := Open(t.Context(), Config{Store: m})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAValueComesBackAndLiesSealed(t *testing.T) {
	keyring.MockInit()
	m, ctx := memory{}, t.Context()
	s := open(t, m)
	const secret = "hunter2-and-more"
	if err := s.Put(ctx, "r1", connectors.NewSecret(secret)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(m["r1"]), secret[:6]) {
		t.Fatal("it lies open")
	}
	again := open(t, m) // a later start finds the same key
	if v, err := again.Get(ctx, "r1"); err != nil || v.Reveal() != secret || again.Provider() != "key store" {
		t.Fatalf("%q %v", v.Reveal(), err)
	}
	first := string(m["r1"])
	if err := s.Put(ctx, "r1", connectors.NewSecret(secret)); err != nil || string(m["r1"]) == first {
		t.Fatal("sealed twice to the same bytes")
	}
	if err := s.Delete(ctx, "r1"); err != nil || len(m) != 0 {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "r1"); !errors.Is(err, consent.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestASealedValueOpensOnlyInItsPlace(t *testing.T) {
	keyring.MockInit()
	m, ctx := memory{}, t.Context()
	s := open(t, m)
	if err := s.Put(ctx, "r1", connectors.NewSecret("value")); err != nil {
		t.Fatal(err)
	}
	m["r2"] = m["r1"]
	head, err := s.Seal([]byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	m["r3"], m["r4"], m["r5"] = head, []byte("short"), nil
	for ref := range m {
		if v, err := s.Get(ctx, ref); (err == nil) != (ref == "r1") || ref != "r1" && !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %q %v", ref, v.Reveal(), err)
		}
	}
	for i := range m["r1"] {
		m["r6"] = append([]byte(nil), m["r1"]...)
		m["r6"][i] ^= 1
		if _, err := s.open(m["r6"], forSecret+"r1"); err == nil {
			t.Fatalf("byte %d was changed and it opened", i)
		}
	}
	if b, err := s.Open(head); err != nil || string(b) != "value" {
		t.Fatal(err)
	}
	keyring.MockInit() // the key is lost: another one opens nothing
	if _, err := open(t, m).Get(ctx, "r1"); !errors.Is(err, ErrSealed) {
		t.Fatal(err)
	}
}

func TestFaultsOfTheKeyStore(t *testing.T) {
	for text, want := range map[string]error{
		"failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'": ErrLocked,
		"exec: \"dbus-launch\": executable file not found in $PATH":                      ErrNoKeyStore,
		"The name org.freedesktop.secrets was not provided by any .service files":        ErrNoKeyStore,
		"dial unix /run/user/1000/bus: connect: no such file or directory":               ErrNoKeyStore,
		"Prompt dismissed": ErrLocked,
	} {
		keyring.MockInitWithError(errors.New(text))
		if _, err := Open(t.Context(), Config{Store: memory{}}); !errors.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	if _, err := Open(t.Context(), Config{Store: memory{}}); !errors.Is(err, ErrNoKeyStore) {
		t.Error(err)
	}
}

func TestSomethingElseInTheKeyStoreIsNotOverwritten(t *testing.T) {
	keyring.MockInit()
	if err := keyring.Set(service, "installation", "not a key"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Store: memory{}}); err == nil {
		t.Fatal("taken for a key")
	}
	if v, _ := keyring.Get(service, "installation"); v != "not a key" {
		t.Fatal("overwritten")
	}
}

func TestAKeyFromSystemd(t *testing.T) {
	keyring.MockInitWithError(errors.New("must not be asked"))
	raw := strings.Repeat("k", KeySize)
	for name, text := range map[string]string{"raw": raw, "base64": base64.StdEncoding.EncodeToString([]byte(raw)) + "\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "bestbefore-key"), []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
		key, provider, err := Key(t.Context(), Providers(Config{Credentials: dir})...)
		if err != nil || string(key[:]) != raw || provider != "systemd credential" {
			t.Errorf("%s: %v %q", name, err, provider)
		}
	}
	keyring.MockInit() // none there: the key store is next
	if _, provider, err := Key(t.Context(), Providers(Config{Credentials: t.TempDir()})...); err != nil || provider != "key store" {
		t.Fatal(err, provider)
	}
}

// What the log and the errors say must never hold the secret.
func TestSecretsPrintAsDots(t *testing.T) {
	v := connectors.NewSecret("hunter2")
	if s := fmt.Sprintf("%v %s %+v %#v %q %x", v, v, v, v, v, v); strings.Contains(s, "hunter2") || strings.Contains(s, "68756e") {
		t.Fatal(s)
	}
}
