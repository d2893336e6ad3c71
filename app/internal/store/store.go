// Package store keeps everything that must outlive the program, in two SQLite
// files of one folder. evidence.db holds what was decided, done and seen: every
// write is durable when it returns, and nothing in it is ever dropped silently.
// flows.db holds where devices talk: it may lose seconds, be purged or begun anew.
//
// One process owns the folder. The engines declare what they need of storage;
// Store implements it without knowing them.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Topics name what changed, for Config.Changed.
const (
	TopicDevices     = "devices"
	TopicConsents    = "consents"
	TopicActions     = "actions"
	TopicDiary       = "diary"
	TopicFlows       = "flows"
	TopicConnections = "connections"
)

// Config is what Open needs.
type Config struct {
	Dir   string                     // the data folder; made when it is not there
	Log   *slog.Logger               // nil discards
	Now   func() time.Time           // needed
	NewID func(prefix string) string // needed; an opaque id with a one-letter prefix
	// Seal seals the end of the diary; nil until a key is at hand, see SetSealer.
	Seal HeadSealer
	// Recovery opens backups that another key sealed; for Restore, may be nil.
	Recovery *Phrase
	// Changed is told the topics after each commit; may be nil, must not block.
	Changed func(topics ...string)
	// Reserve is the size of the file that is given up when the disk is full; 0 is 16 MiB.
	Reserve int64
	// MinFree stops the recording of flows while less is free, so that the
	// evidence still has room; 0 is 500 MiB, negative is none.
	MinFree int64
	// MaxFlows is how large the file of traffic may grow; 0 is 2 GiB.
	MaxFlows int64
}

// Store is safe for concurrent use.
type Store struct {
	cfg      Config
	lock     *flock.Flock
	evidence *file
	flows    *file
	ingest   *ingest
	problems []Problem
	room     room
	earlier  []string // plain copies of the evidence that an earlier start made

	mu      sync.RWMutex // guards aliases, sealer
	aliases map[discovery.DeviceID]discovery.DeviceID
	sealer  HeadSealer
}

// Problem is something that Open found wrong and could live with.
type Problem struct {
	File string
	Text string
}

// Open locks the folder and opens both files. Its errors are sentences; see
// FileError and ErrInUse.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Dir == "" || c.Now == nil || c.NewID == nil {
		return nil, errors.New("store: Config.Dir, Now and NewID are needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Changed == nil {
		c.Changed = func(...string) {}
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("finding the data folder: %w", err)
	}
	c.Dir = dir
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: c, lock: lock, aliases: map[discovery.DeviceID]discovery.DeviceID{}}
	s.room = room{dir: c.Dir, reserve: c.Reserve, minFree: c.MinFree, now: c.Now}
	s.room.keepReserve()
	err = s.open(ctx)
	if errors.Is(err, ErrFull) && s.room.free() {
		// SQLite needs a little room only to open a file: a disk that was filled up
		// meanwhile must not keep a start from ending what is due.
		c.Log.Warn("the disk is full; the reserve was given up")
		err = errors.Join(s.closeFiles(), s.open(ctx))
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	var err error
	if s.earlier, err = copies(filepath.Join(s.cfg.Dir, "evidence.db")); err != nil {
		return err
	}
	if s.evidence, err = s.openEvidence(ctx); err != nil {
		return err
	}
	if s.flows, err = s.openFlows(ctx); err != nil {
		return err
	}
	if s.ingest, err = newIngest(ctx, s.flows); err != nil {
		return classify(s.flows.path, err)
	}
	if err := s.loadAliases(ctx); err != nil {
		return err
	}
	if s.cfg.Seal != nil {
		return s.SetSealer(ctx, s.cfg.Seal)
	}
	return nil
}

// openEvidence never starts empty beside the traces of an earlier diary: its
// sealed end, or a record of traffic, which is begun only after it.
func (s *Store) openEvidence(ctx context.Context) (*file, error) {
	path := filepath.Join(s.cfg.Dir, "evidence.db")
	fresh, err := isFresh(ctx, path)
	if err != nil {
		return nil, err
	}
	if fresh && s.traces(ctx) {
		return nil, &FileError{Kind: ErrMissing, File: path}
	}
	return openFile(ctx, evidenceConfig(path, s.cfg))
}

func (s *Store) traces(ctx context.Context) bool {
	if _, err := os.Stat(s.sealPath()); err == nil {
		return true
	}
	fresh, err := isFresh(ctx, filepath.Join(s.cfg.Dir, "flows.db"))
	return err == nil && !fresh
}

// openFlows sets a damaged file aside: traffic can be watched anew.
func (s *Store) openFlows(ctx context.Context) (*file, error) {
	c := fileConfig{
		path: filepath.Join(s.cfg.Dir, "flows.db"), migrations: flowMigrations(), after: flowSteps(), now: s.cfg.Now,
		// A larger write-ahead log than usual: rows of many devices lie far from each
		// other, and what is written to one page in the meantime goes to its place once.
		pragmas: []string{"synchronous(NORMAL)", "cache_size(-2048)", "wal_autocheckpoint(4000)"},
	}
	err := error(&FileError{Kind: ErrCorrupt, File: c.path})
	if !s.marked() {
		var f *file
		if f, err = openFile(ctx, c); err == nil {
			if err = soundSchema(ctx, f); err == nil {
				return f, nil
			}
			_ = f.close() // it is damaged
		}
	}
	if !beyondReading(err) {
		return nil, err
	}
	if err := s.setFlowsAside(c.path, err); err != nil {
		return nil, err
	}
	return openFile(ctx, c)
}

// setFlowsAside keeps the damaged file, and says so.
func (s *Store) setFlowsAside(path string, why error) error {
	aside := fmt.Sprintf("%s.damaged-%d", path, s.cfg.Now().UnixMilli())
	if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("setting the damaged flows aside: %w", err)
	}
	for _, tail := range []string{"-wal", "-shm"} {
		_ = os.Rename(path+tail, aside+tail) // usually not there
	}
	_ = os.Remove(s.damagedMark()) // usually not there
	s.cfg.Log.Warn("flows were damaged and are begun anew", "error", why)
	s.problems = append(s.problems, Problem{
		File: aside,
		Text: words.Text("The record of past traffic was damaged. It was set aside, and watching began anew; permissions and diary are not affected."),
	})
	return nil
}

// Problems lists what Open found wrong and could live with.
func (s *Store) Problems() []Problem { return s.problems }

// Close closes both files and gives the folder free. It is the last call.
func (s *Store) Close() error { return errors.Join(s.closeFiles(), s.lock.Close()) }

func (s *Store) closeFiles() error {
	var errs []error
	for _, f := range []*file{s.flows, s.evidence} {
		if f != nil {
			errs = append(errs, f.close())
		}
	}
	s.flows, s.evidence = nil, nil
	return errors.Join(errs...)
}

// commit runs fn in one durable transaction on the evidence and tells the
// topics afterwards. A full disk gets the reserve and a second chance.
func (s *Store) commit(ctx context.Context, fn func(*change) error, topics ...string) error {
	s.evidence.mu.Lock()
	defer s.evidence.mu.Unlock()
	c, err := s.tryChange(ctx, fn)
	if errors.Is(err, ErrFull) && s.room.free() {
		s.cfg.Log.Warn("the disk is full; the reserve was given up")
		c, err = s.tryChange(ctx, fn)
	}
	if err != nil {
		return err
	}
	if c.noted {
		s.sealHead(c.head)
		topics = append(topics, TopicDiary)
	}
	if len(topics) > 0 {
		s.cfg.Changed(topics...)
	}
	return nil
}

// change is one transaction on the evidence.
type change struct {
	*txn
	s     *Store
	head  ledger.Head
	noted bool
}

func (s *Store) tryChange(ctx context.Context, fn func(*change) error) (*change, error) {
	c := &change{s: s}
	return c, s.evidence.tx(ctx, func(t *txn) error {
		c.txn = t
		return fn(c)
	})
}
