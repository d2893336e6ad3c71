package secrets

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"bestbefore/assets/words"
)

// KeySize is the length of the key in bytes.
const KeySize = 32

// askFor is how long the system's key store may take: it waits for an unlock
// prompt without an end of its own.
const askFor = 5 * time.Second

// ErrNoKeyStore says that this system has no key store that can be used.
var ErrNoKeyStore = words.New("this computer has no key store that Best Before can use")

// ErrLocked says that the key store is there and locked, or did not answer.
var ErrLocked = words.New("this computer's key store is locked; unlock it")

// Provider is one place to keep the key.
type Provider struct {
	Name string
	// Fetch gives the key, making it where the place can keep a new one.
	// ErrNoKeyStore passes the question on to the next provider; any other
	// error ends it, since the key may well be behind it.
	Fetch func(ctx context.Context) ([KeySize]byte, error)
}

// The providers by name.
const (
	NameCredential = "systemd credential"
	NamePassphrase = "passphrase"
	NameKeyStore   = "key store"
)

// Providers lists the places in the order in which they are asked. A key that
// systemd hands over was put there on purpose, and goes before a key store that
// would only be locked on a box without a screen. So was a passphrase, which is
// chosen only where there is no key store that opens.
func Providers(c Config) []Provider {
	name := c.Installation
	if name == "" {
		name = "installation"
	}
	var out []Provider
	if c.Credentials != "" {
		out = append(out, Provider{Name: NameCredential, Fetch: func(context.Context) ([KeySize]byte, error) {
			return fromCredential(filepath.Join(c.Credentials, "bestbefore-key"))
		}})
	}
	return append(out, c.Passphrase.provider(c.AskPassphrase), Provider{Name: NameKeyStore, Fetch: func(ctx context.Context) ([KeySize]byte, error) {
		return fromKeyring(ctx, name)
	}})
}

// Key asks each provider in turn and says which one had the key.
func Key(ctx context.Context, ps ...Provider) (key [KeySize]byte, provider string, err error) {
	for _, p := range ps {
		key, err = p.Fetch(ctx)
		if err == nil {
			return key, p.Name, nil
		}
		if !errors.Is(err, ErrNoKeyStore) {
			return key, "", fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return key, "", errors.Join(ErrNoKeyStore, err)
}

// fromCredential reads a key that systemd decrypted: 32 bytes, or their base64.
func fromCredential(path string) (key [KeySize]byte, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return key, ErrNoKeyStore
	}
	if err != nil {
		return key, fmt.Errorf("reading the credential: %w", err)
	}
	if len(b) == KeySize {
		return [KeySize]byte(b), nil
	}
	return decode(string(b))
}

func decode(text string) (key [KeySize]byte, err error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != KeySize {
		return key, words.New("what is kept there is not a key of Best Before")
	}
	return [KeySize]byte(b), nil
}

// service is our name in the key store, shown by its own tools.
const service = "Best Before"

// fromKeyring asks on a goroutine of its own. One that hangs in an unlock
// prompt ends with the prompt; nobody waits for it.
func fromKeyring(ctx context.Context, user string) (key [KeySize]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	type answer struct {
		key [KeySize]byte
		err error
	}
	got := make(chan answer, 1)
	go func() {
		k, err := keyringKey(ctx, user)
		got <- answer{k, err}
	}()
	select {
	case a := <-got:
		return a.key, a.err
	case <-ctx.Done():
		return key, words.Errorf("%w (it did not answer)", ErrLocked)
	}
}

func keyringKey(ctx context.Context, user string) (key [KeySize]byte, err error) {
	if err := reachable(); err != nil {
		return key, err
	}
	text, err := keyring.Get(service, user)
	if err == nil {
		return decode(text)
	}
	if !errors.Is(err, keyring.ErrNotFound) {
		return key, sortFault(err)
	}
	if _, err := rand.Read(key[:]); err != nil {
		return key, fmt.Errorf("making a key: %w", err)
	}
	if ctx.Err() != nil { // asked too late: a key that nobody waits for is not made
		return key, ctx.Err()
	}
	if err := keyring.Set(service, user, base64.StdEncoding.EncodeToString(key[:])); err != nil {
		return key, sortFault(err)
	}
	// Read back: some stores take a value and do not keep it.
	text, err = keyring.Get(service, user)
	if err != nil {
		return key, sortFault(err)
	}
	return decode(text)
}

// sortFault tells a key store that is not there from one that will not open.
// The library gives words only, so it is by words; what is not known counts as
// locked, since asking again may help.
func sortFault(err error) error {
	if errors.Is(err, keyring.ErrUnsupportedPlatform) {
		return fmt.Errorf("%w: %w", ErrNoKeyStore, err)
	}
	text := strings.ToLower(err.Error())
	for _, absent := range []string{
		"dbus-launch", "dbus_session_bus_address", "was not provided by any .service files", "no such file or directory",
		"connection refused", "could not connect", "org.freedesktop.dbus.error.serviceunknown", "executable file not found", "autolaunch",
	} {
		if strings.Contains(text, absent) {
			return fmt.Errorf("%w: %w", ErrNoKeyStore, err)
		}
	}
	return fmt.Errorf("%w: %w", ErrLocked, err)
}
