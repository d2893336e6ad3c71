package mqtt

import (
	"strings"
	"sync"
	"time"

	"bestbefore/consent"
)

// The bounds of what is remembered of one broker.
const (
	maxTopics     = 5000
	maxPublishers = 2000
	maxTallies    = 10_000
	maxRecent     = 64
	maxKinds      = 16
	lookAgain     = 3 // messages of a topic that are looked into
)

// somebody is the publisher of what nothing explains.
const somebody = "somebody"

// publisher is one source of messages, as far as it can be told apart.
type publisher struct {
	id         string // within this broker
	account    string // set for an account
	name       string
	because    string
	facts      map[string]string // "manufacturer", "model", "serial"; cleaned
	mac        string            // as claimed
	categories map[consent.Category]bool
	old        bool // all that is known of it came as retained messages
	dirty      bool // there is something new to tell
	told       bool // told as a device, so that its records find it
	born       time.Time

	// accounts that were seen to publish for a named publisher, and the named
	// publishers that were seen to publish through an account; bounded.
	accounts, serves map[*publisher]bool

	messages uint64
	first    time.Time
	last     time.Time
	recent   []sample // the last messages, of accounts only
}

type sample struct {
	at    time.Time
	bytes uint64
}

// topicInfo is what is remembered of one topic; never a value.
type topicInfo struct {
	categories string
	looked     int
	publisher  *publisher // nil: not told by the topic
	account    *publisher // the only account that may publish here
	epoch      int        // of the accounts' rights when account was found
	known      bool       // it is one of those that are remembered
}

type tallyKey struct {
	publisher  *publisher
	categories string
	port       uint16
}

type tally struct {
	count, bytes uint64
	first, last  time.Time
}

// book adds up what passes, per publisher and kinds of data.
type book struct {
	connection string

	mu         sync.Mutex // guards all below
	topics     map[string]*topicInfo
	publishers map[string]*publisher
	claims     map[string]*publisher // topic -> who announced it; nil: several did
	tallies    map[tallyKey]*tally
	rights     []right
	epoch      int
	portOf     func(account string) uint16
	changed    chan struct{} // something new to tell; capacity 1

	total, bytes uint64 // live messages
	retained     uint64
	overTopics   uint64 // messages on topics beyond the bound
	lossAt       time.Time
	alive        time.Time
}

func newBook(connection string) *book {
	return &book{
		connection: connection, topics: map[string]*topicInfo{}, publishers: map[string]*publisher{},
		claims: map[string]*publisher{}, tallies: map[tallyKey]*tally{}, changed: make(chan struct{}, 1),
	}
}

// take counts one message. A retained one is old: nobody knows when it was
// sent, so it tells of devices and kinds of data but is no traffic.
func (b *book) take(topic string, payload []byte, retained bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alive = now
	if len(topic) > maxTopic {
		topic = topic[:maxTopic]
	}
	if isAnnouncement(topic) {
		b.announce(topic, payload, retained, now)
	}
	info, news := b.topic(topic, payload, retained, now)
	if retained {
		b.retained++
		if info.known { // beyond the bound nobody asks whose it is
			b.serve(b.accountOf(info, topic, true, now), info.publisher, b.claims[topic])
		}
		for _, p := range []*publisher{info.publisher, b.claims[topic]} {
			b.learned(p, news)
		}
		return
	}
	size := uint64(len(topic) + len(payload))
	b.total++
	b.bytes += size
	account := b.accountOf(info, topic, false, now)
	b.serve(account, info.publisher, b.claims[topic])
	who := b.publisherFor(info, topic, account, now)
	b.learned(who, news)
	port := uint16(0)
	if account != nil {
		account.note(now, size, true)
		port = b.portOf(account.account)
	}
	if who != account {
		who.note(now, size, false)
	}
	b.count(tallyKey{who, info.categories, port}, size, now)
}

// learned adds kinds of data to what is told of a publisher.
func (b *book) learned(p *publisher, cs []consent.Category) {
	if p != nil && p.carries(cs) {
		b.tell(p)
	}
}

// topic gives what is remembered of a topic, and the kinds of data if it was
// looked into; beyond the bound it is made up each time and forgotten.
func (b *book) topic(topic string, payload []byte, retained bool, now time.Time) (*topicInfo, []consent.Category) {
	info := b.topics[topic]
	if info == nil {
		info = &topicInfo{epoch: -1}
		if len(b.topics) < maxTopics {
			info.known = true
			b.topics[strings.Clone(topic)] = info
		} else {
			b.overTopics++
			if retained { // neither traffic nor remembered: not worth a look
				return info, nil
			}
		}
	}
	if info.looked >= lookAgain || info.looked > 0 && info.categories != "" {
		return info, nil
	}
	info.looked++
	c := Classify(topic, payload)
	info.categories = joined(c.Categories)
	if c.Publisher != "" && info.publisher == nil {
		info.publisher = b.publisher(c.Publisher, c.Name, c.Because, now)
	}
	return info, c.Categories
}

func joined(cs []consent.Category) string {
	var s strings.Builder
	for i, c := range cs {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(string(c))
	}
	return s.String()
}

// publisherFor decides who sent a message: whom the topic names, who announced
// the topic, whose account alone may send it, or somebody.
func (b *book) publisherFor(info *topicInfo, topic string, account *publisher, now time.Time) *publisher {
	if info.publisher != nil {
		return info.publisher
	}
	if p := b.claims[topic]; p != nil {
		return p
	}
	if account != nil {
		return account
	}
	return b.publisher(somebody, "", "nothing in the message tells who sent it", now)
}

// publisher finds or makes a publisher; nil when there are too many.
func (b *book) publisher(id, name, because string, now time.Time) *publisher {
	p := b.publishers[id]
	if p != nil {
		return p
	}
	if len(b.publishers) >= maxPublishers {
		if id != somebody {
			return nil
		}
	}
	p = &publisher{id: id, name: name, because: because, facts: map[string]string{}, categories: map[consent.Category]bool{}, born: now}
	b.publishers[id] = p
	b.tell(p)
	return p
}

// signedIn notes that the broker's log told of an account.
func (b *book) signedIn(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.publishers[accountID(account)]; p != nil {
		b.tell(p)
	}
}

func (b *book) tell(p *publisher) {
	p.dirty = true
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// carries adds kinds of data and says whether one is new.
func (p *publisher) carries(cs []consent.Category) bool {
	news := false
	for _, c := range cs {
		if len(p.categories) < maxKinds && !p.categories[c] {
			p.categories[c], news = true, true
		}
	}
	return news
}

func (p *publisher) note(now time.Time, size uint64, keep bool) {
	if p.messages == 0 {
		p.first = now
	}
	p.messages++
	p.last = now
	if !keep {
		return
	}
	if len(p.recent) == maxRecent {
		copy(p.recent, p.recent[1:])
		p.recent = p.recent[:maxRecent-1]
	}
	p.recent = append(p.recent, sample{now, size})
}

func (b *book) count(k tallyKey, size uint64, now time.Time) {
	t := b.tallies[k]
	if t == nil && len(b.tallies) >= maxTallies {
		k = tallyKey{publisher: b.publisher(somebody, "", "", now)}
		t = b.tallies[k]
	}
	if t == nil {
		t = &tally{first: now}
		b.tallies[k] = t
	}
	t.count++
	t.bytes += size
	t.last = now
}
