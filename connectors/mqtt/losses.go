package mqtt

import "time"

// since counts the messages of a publisher after at, 64 at most.
func (b *book) since(id string, at time.Time) (n, bytes uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.publishers[id]
	if p == nil {
		return 0, 0
	}
	for _, s := range p.recent {
		if s.at.After(at) {
			n++
			bytes += s.bytes
		}
	}
	return n, bytes
}

// lastOf is when a publisher was last heard, zero when it was not.
func (b *book) lastOf(id string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.publishers[id]; p != nil {
		return p.last
	}
	return time.Time{}
}

// gapOf is how long a publisher normally pauses between two messages; zero when
// too few were seen to tell.
func (b *book) gapOf(id string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.publishers[id]
	if p == nil || p.messages < 3 {
		return 0
	}
	return max(p.last.Sub(p.first)/time.Duration(p.messages-1), time.Millisecond)
}

// lost notes that messages may have been missed.
func (b *book) lost(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lossAt = now
}

func (b *book) lastLoss() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lossAt
}
