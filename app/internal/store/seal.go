package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// HeadSealer seals a few bytes so that nobody without the key can make them.
type HeadSealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// everSealed is the setting that says that there must be a seal.
const everSealed = "diary.sealed"

func (s *Store) sealPath() string { return filepath.Join(s.cfg.Dir, "head.seal") }

// brokenPath keeps the seal that did not fit, so that going on writing does not
// hide what was found.
func (s *Store) brokenPath() string { return s.sealPath() + ".broken" }

// SetSealer gives the key that seals the end of the diary, also later than
// Open, when a locked key store was unlocked. A seal that does not fit the
// diary is kept for VerifyDiary.
func (s *Store) SetSealer(ctx context.Context, sealer HeadSealer) error {
	s.evidence.mu.Lock()
	head, err := headOf(s.evidence.read.QueryRowContext(ctx, newestEntry))
	s.evidence.mu.Unlock()
	if err != nil {
		return classify(s.evidence.path, fmt.Errorf("reading the end of the diary: %w", err))
	}
	ever, err := s.Setting(ctx, everSealed)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.sealer = sealer
	s.mu.Unlock()
	if err := s.compareSeal(ctx, ever != ""); err != nil {
		return err
	}
	if ever == "" {
		if err := s.SetSetting(ctx, everSealed, "1"); err != nil {
			return err
		}
	}
	s.sealCopies(ctx, sealer)
	s.evidence.mu.Lock()
	defer s.evidence.mu.Unlock()
	s.sealHead(head)
	return nil
}

// compareSeal keeps the old seal aside when it does not fit the diary.
func (s *Store) compareSeal(ctx context.Context, must bool) error {
	sealed, err := s.readSeal(s.sealPath())
	if errors.Is(err, fs.ErrNotExist) && !must {
		return nil
	}
	if err == nil {
		var hash string
		err = s.evidence.read.QueryRowContext(ctx, "SELECT hash FROM diary WHERE seq = ?", int64(sealed.Seq)).Scan(&hash)
		if sealed.Seq == 0 || err == nil && hash == sealed.Hash {
			return nil
		}
	}
	s.cfg.Log.Error("the seal does not fit the diary", "sealed", sealed.Seq, "error", err)
	if _, err := os.Stat(s.brokenPath()); err == nil {
		return nil // the first find is the one to keep
	}
	err = os.Rename(s.sealPath(), s.brokenPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(s.brokenPath(), nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping the old seal: %w", err)
	}
	return nil
}

// sealHead seals the end of the diary after a commit; the caller holds
// evidence.mu. What was committed stays committed when it fails: the seal is
// then behind, and the next one covers both.
func (s *Store) sealHead(h ledger.Head) {
	s.mu.RLock()
	sealer := s.sealer
	s.mu.RUnlock()
	if sealer == nil {
		return
	}
	if err := s.writeSeal(sealer, h); err != nil {
		s.cfg.Log.Warn("sealing the end of the diary", "error", err)
	}
}

func (s *Store) writeSeal(sealer HeadSealer, h ledger.Head) error {
	plain, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sealed, err := sealer.Seal(plain)
	if err != nil {
		return err
	}
	next := s.sealPath() + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(sealed)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(next, s.sealPath())
}

func (s *Store) readSeal(path string) (ledger.Head, error) {
	var h ledger.Head
	s.mu.RLock()
	sealer := s.sealer
	s.mu.RUnlock()
	if sealer == nil {
		return h, fs.ErrNotExist
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		return h, err
	}
	plain, err := sealer.Open(sealed)
	if err != nil {
		return h, fmt.Errorf("opening the seal: %w", err)
	}
	err = json.Unmarshal(plain, &h)
	return h, err
}

// sealedHead is what the diary is compared with: the seal that did not fit, if
// there is one, else the newest. nil is "not sealed".
func (s *Store) sealedHead() (*ledger.Head, *ledger.Fault) {
	broken := &ledger.Fault{Why: ledger.SealBroken}
	for _, path := range []string{s.brokenPath(), s.sealPath()} {
		h, err := s.readSeal(path)
		switch {
		case err == nil:
			return &h, nil
		case !errors.Is(err, fs.ErrNotExist):
			broken.Detail = err.Error()
			return nil, broken
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.sealer != nil { // SetSealer wrote one, so somebody took it away
		broken.Detail = words.Text("the seal is gone")
		return nil, broken
	}
	return nil, nil
}

// Unseal is for a key that is given up: what it sealed is put aside, and the
// diary counts as not sealed until the next key comes. n says who did that, and
// stays in the diary; if the seal had not fitted before, it says that too. It may
// be stopped at any step and done again: the old key seals on until it is gone.
func (s *Store) Unseal(ctx context.Context, n ledger.Note) error {
	if _, err := os.Stat(s.brokenPath()); err == nil {
		n.Text += " " + words.Text("Before that, the seal had not fitted this diary.")
	}
	if err := s.Note(ctx, n); err != nil {
		return err
	}
	if err := s.SetSetting(ctx, everSealed, ""); err != nil {
		return err
	}
	s.evidence.mu.Lock() // nothing is sealed meanwhile
	defer s.evidence.mu.Unlock()
	s.mu.Lock()
	s.sealer = nil
	s.mu.Unlock()
	for _, path := range []string{s.sealPath(), s.brokenPath()} {
		if err := os.Rename(path, path+".given-up"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("putting the old seal aside: %w", err)
		}
	}
	return nil
}
