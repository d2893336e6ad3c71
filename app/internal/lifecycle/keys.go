package lifecycle

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/secrets"
	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// The names of the problem that there is no key: the key store does not open,
// a passphrase is wanted, its file is damaged.
const (
	keyProblem        = "key store"
	passphraseProblem = "passphrase"
	damagedProblem    = "passphrase/damaged"
)

// keyEvery is how often a key store that was locked, or not there, is looked at
// again, and keyTime how long that may take. It asks nobody.
const (
	keyEvery = 10 * time.Second
	keyTime  = 3 * time.Second
)

// wrappedKey is the file that a passphrase opens.
const wrappedKey = "key.wrapped"

// noteKey is what the diary says of a key that was chosen or given up: it
// explains since when it is sealed.
const noteKey ledger.Kind = "key"

// reopenTime bounds how long the connections that waited for a key are waited for.
const reopenTime = 2 * time.Second

// keeper finds the key that seals secrets and the diary's end, also later than
// at the start. Without one everything that needs no secret still works.
type keeper struct {
	home       *Home
	passphrase *secrets.Passphrase
	sealer     atomic.Pointer[secrets.Sealer]
	looked     chan struct{}              // closed when it was looked for once
	once       sync.Once                  // closes looked
	quiet      func(context.Context) bool // the key store would open without asking anybody

	mu      sync.Mutex // one change at a time; guards trouble
	trouble error      // why there is none
}

var (
	_ engine.Keys      = (*keeper)(nil)
	_ store.HeadSealer = (*secrets.Sealer)(nil)
)

func newKeeper(h *Home) *keeper {
	return &keeper{home: h, passphrase: &secrets.Passphrase{Path: filepath.Join(h.Dir, wrappedKey), Cost: h.PassphraseCost}, looked: make(chan struct{}), quiet: secrets.OpensQuietly}
}

func (k *keeper) config() secrets.Config {
	h := k.home
	return secrets.Config{
		Credentials: h.Credentials, Store: h.store, Log: h.part("secrets"), Installation: installationOf(h.Dir),
		Passphrase: k.passphrase, AskPassphrase: h.AskPassphrase,
	}
}

// look asks the places where the key can be.
func (k *keeper) look(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.once.Do(func() { close(k.looked) })
	s, err := secrets.Open(ctx, k.config())
	if err != nil {
		k.without(err)
		return
	}
	k.use(ctx, s)
}

// serveKey fetches the key, and where the key store is locked or not there yet,
// as it may be just after signing in, looks at it again until it opens.
func (h *Home) serveKey(ctx context.Context) error {
	if h.KeyLater {
		h.keeper.look(ctx)
	}
	tick := time.NewTicker(keyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			h.keeper.lookAgain(ctx)
		}
	}
}

// lookAgain looks for a key that may be there by now, unless that would ask
// somebody: an unlock prompt each time would be a plague.
func (k *keeper) lookAgain(ctx context.Context) {
	if !k.waits() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	if !k.quiet(limited) {
		return
	}
	k.look(ctx)
	if k.sealer.Load() != nil {
		k.reopen(ctx)
	}
}

// waits reports whether the key may come from a key store that does not open now.
func (k *keeper) waits() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sealer.Load() == nil && (errors.Is(k.trouble, secrets.ErrLocked) || errors.Is(k.trouble, secrets.ErrNoKeyStore))
}

// without says that there is no key, and what helps; the caller holds mu.
func (k *keeper) without(err error) {
	k.home.Log.Info("no key", "error", err)
	k.trouble = err
	for _, id := range []string{keyProblem, passphraseProblem, damagedProblem} {
		why := error(nil)
		if id == keyProblemOf(err) {
			why = keySentence(err)
		}
		k.home.board.Report(id, why, words.Sprintf("%s Until then the diary is not sealed and no password can be kept.", keyHelp(err)))
	}
}

func keyProblemOf(err error) string {
	switch {
	case errors.Is(err, secrets.ErrPassphrase), errors.Is(err, secrets.ErrWrongPassphrase):
		return passphraseProblem
	case errors.Is(err, secrets.ErrDamaged):
		return damagedProblem
	default:
		return keyProblem
	}
}

// use seals with s from now on; the caller holds mu. A connection that waited
// for its password is opened at once.
func (k *keeper) use(ctx context.Context, s *secrets.Sealer) {
	h := k.home
	k.sealer.Store(s)
	k.trouble = nil
	for _, id := range []string{keyProblem, passphraseProblem, damagedProblem} {
		h.board.Report(id, nil, "")
	}
	if err := h.store.SetSealer(ctx, s); err != nil {
		h.board.Report("diary seal", err, words.Text("Open the diary and check it."))
	}
}

// reopen tries the connections anew; before Serve there is nothing to try.
func (k *keeper) reopen(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reopenTime)
	defer cancel()
	if err := k.home.pool.Reload(ctx); err != nil {
		k.home.Log.Debug("opening what waited for the key", "error", err) // it is tried again by itself
	}
}

// Key implements engine.Keys.
func (k *keeper) Key(ctx context.Context) (engine.KeyInfo, error) {
	select {
	case <-k.looked:
	case <-ctx.Done():
		return engine.KeyInfo{}, ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	out := engine.KeyInfo{Chosen: k.passphrase.Chosen(), Disk: diskOf(k.home.Dir)}
	if s := k.sealer.Load(); s != nil {
		out.Provider = s.Provider()
	} else if k.trouble != nil {
		out.Trouble, out.Locked = keySentence(k.trouble).Error(), errors.Is(k.trouble, secrets.ErrLocked)
	}
	return out, nil
}

func diskOf(dir string) engine.Disk {
	switch encrypted, known := store.DiskEncrypted(dir); {
	case !known:
		return ""
	case encrypted:
		return engine.DiskEncrypted
	default:
		return engine.DiskOpen
	}
}

var errHasKey = words.New("the key is there already, from the system; a passphrase is not needed")

// Unlock implements engine.Keys.
func (k *keeper) Unlock(ctx context.Context, passphrase string) error {
	if passphrase == "" {
		k.look(ctx)
		if _, err := k.Key(ctx); err != nil {
			return err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.trouble != nil {
			return keySentence(k.trouble)
		}
		k.reopen(ctx)
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.sealer.Load()
	if s != nil && s.Provider() != secrets.NamePassphrase {
		return errHasKey
	}
	next, err := k.open(ctx, passphrase)
	if err != nil {
		return err
	}
	if s == nil {
		k.use(ctx, next)
		k.reopen(ctx)
	}
	return nil
}

// open gives the sealer of a passphrase, which is the first one where none was
// chosen; the caller holds mu.
func (k *keeper) open(ctx context.Context, passphrase string) (*secrets.Sealer, error) {
	take, chosen := k.passphrase.Open, k.passphrase.Chosen()
	if !chosen {
		take = k.passphrase.Choose
	}
	key, err := take(passphrase)
	if err != nil {
		return nil, err
	}
	s, err := secrets.OpenWith(k.config(), key)
	if err != nil || chosen {
		return s, err
	}
	return s, k.home.store.Note(ctx, noteOf(words.Text("You chose a passphrase: it opens the key that seals passwords and the end of this diary.")))
}

// ChangePassphrase implements engine.Keys.
func (k *keeper) ChangePassphrase(_ context.Context, old, next string) error {
	if !k.passphrase.Chosen() {
		return errNotChosen
	}
	return k.passphrase.Change(old, next)
}

var errNotChosen = words.New("no passphrase was chosen here")

// GiveUpPassphrase implements engine.Keys.
func (k *keeper) GiveUpPassphrase(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.passphrase.Chosen() {
		return errNotChosen
	}
	n := noteOf(words.Text("You gave up the passphrase. What it sealed cannot be opened any more: passwords have to be entered again, and the seal of this diary ended here."))
	if err := k.home.store.Unseal(ctx, n); err != nil {
		return err
	}
	if err := k.passphrase.GiveUp(); err != nil {
		return err
	}
	k.sealer.Store(nil)
	k.without(secrets.ErrNoKeyStore)
	return nil
}

func noteOf(text string) ledger.Note {
	return ledger.Note{Time: clock.Wall(), Kind: noteKey, Text: text}
}

// keySentence is the person's half of why there is no key; the log has the rest.
func keySentence(err error) error {
	for _, known := range []error{
		secrets.ErrPassphrase, secrets.ErrWrongPassphrase, secrets.ErrDamaged, secrets.ErrLocked, secrets.ErrNoKeyStore,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return err
}

// keyHelp is what a person can do about it.
func keyHelp(err error) string {
	switch keyProblemOf(err) {
	case passphraseProblem:
		return words.Text("Enter it in Settings, or with \"bestbefore-agent key unlock\".")
	case damagedProblem:
		return words.Text("Give it up in Settings, or with \"bestbefore-agent key give-up\".")
	default:
		return words.Text("Unlock or start this computer's key store: it is looked for again by itself. Or choose a passphrase in Settings.")
	}
}
