package mqtt

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// maxServed bounds how many devices are remembered of one account, and accounts
// of one device.
const maxServed = 256

// ownSpeakers are the rules of topics by which a device speaks for itself: who
// publishes there alone is that device, not a hub that speaks for others.
var ownSpeakers = []string{"tasmota/", "shelly/", "esphome/", "owntracks/"}

// serve remembers that a message on a topic of these publishers can only have
// come through account. The caller holds mu.
func (b *book) serve(account *publisher, named ...*publisher) {
	if account == nil {
		return
	}
	for _, p := range named {
		if p == nil || p == account || p.id == somebody || account.serves[p] {
			continue
		}
		if len(account.serves) >= maxServed || len(p.accounts) >= maxServed {
			continue
		}
		join(&account.serves, p)
		join(&p.accounts, account)
		b.tell(account)
		b.tell(p)
	}
}

func join(m *map[*publisher]bool, p *publisher) {
	if *m == nil {
		*m = map[*publisher]bool{}
	}
	(*m)[p] = true
}

// only is the one member of a set, nil when it has none or several.
func only(m map[*publisher]bool) *publisher {
	if len(m) != 1 {
		return nil
	}
	for p := range m {
		return p
	}
	return nil
}

// same is what p is told as one device with: a device that speaks for itself and
// the account that only it uses. The caller holds mu.
func (p *publisher) same() *publisher {
	o := only(p.serves)
	if p.account == "" {
		o = only(p.accounts)
	}
	if o == nil || only(o.serves) == nil && only(o.accounts) == nil {
		return nil
	}
	named := p
	if p.account != "" {
		named = o
	}
	if !slices.ContainsFunc(ownSpeakers, func(rule string) bool { return strings.HasPrefix(named.id, rule) }) {
		return nil
	}
	return o
}

// AccountOf tells which account stands for a target's device, and by what; see
// connectors.Accounter.
func (s *Session) AccountOf(_ context.Context, t connectors.Target) (connectors.Account, error) {
	l, err := s.current()
	if err != nil {
		return connectors.Account{}, err
	}
	if !s.mayMean(t.Recipient, l) {
		return connectors.Account{}, connectors.Unsupported(words.Text("The broker can only stop what is sent to the broker itself."), nil)
	}
	return s.owner(t)
}

// owner finds the one account that a target means: the one it names, the one by
// which the device is known here, the one through which alone its messages came,
// or the one that alone was seen to sign in from its address.
func (s *Session) owner(t connectors.Target) (connectors.Account, error) {
	mine := map[string]bool{}
	prefix := s.remote("")
	for _, id := range t.Identifiers {
		if id.Type == discovery.Remote {
			if own, ok := strings.CutPrefix(id.Value, prefix); ok {
				mine[own] = true
			}
		}
	}
	found := map[string]string{} // account -> because
	if t.Account != "" {
		found[t.Account] = "it was named"
	}
	if len(found) == 0 {
		s.book.ownersOf(mine, found)
	}
	if len(found) == 0 {
		for _, addr := range t.Addresses {
			if name := s.clients.aloneAt(addr); name != "" {
				found[name] = "the broker's log says that it alone signs in from the device's address"
			}
		}
	}
	switch len(found) {
	case 0:
		return connectors.Account{}, connectors.Unsupported(words.Text("No account of the broker is known to belong to this device alone."), nil)
	case 1:
	default:
		return connectors.Account{}, connectors.NeedsPerson(words.Text("This device uses several accounts of the broker; end them one by one."), nil)
	}
	var out connectors.Account
	for out.Name, out.Because = range found {
		out.Shares = s.sharing(out.Name, mine)
	}
	return out, nil
}

// ownersOf adds the accounts behind the publishers that are known here by mine.
func (b *book) ownersOf(mine map[string]bool, found map[string]string) {
	for id := range mine {
		if name, ok := strings.CutPrefix(id, accountID("")); ok {
			found[name] = "only this account may publish on its topics"
		}
	}
	if len(found) > 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range mine {
		if p := b.publishers[id]; p != nil {
			for a := range p.accounts {
				found[a.account] = fmt.Sprintf("only this account may publish on its topics, and %s", p.because)
			}
		}
	}
}

// sharing are the other devices that were seen to publish through an account.
func (s *Session) sharing(account string, mine map[string]bool) []discovery.Identifier {
	b := s.book
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.publishers[accountID(account)]
	if p == nil {
		return nil
	}
	var out []discovery.Identifier
	for o := range p.serves {
		if !mine[o.id] {
			out = append(out, discovery.Identifier{Type: discovery.Remote, Value: s.remote(o.id)})
		}
	}
	slices.SortFunc(out, func(x, y discovery.Identifier) int { return cmp.Compare(x.Value, y.Value) })
	return out
}

// accountOf is the name of a target's account.
func (s *Session) accountOf(t connectors.Target) (string, error) {
	a, err := s.owner(t)
	return a.Name, err
}

// mayMean reports whether ending the way to the broker is what r asks for.
func (s *Session) mayMean(r consent.Recipient, l *link) bool {
	return r.Any || len(r.Destinations) == 0 || consent.Covers(r, s.place(l))
}
