package mqtt

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Discover tells of the devices that the messages speak of, and of accounts
// that publish.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	l, err := s.connected(ctx)
	if err == nil {
		err = s.watch(ctx, l)
	}
	if err != nil {
		return ended(ctx, err)
	}
	s.book.tellAll()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.lost:
			return l.gone()
		case <-s.book.changed:
			for _, v := range s.sightings() {
				emit(v)
			}
		}
	}
}

func (b *book) tellAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.publishers {
		b.tell(p)
	}
}

// sightings are the publishers of whom there is something new to tell.
func (s *Session) sightings() []discovery.Sighting {
	b := s.book
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []discovery.Sighting
	for _, p := range b.publishers {
		if !p.dirty {
			continue
		}
		p.dirty, p.told = false, true
		if p.id == somebody || p.account != "" && p.account == s.set.username {
			continue // nobody in particular is no device, and we are none either
		}
		out = append(out, s.sighting(p))
	}
	slices.SortFunc(out, func(x, y discovery.Sighting) int {
		return cmp.Compare(x.Identifiers[0].Value, y.Identifiers[0].Value)
	})
	return out
}

// sighting describes a publisher. A hardware address in a message is a claim.
func (s *Session) sighting(p *publisher) discovery.Sighting {
	at := s.now().UTC()
	out := discovery.Sighting{
		Source: s.source, At: at, Claimed: true,
		Identifiers: []discovery.Identifier{{Type: discovery.Remote, Value: s.remote(p.id)}},
		Detail:      string(discovery.CleanLong(words.Sprintf("MQTT: %s.", p.because))),
	}
	if p.old {
		out.Detail = string(discovery.CleanLong(words.Sprintf("MQTT: %s; an old message that the broker keeps.", p.because)))
	}
	if p.mac != "" {
		out.Identifiers = append(out.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: p.mac})
	}
	account := p.account
	if o := p.same(); o != nil {
		out.Identifiers = append(out.Identifiers, discovery.Identifier{Type: discovery.Remote, Value: s.remote(o.id)})
		account = cmp.Or(account, o.account)
	}
	if account != "" {
		for _, h := range s.clients.addressesOf(account) {
			if a, err := netip.ParseAddr(h); err == nil {
				out.Addresses = append(out.Addresses, a)
			}
		}
	}
	fact := func(key, value string) {
		if value != "" {
			out.Facts = append(out.Facts, discovery.Fact{Key: key, Value: value, Source: s.source, Seen: discovery.At(at)})
		}
	}
	fact("friendly_name", p.name)
	for _, k := range []string{"manufacturer", "model", "serial"} {
		fact(k, p.facts[k])
	}
	var kinds []string
	for c := range p.categories {
		kinds = append(kinds, string(c))
	}
	slices.Sort(kinds)
	fact("data", strings.Join(kinds, ", "))
	return out
}

// Coverage says what is seen and, without hiding it, what was missed.
func (s *Session) Coverage(ctx context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	out := connectors.Coverage{Sees: []string{"bytes", "categories"}}
	dropped, systemAlive := s.system.lost()
	b := s.book
	b.mu.Lock()
	out.Alive = b.alive
	for id := range b.publishers {
		if id == somebody {
			continue
		}
		out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.Remote, Value: s.remote(id)})
	}
	said := []string{words.Sprintf("%d messages about %d things, %d of them kept from before", b.total, len(b.topics), b.retained)}
	if p := b.publishers[somebody]; p != nil && p.messages > 0 {
		said = append(said, words.Sprintf("%d of them from somebody at home, since nothing tells from whom", p.messages))
	}
	over := b.overTopics
	b.mu.Unlock()
	if systemAlive.After(out.Alive) {
		out.Alive = systemAlive
	}
	slices.SortFunc(out.Devices, func(x, y discovery.Identifier) int { return cmp.Compare(x.Value, y.Value) })
	large := s.oversized.Load()
	out.Lost = dropped + large
	said = append(said, losses(dropped, large, over)...)
	if l != nil {
		l.mu.Lock()
		out.Since = l.watching
		if len(l.refused) > 0 {
			said = append(said, words.Sprintf("the broker refuses us %d of the things that were asked for", len(l.refused)))
		}
		l.mu.Unlock()
	}
	out.Text = words.Sprintf("Through the broker: %s.", strings.Join(said, "; "))
	return out, nil
}

func losses(dropped, large, over uint64) []string {
	var out []string
	if dropped > 0 {
		out = append(out, fmt.Sprintf("the broker dropped %d messages", dropped))
	}
	if large > 0 {
		out = append(out, fmt.Sprintf("%d messages were too large to read", large))
	}
	if over > 0 {
		out = append(out, fmt.Sprintf("%d came about more than the first %d things", over, maxTopics))
	}
	return out
}
