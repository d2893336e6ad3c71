package mqtt

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

const (
	flushEvery   = time.Second
	heartbeat    = 10 * time.Second
	rightsEvery  = 5 * time.Minute
	maxBatch     = 500
	holdBack     = 2 * time.Second // until a new publisher has been told as a device
	protocolMQTT = flow.Protocol("mqtt")
)

// place is where an observer has come to. The broker keeps nothing for us, so
// it only says until when we listened.
type place struct {
	At time.Time `json:"at"`
}

// watch subscribes to the topics once per connection.
func (s *Session) watch(ctx context.Context, l *link) error {
	if may, _ := s.admin(); may {
		if err := s.refreshRights(ctx, l); err != nil {
			return err
		}
	} else {
		s.book.setRights(nil, s.clients.portOf)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.watching.IsZero() {
		return nil
	}
	for _, t := range []string{topicDropped, topicLog} {
		granted, err := l.subscribe(ctx, t)
		if err != nil {
			return err
		}
		if !granted {
			l.refused = append(l.refused, t)
		}
		l.system = granted
	}
	granted := 0
	for _, f := range s.set.filters {
		yes, err := l.subscribe(ctx, f)
		if err != nil {
			return err
		}
		if yes {
			granted++
		} else {
			l.refused = append(l.refused, f)
		}
	}
	if granted == 0 {
		return connectors.NeedsPerson(words.Text("This account may read none of the topics; give it a role with subscribe rights."), nil)
	}
	if len(l.refused) > 0 {
		s.log.Warn("broker refused subscriptions", "count", len(l.refused))
	}
	l.watching = s.now().UTC()
	s.book.lost(l.watching) // whatever came before was not seen
	return nil
}

func (s *Session) refreshRights(ctx context.Context, l *link) error {
	rs, err := s.readRights(ctx, l)
	if err != nil {
		return err
	}
	s.book.setRights(rs, s.clients.portOf)
	return nil
}

// Observe counts what passes and gives it on each second. The broker remembers
// nothing, so it begins from now, wherever it left off.
func (s *Session) Observe(ctx context.Context, _ connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	l, err := s.connected(ctx)
	if err == nil {
		err = s.watch(ctx, l)
	}
	if err != nil {
		return ended(ctx, err)
	}
	s.book.begin()
	emit(nil, s.cursor()) // from here on nothing is missed
	tick, rights := time.NewTicker(flushEvery), time.NewTicker(rightsEvery)
	defer tick.Stop()
	defer rights.Stop()
	last := s.now()
	for {
		select {
		case <-ctx.Done():
			s.give(l, emit, true)
			return nil
		case <-l.lost:
			s.give(l, emit, true)
			s.book.lost(s.now())
			return l.gone()
		case <-tick.C:
			if s.give(l, emit, false) || s.now().Sub(last) >= heartbeat {
				last = s.now()
				emit(nil, s.cursor())
			}
			s.report()
		case <-rights.C:
			if may, _ := s.admin(); may {
				if err := s.refreshRights(ctx, l); err != nil {
					s.log.Warn("accounts' rights not read anew", "error", err)
				}
			}
		}
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// report writes down what was lost since the last time.
func (s *Session) report() {
	if n := s.system.news(); n > 0 {
		s.log.Warn("broker dropped messages", "count", n)
	}
}

func (s *Session) cursor() connectors.Cursor { return connectors.CursorOf(place{At: s.now().UTC()}) }

// give emits what was counted, in batches; true when there was something.
func (s *Session) give(l *link, emit func([]flow.Record, connectors.Cursor), all bool) bool {
	dest := s.place(l)
	recs := s.book.flush(s.now(), all, func(p *publisher, k tallyKey, t tally) flow.Record {
		port := k.port
		if port == 0 {
			port = s.set.port
		}
		return flow.Record{
			Key:   flow.Key{Destination: dest, Protocol: protocolMQTT, Port: port},
			Local: flow.Local{Remote: s.remote(p.id), Somebody: p.id == somebody}, Up: t.bytes, Count: t.count,
			First: t.first.UTC(), Last: t.last.UTC(), Source: s.source, Categories: k.categories,
		}
	})
	some := len(recs) > 0
	for len(recs) > 0 {
		n := min(len(recs), maxBatch)
		emit(recs[:n:n], s.cursor())
		recs = recs[n:]
	}
	return some
}

// begin forgets what was counted while nobody observed.
func (b *book) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.tallies)
}

// flush takes the sums out. Those of a publisher that was not told as a device
// yet wait a moment, so that they find it.
func (b *book) flush(now time.Time, all bool, record func(*publisher, tallyKey, tally) flow.Record) []flow.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]flow.Record, 0, len(b.tallies))
	for k, t := range b.tallies {
		if !all && !k.publisher.told && now.Sub(k.publisher.born) < holdBack {
			continue
		}
		out = append(out, record(k.publisher, k, *t))
		delete(b.tallies, k)
	}
	slices.SortFunc(out, func(x, y flow.Record) int {
		return cmp.Or(x.First.Compare(y.First), cmp.Compare(x.Local.Remote, y.Local.Remote), cmp.Compare(x.Categories, y.Categories))
	})
	return out
}
