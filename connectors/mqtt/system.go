package mqtt

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// The broker's own topics that are read.
const (
	topicVersion = "$SYS/broker/version"
	topicDropped = "$SYS/broker/publish/messages/dropped"
	topicLog     = "$SYS/broker/log/N"
)

// maxLogLine is the longest line of the broker's log that is looked at.
const maxLogLine = 4096

// systemCounters hold what the broker says of itself.
type systemCounters struct {
	mu       sync.Mutex // guards all below
	listened bool       // the broker's count was heard before
	last     uint64
	dropped  uint64 // since we listen
	told     uint64 // of them written to the log
	dropAt   time.Time
	alive    time.Time
}

func (s *Session) takeSystem(topic string, payload []byte, retained bool) {
	now := s.now()
	s.system.touch(now)
	switch {
	case topic == topicDropped && retained:
		s.system.past(payload, now)
	case topic == topicDropped:
		s.system.drops(payload, now)
	case topic == topicLog && len(payload) <= maxLogLine:
		if user := s.clients.take(string(payload), now); user != "" {
			s.book.signedIn(user) // from where may be news
		}
	}
}

func (c *systemCounters) touch(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive = now
}

// drops takes the broker's count of messages that it threw away. The broker
// publishes it only when it changes, so the first value counts in full; what
// comes with the first subscription is the past and goes to past. A link that
// was lost and made anew changes nothing: what was dropped meanwhile may have
// been meant for us, for a broker drops most for whom it cannot reach.
func (c *systemCounters) drops(payload []byte, now time.Time) {
	n, ok := counted(payload)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listened = true
	since := n - c.last
	if n < c.last { // the broker was started anew, and counts from nought
		since = n
	}
	if since > 0 {
		c.dropped += since
		c.dropAt = now
	}
	c.last = n
}

// past takes the broker's count as it stands when we come.
func (c *systemCounters) past(payload []byte, now time.Time) {
	n, ok := counted(payload)
	if !ok {
		return
	}
	c.mu.Lock()
	first := !c.listened
	if first {
		c.listened, c.last = true, n
	}
	c.mu.Unlock()
	if !first {
		c.drops(payload, now)
	}
}

func counted(payload []byte) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(string(payload[:min(len(payload), 32)])), 10, 64)
	return n, err == nil
}

func (c *systemCounters) lastDrop() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropAt
}

func (c *systemCounters) lost() (dropped uint64, alive time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped, c.alive
}

// news are the drops that were not told yet.
func (c *systemCounters) news() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.dropped - c.told
	c.told = c.dropped
	return n
}
