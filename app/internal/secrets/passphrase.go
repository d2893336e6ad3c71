package secrets

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"bestbefore/assets/words"
)

// What a passphrase can be refused for.
var (
	// ErrPassphrase says that a passphrase was chosen and none was given yet.
	ErrPassphrase = words.New("the passphrase that you chose is needed")
	// ErrWrongPassphrase says that another one was given.
	ErrWrongPassphrase = words.New("that is not the passphrase that was chosen here")
	// ErrShortPassphrase says that a new one is too easy to try out.
	ErrShortPassphrase = words.New("a passphrase needs at least 12 characters; four words that do not belong together are good")
	// ErrChosen says that there is a passphrase already.
	ErrChosen = words.New("a passphrase was chosen here before; give that one, or give it up first")
	// ErrDamaged says that the file with the wrapped key cannot be read. The way out is to give the passphrase up.
	ErrDamaged = words.New("the file that the passphrase opens is damaged; give the passphrase up and choose a new one")
)

const (
	leastPassphrase = 12 // characters of a new one, as ErrShortPassphrase says
	mostPassphrase  = 1024
	mostWrapped     = 4096 // bytes of the file
	forWrapping     = "best before installation key\x00"
)

// Passphrase keeps the installation's key in a file, wrapped under a passphrase
// that is never stored: for a computer with neither a key store nor a credential
// of the system. It is safe for concurrent use.
type Passphrase struct {
	Path string // of the file
	Cost Cost   // of a new one; zero is the usual

	mu sync.Mutex // one derivation at a time: each takes much memory
}

// wrapped is the file.
type wrapped struct {
	Version int    `json:"version"`
	KDF     string `json:"kdf"` // scrypt
	Cost    Cost   `json:"cost"`
	Salt    []byte `json:"salt"`
	Sealed  []byte `json:"sealed"` // nonce and key, AES-256-GCM
}

// Chosen reports whether there is a passphrase to ask for.
func (p *Passphrase) Chosen() bool {
	_, err := os.Lstat(p.Path)
	return err == nil
}

// Choose makes a new key and wraps it. There must be none yet.
func (p *Passphrase) Choose(passphrase string) (key [KeySize]byte, err error) {
	if utf8.RuneCountInString(passphrase) < leastPassphrase {
		return key, ErrShortPassphrase
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Chosen() {
		return key, ErrChosen
	}
	if _, err := rand.Read(key[:]); err != nil {
		return key, fmt.Errorf("making a key: %w", err)
	}
	return key, p.wrap(key, passphrase)
}

// Open gives the key that Choose made.
func (p *Passphrase) Open(passphrase string) (key [KeySize]byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.read()
	if err != nil {
		return key, err
	}
	aead, err := wrapper(passphrase, w.Salt, w.Cost)
	if err != nil {
		return key, err
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, w.Sealed[:n], w.Sealed[n:], []byte(forWrapping))
	if err != nil {
		return key, ErrWrongPassphrase
	}
	return [KeySize]byte(plain), nil
}

// Change wraps the same key under another passphrase; what is sealed stays readable.
func (p *Passphrase) Change(old, next string) error {
	if utf8.RuneCountInString(next) < leastPassphrase {
		return ErrShortPassphrase
	}
	key, err := p.Open(old)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrap(key, next)
}

// GiveUp forgets the passphrase and with it the key: what was sealed has to be
// entered again. The file is kept beside, should it come back to mind.
func (p *Passphrase) GiveUp() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return os.Rename(p.Path, p.Path+".given-up")
}

// wrap writes the file in one step; the caller holds mu.
func (p *Passphrase) wrap(key [KeySize]byte, passphrase string) error {
	w := wrapped{Version: 1, KDF: "scrypt", Cost: p.Cost, Salt: make([]byte, 16)}
	if w.Cost == (Cost{}) {
		w.Cost = usualCost()
	}
	if _, err := rand.Read(w.Salt); err != nil {
		return fmt.Errorf("making a salt: %w", err)
	}
	aead, err := wrapper(passphrase, w.Salt, w.Cost)
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	w.Sealed = aead.Seal(nonce, nonce, key[:], []byte(forWrapping))
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.Path), "key-*.new") // made for this user only
	if err != nil {
		return fmt.Errorf("keeping the key: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), p.Path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keeping the key: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// read gives the file, checked: it may be damaged or somebody else's.
func (p *Passphrase) read() (w wrapped, err error) {
	f, err := os.Open(p.Path)
	if err != nil {
		return w, fmt.Errorf("reading the wrapped key: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostWrapped+1))
	if err != nil {
		return w, fmt.Errorf("reading the wrapped key: %w", err)
	}
	return parseWrapped(b)
}

func parseWrapped(b []byte) (w wrapped, err error) {
	if len(b) > mostWrapped || json.Unmarshal(b, &w) != nil || w.Version != 1 || w.KDF != "scrypt" || len(w.Salt) < 8 ||
		len(w.Sealed) != 12+KeySize+16 || w.Cost.check() != nil {
		return w, ErrDamaged
	}
	return w, nil
}

// wrapper is the cipher that a passphrase stands for.
func wrapper(passphrase string, salt []byte, c Cost) (cipher.AEAD, error) {
	if len(passphrase) > mostPassphrase {
		return nil, ErrWrongPassphrase
	}
	k, err := scrypt(passphrase, salt, c, KeySize)
	if err != nil {
		return nil, fmt.Errorf("reading the passphrase: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("preparing the key: %w", err)
	}
	return cipher.NewGCM(block)
}

// provider asks for the passphrase where one was chosen. Then the key is this
// one and no other: a key store that turns up later has another, or would be
// given a new one.
func (p *Passphrase) provider(ask func(context.Context) (string, error)) Provider {
	return Provider{Name: NamePassphrase, Fetch: func(ctx context.Context) (key [KeySize]byte, err error) {
		if p == nil || !p.Chosen() {
			return key, ErrNoKeyStore
		}
		if ask == nil {
			return key, ErrPassphrase
		}
		text, err := ask(ctx)
		if err != nil {
			return key, err
		}
		return p.Open(text)
	}}
}
