package engine

import (
	"context"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
)

// Keys is about the key that seals passwords and the diary's end.
type Keys interface {
	// Key says where it is. It waits until it was looked for once.
	Key(ctx context.Context) (KeyInfo, error)
	// Unlock takes the chosen passphrase, or a first one where there is no key
	// store that opens. Without a passphrase it looks for the key once more.
	Unlock(ctx context.Context, passphrase string) error
	// ChangePassphrase keeps the key under another passphrase.
	ChangePassphrase(ctx context.Context, old, next string) error
	// GiveUpPassphrase forgets one that nobody knows any more: what was sealed
	// under it has to be entered again.
	GiveUpPassphrase(ctx context.Context) error
}

// KeyInfo says where the key is.
type KeyInfo struct {
	Provider string `json:"provider"`         // "" is none: no password can be kept now
	Trouble  string `json:"trouble"`          // why there is none
	Locked   bool   `json:"locked,omitempty"` // the key store is there and may open: what it sealed opens with it alone
	Chosen   bool   `json:"chosen"`           // a passphrase was chosen: it is the way to the key
	Disk     Disk   `json:"disk"`             // what is stored is not encrypted by us, secrets apart
}

// Disk says whether the disk that holds the data folder is encrypted.
type Disk string

// The answers; an empty one is that it cannot be told.
const (
	DiskEncrypted Disk = "encrypted"
	DiskOpen      Disk = "not_encrypted"
)

var errNoKeeper = words.New("this program keeps no passwords")

// Key implements Keys.
func (e *Core) Key(ctx context.Context) (KeyInfo, error) {
	if e.Keeper == nil {
		return KeyInfo{Trouble: errNoKeeper.Error()}, nil
	}
	return e.Keeper.Key(ctx)
}

// Unlock implements Keys.
func (e *Core) Unlock(ctx context.Context, passphrase string) error {
	return e.keyed(func(k Keys) error { return k.Unlock(ctx, passphrase) })
}

// ChangePassphrase implements Keys.
func (e *Core) ChangePassphrase(ctx context.Context, old, next string) error {
	return e.keyed(func(k Keys) error { return k.ChangePassphrase(ctx, old, next) })
}

// GiveUpPassphrase implements Keys.
func (e *Core) GiveUpPassphrase(ctx context.Context) error {
	return e.keyed(func(k Keys) error { return k.GiveUpPassphrase(ctx) })
}

func (e *Core) keyed(f func(Keys) error) error {
	if e.Keeper == nil {
		return errNoKeeper
	}
	err := f(e.Keeper)
	e.changed(changes.Connections)
	return err
}
