// Package lifecycle builds the engine's graph, starts its services under a
// supervisor and stops them in order. It is the one place that knows who is
// wired to whom; it holds no Fyne, so that the agent can use it.
package lifecycle

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/health"
	"bestbefore/app/internal/rpc"
	"bestbefore/app/internal/secrets"
	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/sessions"
	"bestbefore/consent/enforce"
	"bestbefore/consent/expiry"
	"bestbefore/discovery"
	"bestbefore/discovery/recipient"
)

// Version is this program's; FyneApp.toml carries the same.
const Version = "0.1.0"

// Config says what to build.
type Config struct {
	Dir string // data folder, made where it is not there
	// Scan watches the network, Enforce opens connections and keeps the dates,
	// Listen answers other programs over the local socket and announces us.
	Scan, Enforce, Listen bool
	// Raise is told when a second window was started; may be nil.
	Raise func(target string)
	// LogTo gets a copy of the log; may be nil.
	LogTo io.Writer
	// Credentials is the folder in which systemd hands over a key; may be empty.
	Credentials string
	// AskPassphrase asks for a passphrase that was chosen; nil where nobody can be asked at the start.
	AskPassphrase func(ctx context.Context) (string, error)
	// PassphraseCost of a new passphrase; zero is the usual.
	PassphraseCost secrets.Cost
	// Registry replaces the connectors that we ship; nil is those.
	Registry *connectors.Registry
	// KeyLater fetches the key in Serve instead of Open: a key store that waits
	// for its owner must not hold up a window.
	KeyLater bool
	// Scanners replace the sources that look at the real network; with them
	// nothing is announced there either. Nil is ours.
	Scanners map[string]discovery.Scanner
	// Lookup replaces the system's resolver; nil is that.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Clocks and Synchronised replace this computer's clocks and what its time
	// service says of them, for tests; nil is those of this computer.
	Clocks       func() clock.Reading
	Synchronised func() (ok, known bool)
	// Bus is the address of the D-Bus on which notifications are shown; empty is
	// the session's.
	Bus string
	// Plain shows a fixed text where the system has notifications without answers
	// and no D-Bus; false when it cannot yet. Nil is the D-Bus.
	Plain func() bool
	// RemindEvery is how often reminders are looked at; zero is each minute.
	RemindEvery time.Duration
}

// Home is a running engine with everything behind it.
type Home struct {
	Config
	Log *slog.Logger
	Hub *changes.Hub

	core      *engine.Core
	store     *store.Store
	inventory *discovery.Inventory
	scheduler *expiry.Scheduler
	who       *recipient.Book
	runner    *enforce.Runner
	pool      *sessions.Pool
	kinds     *connectors.Registry
	shelf     shelf
	book      logbook
	keeper    *keeper
	board     *health.Board
	clock     *clockWatch
	own       string // the id under which this engine announces itself
	logFile   io.Closer
}

// The checks that what is wired fits what was declared.
var (
	_ engine.Store  = (*store.Store)(nil)
	_ expiry.Store  = (*store.Store)(nil)
	_ enforce.Store = (*store.Store)(nil)
	_ engine.Engine = (*engine.Core)(nil)
)

// Open builds the graph on a data folder and starts nothing. The caller calls
// Serve, and Close after it has returned.
func Open(ctx context.Context, c Config) (*Home, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, words.Errorf("Best Before cannot make its data folder %s; choose another with --data: %w", c.Dir, err)
	}
	if c.Lookup == nil {
		c.Lookup = lookup
	}
	if c.Clocks == nil {
		c.Clocks = clock.NewReader().Read
	}
	if c.Synchronised == nil {
		c.Synchronised = clock.Synchronised
	}
	h := &Home{Config: c, Hub: &changes.Hub{}, board: &health.Board{}}
	h.keeper = newKeeper(h)
	h.openLog()
	h.board.Changed = func() { h.Hub.Publish(changes.Connections) }
	h.restoreIfWanted(ctx)
	st, err := h.openStore(ctx)
	if err != nil {
		return nil, errors.Join(err, h.logFile.Close())
	}
	h.store = st
	if err := h.build(ctx); err != nil {
		return nil, errors.Join(err, st.Close(), h.logFile.Close())
	}
	return h, nil
}

// openStore opens the files. A folder in use is waited for a moment where
// nobody answers there: a short command may just be finishing.
func (h *Home) openStore(ctx context.Context) (*store.Store, error) {
	for try := 0; ; try++ {
		st, err := store.Open(ctx, store.Config{
			Dir: h.Dir, Log: h.part("store"), Now: h.now, NewID: NewID,
			Changed: func(topics ...string) { h.Hub.Publish(asTopics(topics)...) },
		})
		if !errors.Is(err, ErrInUse) || try == lockTries || answered(ctx, h.Dir) {
			return st, err
		}
		wait := time.NewTimer(lockWait)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil, errors.Join(err, ctx.Err())
		case <-wait.C:
		}
	}
}

// lockTries and lockWait bound how long a folder in use is waited for.
const (
	lockTries = 20
	lockWait  = 250 * time.Millisecond
)

// answered reports whether a running engine answers for the folder.
func answered(ctx context.Context, dir string) bool {
	c, err := rpc.Dial(ctx, dir)
	if err != nil {
		return false
	}
	_ = c.Close() // only its presence was asked
	return true
}

// now is the time to go by; before the clock is judged it is what it shows.
func (h *Home) now() time.Time {
	if h.clock == nil {
		return h.Clocks().Wall
	}
	return h.clock.now()
}

// Engine is what windows and command lines use.
func (h *Home) Engine() engine.Engine { return h.core }

// Close gives up the files. Serve must have returned.
func (h *Home) Close() error { return errors.Join(h.store.Close(), h.logFile.Close()) }

// openLog keeps a rotated log beside the data.
func (h *Home) openLog() {
	file := &lumberjack.Logger{Filename: filepath.Join(h.Dir, "log", "bestbefore.log"), MaxSize: 5, MaxBackups: 3}
	var out io.Writer = file
	if h.LogTo != nil {
		out = io.MultiWriter(file, h.LogTo)
	}
	h.logFile = file
	h.Log = slog.New(h.book.handler(slog.NewTextHandler(out, nil)))
}

func (h *Home) part(name string) *slog.Logger { return h.Log.With("component", name) }

// report connects what an engine or adapter says is wrong to the home page.
func (h *Home) report(what string, err error) {
	if err != nil {
		h.Log.Warn("trouble", "what", what, "error", err)
	}
	h.board.Report(what, err, words.Text("It is tried again by itself."))
}

func (h *Home) problems() []engine.Problem {
	var out []engine.Problem
	for _, p := range h.board.Problems() {
		out = append(out, engine.Problem{ID: p.ID, Text: p.Text, Fix: p.Fix})
	}
	return out
}

// installationOf names the key of a data folder: each has its own, so that
// throwing one away does not lock another.
func installationOf(dir string) string {
	usual, err := DefaultDataDir()
	if err != nil || dir == usual {
		return ""
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

func asTopics(in []string) []changes.Topic {
	out := make([]changes.Topic, len(in))
	for i, t := range in {
		out[i] = changes.Topic(t)
	}
	return out
}

// NewID makes an opaque id: a letter and 60 random bits.
func NewID(prefix string) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:12]
}

// zone is the system's zone now; its name falls back to UTC when the system has none.
func zone() (string, *time.Location) {
	name, loc, err := clock.Zone()
	if err != nil {
		return "UTC", time.UTC
	}
	return name, loc
}

// DefaultDataDir is where the household's data lives unless --data says otherwise.
func DefaultDataDir() (string, error) {
	base, err := os.UserConfigDir()
	if err != nil {
		return "", words.Errorf("finding a place for the data; name one with --data: %w", err)
	}
	return filepath.Join(base, "bestbefore"), nil
}

// ErrInUse says that another process owns the data folder.
var ErrInUse = store.ErrInUse

// Ready waits until the connections have been tried once, so that a command
// finds them open. It does not wait for a peer that hangs.
func (h *Home) Ready(ctx context.Context) error {
	if !h.Enforce {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := h.pool.Ready(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// readyTime bounds how long Ready waits.
const readyTime = 10 * time.Second
