// Package secrets seals what must not lie open in the database: credentials of
// connections, and the end of the diary. The system's key store keeps one
// random key for each installation; values are sealed with AES-256-GCM under
// their reference and stored by the database.
package secrets

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Store keeps sealed values. GetSecret gives an error for an unknown reference.
type Store interface {
	PutSecret(ctx context.Context, ref consent.SecretRef, sealed []byte) error
	GetSecret(ctx context.Context, ref consent.SecretRef) ([]byte, error)
	DeleteSecret(ctx context.Context, ref consent.SecretRef) error
}

// Config is what Open needs.
type Config struct {
	Store Store        // needed
	Log   *slog.Logger // nil discards
	// Credentials is the folder in which systemd hands over credentials; empty for none.
	Credentials string
	// Passphrase keeps the key where neither of the others can; nil for none.
	Passphrase *Passphrase
	// AskPassphrase asks for a passphrase that was chosen; it may wait for a
	// person. Nil where nobody can be asked now, which gives ErrPassphrase.
	AskPassphrase func(ctx context.Context) (string, error)
	// Installation names this data folder's key in the key store; empty is the usual one.
	Installation string
}

// Sealer seals and opens with the installation's key. It is safe for concurrent use.
type Sealer struct {
	store    Store
	aead     cipher.AEAD
	provider string
}

// ErrSealed says that a value was sealed with another key, under another
// reference, or was damaged. The way out is to enter the secret again.
var ErrSealed = words.New("the stored secret cannot be opened with this computer's key; enter it again")

// Open fetches the key and gives the Sealer. Without a key it gives ErrLocked
// or ErrNoKeyStore, and nothing that needs a secret can be done; it never falls
// back to plain text.
func Open(ctx context.Context, c Config) (*Sealer, error) {
	if c.Store == nil {
		return nil, errors.New("secrets: Config.Store is needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	key, provider, err := Key(ctx, Providers(c)...)
	if err != nil {
		return nil, err
	}
	c.Log.Info("the key was fetched", "provider", provider)
	return newSealer(c.Store, key, provider)
}

// OpenWith is Open with a key that is at hand, from a passphrase that was given later.
func OpenWith(c Config, key [KeySize]byte) (*Sealer, error) {
	if c.Store == nil {
		return nil, errors.New("secrets: Config.Store is needed")
	}
	return newSealer(c.Store, key, NamePassphrase)
}

func newSealer(s Store, key [KeySize]byte, provider string) (*Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("preparing the key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("preparing the key: %w", err)
	}
	return &Sealer{store: s, aead: aead, provider: provider}, nil
}

// Provider says where the key came from.
func (s *Sealer) Provider() string { return s.provider }

// The associated data of a value is what it is for, so that a sealed value
// moved to another place does not open there.
const (
	forSecret = "best before secret\x00"
	forHead   = "best before diary head\x00"
)

// Put seals a value and stores it under ref, replacing what was there.
func (s *Sealer) Put(ctx context.Context, ref consent.SecretRef, v connectors.Secret) error {
	sealed, err := s.seal([]byte(v.Reveal()), forSecret+string(ref))
	if err != nil {
		return err
	}
	return s.store.PutSecret(ctx, ref, sealed)
}

// Get gives the value behind ref; ErrSealed when it does not open.
func (s *Sealer) Get(ctx context.Context, ref consent.SecretRef) (connectors.Secret, error) {
	sealed, err := s.store.GetSecret(ctx, ref)
	if err != nil {
		return connectors.Secret{}, err
	}
	plain, err := s.open(sealed, forSecret+string(ref))
	if err != nil {
		return connectors.Secret{}, words.Errorf("secret %s: %w", ref, err)
	}
	return connectors.NewSecret(string(plain)), nil
}

// Delete forgets the value behind ref.
func (s *Sealer) Delete(ctx context.Context, ref consent.SecretRef) error {
	return s.store.DeleteSecret(ctx, ref)
}

// Seal seals the end of the diary.
func (s *Sealer) Seal(plain []byte) ([]byte, error) { return s.seal(plain, forHead) }

// Open opens what Seal made.
func (s *Sealer) Open(sealed []byte) ([]byte, error) { return s.open(sealed, forHead) }

func (s *Sealer) seal(plain []byte, purpose string) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return s.aead.Seal(nonce, nonce, plain, []byte(purpose)), nil
}

func (s *Sealer) open(sealed []byte, purpose string) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrSealed
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
