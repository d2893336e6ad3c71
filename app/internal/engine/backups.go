package engine

import (
	"context"
	"time"

	"bestbefore/assets/words"
)

// Backups is about what was lost, and about not losing it.
type Backups interface {
	// Backups lists the copies that can be put back, newest first.
	Backups(ctx context.Context) ([]Backup, error)
	// BackupNow makes one; it is always sealed, so it needs the key.
	BackupNow(ctx context.Context) (Backup, error)
	// Restore puts a copy back when the program starts the next time, since
	// nobody may have the files open then. Newer decisions that can still be read
	// are kept. An empty name takes the wish back.
	Restore(ctx context.Context, name string) error
	// Quarantined lists the records that are damaged and were set aside.
	Quarantined(ctx context.Context) ([]Quarantined, error)
}

// Recovery is about opening a backup on another computer.
type Recovery interface {
	// RecoveryPhrase makes the phrase that opens the backups from now on, and is
	// its only showing; where there was one, another must be asked for.
	RecoveryPhrase(ctx context.Context, another bool) (string, error)
}

// Backup is a copy of permissions, diary and devices.
type Backup struct {
	Name   string    `json:"name"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Bytes  int64     `json:"bytes"`
	Wanted bool      `json:"wanted,omitempty"` // it is put back at the next start
	// Restored is when it was put back, if it was the newest to be, and Outcome
	// what that meant: how many newer decisions were kept, and what is lost.
	Restored time.Time `json:"restored,omitzero"`
	Outcome  string    `json:"outcome,omitempty"`
}

// Quarantined is a record that is damaged. Everything else goes on without it.
type Quarantined struct {
	What   string    `json:"what"` // consent, action, device ...
	Key    string    `json:"key"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

var errNoBackups = words.New("this program keeps no backups")

// Backups implements Backups.
func (e *Core) Backups(ctx context.Context) ([]Backup, error) {
	if e.Safe == nil {
		return nil, nil
	}
	return e.Safe.Backups(ctx)
}

// BackupNow implements Backups.
func (e *Core) BackupNow(ctx context.Context) (Backup, error) {
	if e.Safe == nil {
		return Backup{}, errNoBackups
	}
	return e.Safe.BackupNow(ctx)
}

// Restore implements Backups.
func (e *Core) Restore(ctx context.Context, name string) error {
	if e.Safe == nil {
		return errNoBackups
	}
	return e.Safe.Restore(ctx, name)
}

// Quarantined implements Backups.
func (e *Core) Quarantined(ctx context.Context) ([]Quarantined, error) {
	if e.Safe == nil {
		return nil, nil
	}
	return e.Safe.Quarantined(ctx)
}

// RecoveryPhrase implements Recovery.
func (e *Core) RecoveryPhrase(ctx context.Context, another bool) (string, error) {
	if e.Recover == nil {
		return "", errNoBackups
	}
	return e.Recover.RecoveryPhrase(ctx, another)
}
