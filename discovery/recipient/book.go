package recipient

import (
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"

	"bestbefore/discovery/flow"
)

// BookConfig is what a book is kept from.
type BookConfig struct {
	// Bundle gives what the program ships; it is called for each new table, since
	// readers are read once.
	Bundle func() Config
	// Folder is the person's, see ReadFolder; nil where there is none.
	Folder fs.FS
	// Changed is told after a new table came into use; may be nil. Not for the first one.
	Changed func()
}

// Book is a table that follows the person's folder. The first table is built
// when somebody first asks. It is safe for concurrent use.
type Book struct {
	BookConfig
	table atomic.Pointer[Table]

	mu    sync.Mutex // guards stamp and fault, and that one table is built at a time
	stamp string
	fault error
}

// NewBook checks c. It reads nothing.
func NewBook(c BookConfig) (*Book, error) {
	if c.Bundle == nil {
		return nil, errors.New("recipient: BookConfig.Bundle is needed")
	}
	return &Book{BookConfig: c}, nil
}

// Lookup says who receives what is sent to d; see Table.Lookup.
func (b *Book) Lookup(d flow.Destination) Result { return b.current().Lookup(d) }

// Site is the name under which somebody registered domain; see Table.Site.
func (b *Book) Site(domain string) string { return b.current().Site(domain) }

// Coarse is a domain that stands for the company behind d; see Table.Coarse.
func (b *Book) Coarse(d flow.Destination) string { return b.current().Coarse(d) }

// Fault is what is wrong with the person's folder, nil when nothing is.
func (b *Book) Fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}

func (b *Book) current() *Table {
	if t := b.table.Load(); t != nil {
		return t
	}
	_, _ = b.refresh() // the fault is kept for whoever asks
	return b.table.Load()
}

// Refresh reads the folder again if a file in it has changed. What is wrong with
// it is returned at each call until it is mended; a table is in use in any case.
func (b *Book) Refresh() error {
	first := b.table.Load() == nil
	changed, err := b.refresh()
	if changed && !first && b.Changed != nil {
		b.Changed()
	}
	return err
}

func (b *Book) refresh() (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := ""
	if b.Folder != nil {
		now = stamp(b.Folder)
	}
	if b.table.Load() != nil && now == b.stamp {
		return false, b.fault
	}
	t, err := b.build()
	b.table.Store(t)
	b.stamp, b.fault = now, err
	return true, err
}

// build always gives a table: with the person's files, else without them, else empty.
func (b *Book) build() (*Table, error) {
	c := b.Bundle()
	var fault error
	if b.Folder != nil {
		var x Extras
		x, fault = ReadFolder(b.Folder, c.PublicSuffix)
		c.Yours, c.Lists = x.Yours, x.Lists
		if x.Countries != "" {
			c.Countries = x.Countries
		}
		if x.Owners != "" {
			c.Owners = x.Owners
		}
	}
	t, err := New(c)
	if err == nil {
		return t, fault
	}
	empty, _ := New(Config{PublicSuffix: c.PublicSuffix}) // nothing that could be wrong with it
	return empty, errors.Join(err, fault)
}
