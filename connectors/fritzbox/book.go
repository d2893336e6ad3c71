package fritzbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Bounds of our own list, which comes back from a file.
const (
	bookFile  = "blocked.json"
	maxBook   = 4 << 20
	maxBlocks = 1024
	maxMACs   = 16
)

// block is what one mark asks for.
type block struct {
	MACs      []string          `json:"macs"`
	Addresses []netip.Addr      `json:"addresses"` // where the device was when it was blocked
	Target    connectors.Target `json:"target"`
	At        time.Time         `json:"at"`
}

// switched is an address whose internet access we switched off ourselves. What
// was off before is not in here, and is never switched on by us.
type switched struct {
	MAC string    `json:"mac"` // whose address it was
	At  time.Time `json:"at"`
}

// book is our own list of what we blocked, since the box keeps none. It is
// written before the box is asked: after a crash we rather lift what we did not
// set than forget what we did.
type book struct {
	path string // empty: memory only

	Version int                     `json:"version"`
	Born    time.Time               `json:"born"` // receipts older than this are from a list that was lost
	Blocks  map[string]block        `json:"blocks"`
	Set     map[netip.Addr]switched `json:"set"`
	Lifted  map[string]time.Time    `json:"lifted,omitempty"` // receipts of a lost list that are used up
	User    string                  `json:"user,omitempty"`   // whom the password is, where the box named them
}

func openBook(dir string, now func() time.Time) (*book, error) {
	b := &book{Version: 1, Born: now().UTC(), Blocks: map[string]block{}, Set: map[netip.Addr]switched{}, Lifted: map[string]time.Time{}}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, connectors.Transient(words.Text("the folder for the list of blocks cannot be made"), err)
	}
	b.path = filepath.Join(dir, bookFile)
	f, err := os.Open(b.path)
	if errors.Is(err, os.ErrNotExist) {
		return b, b.save()
	}
	if err != nil {
		return nil, connectors.Transient(words.Text("the list of what was blocked cannot be read"), err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxBook+1))
	if err != nil {
		return nil, connectors.Transient(words.Text("the list of what was blocked cannot be read"), err)
	}
	read, err := parseBook(raw)
	if err != nil { // a list that cannot be read must not keep the household from blocking
		aside := b.path + ".damaged"
		if err := os.Rename(b.path, aside); err != nil {
			return nil, connectors.Transient(words.Text("the list of what was blocked is damaged and cannot be put aside"), err)
		}
		return b, b.save()
	}
	read.path = b.path
	return read, nil
}

var errBook = errors.New("this is no list of blocks")

// parseBook reads what save wrote; anything else is an error.
func parseBook(raw []byte) (*book, error) {
	var b book
	if len(raw) > maxBook {
		return nil, errBook
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("reading the list of blocks: %w", err)
	}
	if b.Version != 1 || len(b.Blocks) > maxBlocks || len(b.Set) > maxBlocks*maxMACs || len(b.Lifted) > maxBlocks {
		return nil, errBook
	}
	if b.Blocks == nil {
		b.Blocks = map[string]block{}
	}
	if b.Set == nil {
		b.Set = map[netip.Addr]switched{}
	}
	if b.Lifted == nil {
		b.Lifted = map[string]time.Time{}
	}
	for mark, k := range b.Blocks {
		if mark == "" || len(k.MACs) == 0 || len(k.MACs) > maxMACs || slices.ContainsFunc(k.MACs, func(m string) bool { return hardware(m) != m }) || slices.ContainsFunc(k.Addresses, notFour) {
			return nil, errBook
		}
	}
	for a, w := range b.Set {
		if notFour(a) || hardware(w.MAC) != w.MAC {
			return nil, errBook
		}
	}
	return &b, nil
}

func notFour(a netip.Addr) bool { return four(a.String()) != a }

// save writes the list so that it is whole or as it was.
func (b *book) save() error {
	if b.path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return connectors.Permanent(words.Text("the list of what was blocked cannot be written"), err)
	}
	f, err := os.CreateTemp(filepath.Dir(b.path), bookFile+".*")
	if err != nil {
		return connectors.Transient(words.Text("the list of what was blocked cannot be written"), err)
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), b.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return connectors.Transient(words.Text("the list of what was blocked cannot be written"), err)
	}
	return nil
}

// kept says whether the list outlives this run.
func (b *book) kept() bool { return b.path != "" }

// needed says whether another mark than but wants a to stay off.
func (b *book) needed(a netip.Addr, but string) bool {
	for mark, k := range b.Blocks {
		if mark != but && slices.Contains(k.Addresses, a) {
			return true
		}
	}
	return false
}

// macsOf are the hardware addresses of a target, sorted, each once.
func macsOf(t connectors.Target) []string {
	var out []string
	for _, id := range t.Identifiers {
		if m := hardware(id.Value); id.Type == discovery.MAC && m != "" {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
