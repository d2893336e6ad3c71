package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// State is how a file from outside stands.
type State string

// The states. Only what is approved is used.
const (
	StateApproved State = "approved"
	StateChanged  State = "changed" // another file of this kind was approved
	StateNew      State = "new"
	StateBroken   State = "broken"
)

// Item is one file of the shelf, or one that is only looked at.
type Item struct {
	File     string // its name in the folder
	SHA256   string // hexadecimal
	State    State
	Approved time.Time
	Recipe   *Recipe // nil where it is broken
	Faults   []Fault
}

// Shelf is the folder with recipes from outside. A file there counts only as
// long as its SHA-256 is the one that the household approved.
type Shelf struct {
	dir   string
	now   func() time.Time
	taken func(kind string) bool

	mu sync.Mutex // one at a time reads and writes the folder
}

// ShelfConfig is what a shelf is kept from.
type ShelfConfig struct {
	Dir string // need not exist
	Now func() time.Time
	// Taken reports kinds that a recipe may not take, since a connector of ours has them.
	Taken func(kind string) bool
}

// NewShelf checks c and touches nothing.
func NewShelf(c ShelfConfig) (*Shelf, error) {
	if c.Dir == "" || c.Now == nil || c.Taken == nil {
		return nil, errors.New("a shelf needs a folder, a clock, and to know which kinds are taken")
	}
	return &Shelf{dir: c.Dir, now: c.Now, taken: c.Taken}, nil
}

// shelfMax bounds the files that are looked at.
const shelfMax = 100

// approvals is the file that says what the household approved.
type approvals struct {
	Schema int               `json:"schema"`
	Kinds  map[string]pinned `json:"kinds"`
}

type pinned struct {
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

const approvalsFile = "approved.json"

// Look reads a file without keeping it.
func (s *Shelf) Look(data []byte) (Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ok, err := s.approvals()
	return s.look("", data, ok), err
}

func (s *Shelf) look(file string, data []byte, ok approvals) Item {
	sum := sha256.Sum256(data)
	it := Item{File: file, SHA256: hex.EncodeToString(sum[:]), State: StateNew}
	r, err := Parse(data)
	if err == nil && s.taken(r.Kind) {
		line, column := r.at.at("kind")
		err = Fault{line, column, fmt.Sprintf("the kind %q is one that Best Before has itself; choose another", r.Kind)}
	}
	if err == nil && len(r.Knocks) > 0 {
		line, column := r.at.at("knocks")
		err = Fault{line, column, "knocks are for connectors that are part of Best Before; leave it out"}
	}
	if err != nil {
		it.State, it.Faults = StateBroken, Faults(err)
		return it
	}
	it.Recipe = r
	if pin, known := ok.Kinds[r.Kind]; known {
		if it.State, it.Approved = StateChanged, pin.At; pin.SHA256 == it.SHA256 {
			it.State = StateApproved
		}
	}
	return it
}

// Items lists the folder, by file name. Of two files with the same content only the first counts.
func (s *Shelf) Items() ([]Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items()
}

func (s *Shelf) items() ([]Item, error) {
	ok, err := s.approvals()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the folder of connector files: %w", err)
	}
	var out []Item
	for _, e := range entries {
		if ext := strings.ToLower(filepath.Ext(e.Name())); !e.Type().IsRegular() || ext != ".yaml" && ext != ".yml" || len(out) == shelfMax {
			continue
		}
		data, err := readBounded(filepath.Join(s.dir, e.Name()))
		if err != nil {
			return nil, err
		}
		it := s.look(e.Name(), data, ok)
		if !slices.ContainsFunc(out, func(o Item) bool { return o.SHA256 == it.SHA256 }) {
			out = append(out, it)
		}
	}
	return out, nil
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading a connector file: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err != nil {
		return nil, fmt.Errorf("reading a connector file: %w", err)
	}
	return data, nil
}

// Connectors are those of the approved files.
func (s *Shelf) Connectors() ([]connectors.Connector, error) {
	items, err := s.Items()
	var out []connectors.Connector
	for _, it := range items {
		if it.State == StateApproved {
			out = append(out, New(it.Recipe))
		}
	}
	return out, err
}

// Add keeps a file that the household approved. sum is the SHA-256 of what it
// was shown, so that nothing else can be slipped in.
func (s *Shelf) Add(data []byte, sum string) (Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ok, err := s.approvals()
	if err != nil {
		return Item{}, err
	}
	it := s.look("", data, ok)
	switch {
	case it.State == StateBroken:
		return it, words.Errorf("this connector file cannot be used: %w", it.Faults[0])
	case it.SHA256 != sum:
		return it, words.New("this is not the file that was approved; look at it again")
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return it, fmt.Errorf("making the folder of connector files: %w", err)
	}
	if err := s.discard(it.Recipe.Kind, it.SHA256); err != nil {
		return it, err
	}
	it.File = it.Recipe.Kind + ".yaml"
	if err := replace(filepath.Join(s.dir, it.File), data); err != nil {
		return it, err
	}
	it.State, it.Approved = StateApproved, s.now().UTC().Truncate(time.Second)
	ok.Kinds[it.Recipe.Kind] = pinned{it.SHA256, it.Approved}
	return it, s.approve(ok)
}

// Remove takes a kind off the shelf; false where there is none.
func (s *Shelf) Remove(kind string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ok, err := s.approvals()
	if err != nil {
		return false, err
	}
	_, known := ok.Kinds[kind]
	items, err := s.items()
	if err != nil {
		return false, err
	}
	known = known || slices.ContainsFunc(items, func(it Item) bool { return it.Recipe != nil && it.Recipe.Kind == kind })
	if !known {
		return false, nil
	}
	delete(ok.Kinds, kind)
	if err := s.approve(ok); err != nil { // first, so that a crash leaves nothing in use
		return false, err
	}
	return true, s.discard(kind, "")
}

// discard deletes the files of a kind but for those that have just this content
// and stand where it belongs.
func (s *Shelf) discard(kind, sum string) error {
	items, err := s.items()
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Recipe == nil || it.Recipe.Kind != kind || it.SHA256 == sum && it.File == kind+".yaml" {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, it.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a connector file: %w", err)
		}
	}
	return nil
}

func (s *Shelf) approvals() (approvals, error) {
	out := approvals{Schema: 1, Kinds: map[string]pinned{}}
	data, err := os.ReadFile(filepath.Join(s.dir, approvalsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("reading which connector files are approved: %w", err)
	}
	var in approvals
	if err := json.Unmarshal(data, &in); err != nil || in.Schema != 1 {
		return out, nil // damaged: nothing is approved, and everything is asked for anew
	}
	if in.Kinds != nil {
		out.Kinds = in.Kinds
	}
	return out, nil
}

func (s *Shelf) approve(a approvals) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("writing which connector files are approved: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of connector files: %w", err)
	}
	return replace(filepath.Join(s.dir, approvalsFile), data)
}

// replace writes a file in one step.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("keeping a connector file: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // half a file helps nobody
		return fmt.Errorf("keeping a connector file: %w", err)
	}
	return nil
}
