// Package health holds what is wrong now, for the badge and the home page. A
// problem has a fixed id, so that the same one is never listed twice and can be
// taken away when it is well again.
package health

import (
	"cmp"
	"slices"
	"sync"
)

// Problem is something wrong, in one sentence, with the way out in another.
type Problem struct {
	ID   string
	Text string
	Fix  string
}

// Board is the list. It is safe for concurrent use; the zero value works.
type Board struct {
	// Changed is called after the list changed; may be nil. Set it before use.
	Changed func()

	mu   sync.Mutex // guards list
	list map[string]Problem
}

// Report sets the problem id to err, or takes it away when err is nil.
func (b *Board) Report(id string, err error, fix string) {
	b.mu.Lock()
	old, had := b.list[id]
	var changed bool
	if err == nil {
		changed = had
		delete(b.list, id)
	} else {
		p := Problem{ID: id, Text: err.Error(), Fix: fix}
		changed = !had || old != p
		if b.list == nil {
			b.list = map[string]Problem{}
		}
		b.list[id] = p
	}
	b.mu.Unlock()
	if changed && b.Changed != nil {
		b.Changed()
	}
}

// Problems lists what is wrong, sorted by id.
func (b *Board) Problems() []Problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Problem
	for _, p := range b.list {
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y Problem) int { return cmp.Compare(x.ID, y.ID) })
	return out
}
