package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/health"
	"bestbefore/app/internal/secrets"
	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
)

// restoreWanted is the file that names the backup to put back at the next start.
const restoreWanted = "restore.wanted"

// restoreDone is the file that says which backup was put back last, and what that meant.
const restoreDone = "restore.done"

// backupEvery is how often it is looked whether a daily backup is to be made.
const backupEvery = time.Hour

// Backups lists what Restore can put back into a data folder, newest first. It
// works where nothing else does any more.
func Backups(dir string) ([]engine.Backup, error) {
	have, err := store.Backups(dir)
	if err != nil {
		return nil, err
	}
	name, err := wanted(dir)
	if err != nil {
		return nil, err
	}
	done := lastRestore(dir)
	out := make([]engine.Backup, 0, len(have))
	for _, b := range have {
		i := backupInfo(b, name)
		if b.Name == done.Name {
			i.Restored, i.Outcome = done.Time, done.Text
		}
		out = append(out, i)
	}
	return out, nil
}

// putBack is the newest restore: of which backup, when, and what it meant.
type putBack struct {
	Name string    `json:"name"`
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// lastRestore is empty when nothing was put back, or nobody can say; the diary
// has it in any case.
func lastRestore(dir string) (p putBack) {
	b, err := os.ReadFile(filepath.Join(dir, restoreDone))
	if err != nil || json.Unmarshal(b, &p) != nil {
		return putBack{}
	}
	return p
}

func backupInfo(b store.Backup, wanted string) engine.Backup {
	return engine.Backup{Name: b.Name, Time: b.Time, Reason: b.Reason, Bytes: b.Size, Wanted: b.Name == wanted}
}

// Restore puts a backup back into a data folder that no program has open, and
// says in a sentence what that meant; ErrInUse when one has.
func Restore(ctx context.Context, c Config, name string) (string, error) {
	h := aside(c)
	text, err := h.restore(ctx, name)
	return text, errors.Join(err, h.logFile.Close())
}

// RestoreWithPhrase is Restore for the file of a sealed backup, also one of
// another computer, and the recovery phrase that opens it.
func RestoreWithPhrase(ctx context.Context, c Config, file, phrase string) (string, error) {
	p, err := store.ParsePhrase(phrase)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return "", words.Errorf("making the data folder: %w", err)
	}
	h := aside(c)
	conf, _ := h.restoring(ctx) // without a key too
	conf.Recovery = p
	r, err := store.RestoreFile(ctx, conf, file)
	if err != nil {
		return "", errors.Join(err, h.logFile.Close())
	}
	return words.Sprintf("%s Passwords of connections stay behind: enter them again.", h.restored(r)), h.logFile.Close()
}

// aside is a home that is not opened.
func aside(c Config) *Home {
	h := &Home{Config: c, Hub: &changes.Hub{}, board: &health.Board{}}
	h.keeper = newKeeper(h)
	h.openLog()
	return h
}

// restoring is what putting back needs, and why there is no key.
func (h *Home) restoring(ctx context.Context) (store.Config, error) {
	c := store.Config{Dir: h.Dir, Log: h.part("store"), Now: clock.Wall, NewID: NewID}
	sealer, err := secrets.Open(ctx, h.keeper.config())
	if err == nil {
		c.Seal = sealer
	}
	return c, err
}

// restore needs the key only where the backup is sealed.
func (h *Home) restore(ctx context.Context, name string) (string, error) {
	c, keyErr := h.restoring(ctx)
	r, err := store.Restore(ctx, c, name)
	if errors.Is(err, store.ErrNoKey) && keyErr != nil {
		return "", words.Errorf("the backup is sealed, and its key is not at hand: %w", keyErr)
	}
	if err != nil {
		return "", err
	}
	return h.restored(r), nil
}

func (h *Home) restored(r store.Restored) string {
	h.Log.Info("a backup was put back", "name", r.Backup.Name, "kept", r.Kept, "lost", r.Lost, "missing", r.Missing, "apart", r.Apart, "aside", r.Aside)
	meant := words.Sprintf("%d newer decisions were kept.", r.Kept) + r.Said()
	b, err := json.Marshal(putBack{Name: r.Backup.Name, Time: clock.Wall(), Text: meant})
	if err == nil {
		err = os.WriteFile(filepath.Join(h.Dir, restoreDone), b, 0o600)
	}
	if err != nil {
		h.Log.Warn("remembering what was put back", "error", err)
	}
	text := words.Sprintf("The backup of %s is in place; %s", words.Date(r.Backup.Time.Local(), "2 Jan 2006 15:04"), meant)
	if r.Aside != "" {
		text += " " + words.Sprintf("What was there before is in %s.", r.Aside)
	}
	return text
}

// restoreIfWanted does before the files are opened what a person asked for while they
// were. It is tried once: a wish that fails must not stop the next start too.
func (h *Home) restoreIfWanted(ctx context.Context) {
	name, err := wanted(h.Dir)
	if err == nil && name == "" {
		return
	}
	if err == nil {
		if _, err = h.restore(ctx, name); errors.Is(err, ErrInUse) {
			return // whoever owns the folder will end, and the next one does it
		}
	}
	h.board.Report("restore", err, words.Text("The files are as they were. Choose another backup, or try again with the command backup restore."))
	if err := os.Remove(filepath.Join(h.Dir, restoreWanted)); err != nil {
		h.Log.Warn("forgetting the wish to restore", "error", err)
	}
}

func wanted(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, restoreWanted))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", words.Errorf("reading which backup to put back: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// safe implements engine.Backups on the open store.
type safe struct{ h *Home }

var _ engine.Backups = safe{}

// Backups implements engine.Backups.
func (s safe) Backups(context.Context) ([]engine.Backup, error) { return Backups(s.h.Dir) }

// BackupNow implements engine.Backups.
func (s safe) BackupNow(ctx context.Context) (engine.Backup, error) {
	b, err := s.h.store.BackupNow(ctx, store.ReasonByHand)
	return backupInfo(b, ""), err
}

// Restore implements engine.Backups.
func (s safe) Restore(ctx context.Context, name string) error {
	path := filepath.Join(s.h.Dir, restoreWanted)
	if name == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return words.Errorf("forgetting the wish to restore: %w", err)
		}
		return nil
	}
	have, err := s.Backups(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(have, func(b engine.Backup) bool { return b.Name == name }) {
		return words.Errorf("%w: %q", store.ErrNoBackup, name)
	}
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return words.Errorf("keeping which backup to put back: %w", err)
	}
	return nil
}

// Quarantined implements engine.Backups.
func (s safe) Quarantined(ctx context.Context) ([]engine.Quarantined, error) {
	set, err := s.h.store.Quarantine(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]engine.Quarantined, 0, len(set))
	for _, q := range set {
		out = append(out, engine.Quarantined{What: q.Place, Key: q.Key, Reason: q.Reason, Since: q.At})
	}
	return out, nil
}

// serveBackups keeps two daily backups. Without a key there are none: that
// there is no key is said elsewhere.
func (h *Home) serveBackups(ctx context.Context) error {
	select {
	case <-h.keeper.looked:
	case <-ctx.Done():
		return nil
	}
	tick := time.NewTicker(backupEvery)
	defer tick.Stop()
	for {
		err := h.store.BackupDaily(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, store.ErrNoKey) {
			err = nil
		}
		h.board.Report("backup", err, words.Text("It is tried again every hour. Make room on the disk, or look into the log."))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
