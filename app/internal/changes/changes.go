// Package changes tells that something changed: a topic and a revision, never
// the thing itself. Latest wins; nothing is queued, so a slow listener costs nothing.
package changes

import (
	"context"
	"sync"
)

// Topic names what changed.
type Topic string

// The topics.
const (
	Devices     Topic = "devices"
	Consents    Topic = "consents"
	Actions     Topic = "actions"
	Diary       Topic = "diary"
	Flows       Topic = "flows"
	Connections Topic = "connections"
)

// Change is one notification. Topics holds all that changed since the listener last read.
type Change struct {
	Revision uint64  `json:"revision"`
	Topics   []Topic `json:"topics"`
}

// Hub hands changes to listeners. It is safe for concurrent use; the zero value works.
type Hub struct {
	mu       sync.Mutex // guards all below
	revision uint64
	next     int
	waiting  map[int]*listener
}

type listener struct {
	ch chan Change
}

// Publish notes that topics changed. It never blocks.
func (h *Hub) Publish(topics ...Topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revision++
	for _, l := range h.waiting {
		Offer(l.ch, Change{Revision: h.revision, Topics: unique(topics)})
	}
}

func unique(in []Topic) []Topic {
	seen := map[Topic]bool{}
	var out []Topic
	for _, t := range in {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// Listen gives changes until ctx ends; then the channel is closed.
func (h *Hub) Listen(ctx context.Context) <-chan Change {
	l := &listener{ch: make(chan Change, 1)}
	h.mu.Lock()
	if h.waiting == nil {
		h.waiting = map[int]*listener{}
	}
	h.next++
	id := h.next
	h.waiting[id] = l
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting, id)
		close(l.ch)
	})
	return l.ch
}

// Offer puts c into ch (of capacity 1), together with what the reader has not
// taken yet. There must be one writer only.
func Offer(ch chan Change, c Change) {
	select {
	case old := <-ch:
		c.Topics = unique(append(old.Topics, c.Topics...))
	default:
	}
	ch <- c
}
