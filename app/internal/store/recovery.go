package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// A recovery phrase opens backups on another computer. It is 24 random bytes
// and one that shows a slip of the pen, in eight groups of five letters and
// digits of which none looks like another. Nobody guesses it, so that no costly
// hash is needed. The installation's key keeps it sealed for the next backups.

const (
	phraseBytes = 24
	phraseGroup = 5
	recoveryRef = consent.SecretRef("backup.recovery")
	// NotePhrase is the kind of the diary's line about a new recovery phrase.
	NotePhrase ledger.Kind = "recovery phrase"
)

// ErrPhrase says that a text is no recovery phrase.
var ErrPhrase = words.New("that is not a recovery phrase as it was shown: eight groups of five letters and digits; look for a slip of the pen")

// ErrPhraseShown says that a recovery phrase was made before.
var ErrPhraseShown = words.New("a recovery phrase was made before and is shown only once; \"bestbefore-agent backup phrase --new\" makes another one, and backups from then on open with that")

// Phrase seals and opens backups under a recovery phrase.
type Phrase struct {
	secret []byte
	lock   aeadSealer
}

// crockford is the alphabet without I, L, O and U.
func crockford() *base32.Encoding {
	return base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
}

// NewPhrase makes one.
func NewPhrase() (*Phrase, error) {
	secret := make([]byte, phraseBytes)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return phraseOf(secret)
}

func phraseOf(secret []byte) (*Phrase, error) {
	if len(secret) != phraseBytes {
		return nil, ErrPhrase
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "best before recovery phrase 1", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	lock, err := newAEAD(key)
	return &Phrase{secret: secret, lock: lock}, err
}

func slip(secret []byte) byte {
	sum := sha256.Sum256(append([]byte("best before recovery phrase check"), secret...))
	return sum[0]
}

// String is the phrase as it is shown and written down.
func (p *Phrase) String() string {
	text := crockford().EncodeToString(append(append([]byte(nil), p.secret...), slip(p.secret)))
	var groups []string
	for ; len(text) > 0; text = text[phraseGroup:] {
		groups = append(groups, text[:phraseGroup])
	}
	return strings.Join(groups, "-")
}

// ParsePhrase reads what a person typed: in either case, with or without
// whatever stands between the groups, and with the letters that look like digits.
func ParsePhrase(text string) (*Phrase, error) {
	if len(text) > 1024 {
		return nil, ErrPhrase
	}
	read := strings.NewReplacer("O", "0", "I", "1", "L", "1", " ", "", "-", "", "\n", "", "\r", "", "\t", "").Replace(strings.ToUpper(text))
	b, err := crockford().DecodeString(read)
	if err != nil || len(b) != phraseBytes+1 || slip(b[:phraseBytes]) != b[phraseBytes] {
		return nil, ErrPhrase
	}
	return phraseOf(b[:phraseBytes])
}

// Seal implements HeadSealer.
func (p *Phrase) Seal(plain []byte) ([]byte, error) { return p.lock.Seal(plain) }

// Open implements HeadSealer.
func (p *Phrase) Open(sealed []byte) ([]byte, error) { return p.lock.Open(sealed) }

// aeadSealer seals with AES-256-GCM under a key that lives as long as it.
type aeadSealer struct{ aead cipher.AEAD }

func newAEAD(key []byte) (aeadSealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return aeadSealer{}, fmt.Errorf("using a key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return aeadSealer{}, fmt.Errorf("using a key: %w", err)
	}
	return aeadSealer{aead}, nil
}

// Seal implements HeadSealer.
func (a aeadSealer) Seal(plain []byte) ([]byte, error) { return a.aead.Seal(nil, nil, plain, nil), nil }

// Open implements HeadSealer.
func (a aeadSealer) Open(sealed []byte) ([]byte, error) { return a.aead.Open(nil, nil, sealed, nil) }

// RecoveryPhrase makes the phrase that opens the backups from now on, on any
// computer, and makes such a backup at once. It is not shown again:
// ErrPhraseShown unless another one is wanted. ErrNoKey without a key.
func (s *Store) RecoveryPhrase(ctx context.Context, another bool) (string, error) {
	s.mu.RLock()
	sealer := s.sealer
	s.mu.RUnlock()
	if sealer == nil {
		return "", ErrNoKey
	}
	if _, err := s.GetSecret(ctx, recoveryRef); err == nil && !another {
		return "", ErrPhraseShown
	} else if err != nil && !errors.Is(err, consent.ErrNotFound) {
		return "", err
	}
	p, err := NewPhrase()
	if err != nil {
		return "", err
	}
	sealed, err := sealer.Seal(p.secret)
	if err != nil {
		return "", fmt.Errorf("sealing the recovery phrase: %w", err)
	}
	err = s.commit(ctx, func(c *change) error {
		if err := plain("secret").put(ctx, c.txn, string(recoveryRef), sealed); err != nil {
			return err
		}
		return c.note(ctx, []ledger.Note{{Time: s.cfg.Now(), Kind: NotePhrase, Text: words.Text("You made a recovery phrase: backups from now on open with it, also on another computer.")}})
	})
	if err != nil {
		return "", err
	}
	if _, err := s.BackupNow(ctx, ReasonByHand); err != nil {
		s.cfg.Log.Warn("making the first backup under the recovery phrase", "error", err) // the daily one follows
	}
	return p.String(), nil
}

// recovery is the phrase that backups are sealed under too; nil when there is
// none, or when it cannot be had: a backup under the key alone is better than none.
func (s *Store) recovery(ctx context.Context, sealer HeadSealer) *Phrase {
	sealed, err := s.GetSecret(ctx, recoveryRef)
	switch {
	case errors.Is(err, consent.ErrNotFound):
		return nil
	case err != nil:
		s.cfg.Log.Warn("the recovery phrase cannot be read; this backup opens with the key alone", "error", err)
		return nil
	}
	secret, err := sealer.Open(sealed)
	if err == nil {
		var p *Phrase
		if p, err = phraseOf(secret); err == nil {
			return p
		}
	}
	s.cfg.Log.Warn("the recovery phrase cannot be used; make another one", "error", err)
	return nil
}

// carryPhrase keeps a phrase that a backup was opened with, under the key of
// this computer, or forgets the one that nobody here can open.
func (c *change) carryPhrase(ctx context.Context) error {
	cfg := c.s.cfg
	if cfg.Recovery == nil {
		return nil
	}
	if cfg.Seal == nil {
		_, err := c.ExecContext(ctx, "DELETE FROM secret WHERE ref = ?", string(recoveryRef))
		if err == nil { // nothing here could have sealed this diary's end
			_, err = c.ExecContext(ctx, "DELETE FROM setting WHERE key = ?", everSealed)
		}
		return err
	}
	sealed, err := cfg.Seal.Seal(cfg.Recovery.secret)
	if err != nil {
		return fmt.Errorf("sealing the recovery phrase: %w", err)
	}
	return plain("secret").put(ctx, c.txn, string(recoveryRef), sealed)
}
