package fritzbox

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Held is our own list, with what the box says of each address now.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if len(s.book.Blocks) == 0 {
		_, err := s.counter(ctx)
		return nil, err
	}
	var out []connectors.Held
	for mark, b := range s.book.Blocks {
		active := len(b.Addresses) > 0
		for _, a := range b.Addresses {
			v, err := s.access(ctx, a)
			if err != nil && codeOf(err) == 0 {
				return nil, err
			}
			active = active && err == nil && v.disallowed
		}
		text := words.Sprintf("blocks %s, at %s, from the internet (our own list: the box keeps no names)", strings.Join(b.MACs, ", "), joined(b.Addresses))
		r := connectors.Receipt{Mark: mark, Level: consent.Configured, At: b.At, Target: b.Target, Grain: connectors.GrainDevice, Text: text}
		out = append(out, connectors.Held{Mark: mark, Text: text, Active: active, Receipt: r})
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return cmp.Compare(a.Mark, b.Mark) })
	return out, nil
}

func joined(as []netip.Addr) string {
	var out []string
	for _, a := range as {
		out = append(out, a.String())
	}
	return cmp.Or(strings.Join(out, ", "), "no address")
}

// Verify asks the box, address by address, whether the device may go out. It
// never reads that from the list of devices.
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return connectors.Finding{}, err
	}
	defer unlock()
	f := connectors.Finding{At: s.now().UTC(), Seen: consent.CannotTell}
	if err := s.adopt(ctx, r); err != nil {
		return f, err
	}
	b, ok := s.book.Blocks[r.Mark]
	if !ok {
		if _, err := s.counter(ctx); err != nil {
			return f, err
		}
		f.Missing, f.Text = true, words.Text("Our list of this FRITZ!Box no longer holds the block.")
		return f, nil
	}
	places, err := s.locate(ctx, b.MACs)
	if err != nil {
		if !errors.Is(err, errAway) {
			return f, err
		}
		f.Level, f.Text = consent.Configured, words.Text("The device has no address in the home now; it is blocked again when it comes back with another.")
		return f, nil
	}
	for _, p := range places {
		if !slices.Contains(b.Addresses, p.addr) {
			f.Missing, f.Text = true, words.Sprintf("The device has another address, %s, and the block is at %s.", p.addr, joined(b.Addresses))
			return f, nil
		}
		v, err := s.access(ctx, p.addr)
		if err != nil {
			return f, err
		}
		if !v.disallowed {
			f.Missing, f.Text = true, words.Sprintf("The FRITZ!Box no longer blocks %s.", p.addr)
			return f, nil
		}
		if !v.denied {
			f.Level, f.Text = consent.Accepted, words.Sprintf("The block of %s is set, but the FRITZ!Box still lets it out.", p.addr)
			return f, nil
		}
	}
	f.Level = consent.Configured
	f.Text = words.Text("The FRITZ!Box says that the device may not go out over IPv4; it does not tell whether it has tried")
	if slices.ContainsFunc(r.Target.Addresses, outsideSix) {
		f.Text += words.Text("; the device has an IPv6 address too, and over that it is not stopped")
	}
	f.Text += "."
	return f, nil
}

// outsideSix is an IPv6 address with which a device gets out of the home.
func outsideSix(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is6() && !a.Is4In6() && a.IsGlobalUnicast() && !a.IsPrivate()
}

// Leave lifts all that is ours.
func (s *Session) Leave(ctx context.Context) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	blocks := s.book.Blocks
	s.book.Blocks = map[string]block{} // nobody needs them any more
	for a := range s.book.Set {
		if err := s.setOn(ctx, a, ""); err != nil {
			s.book.Blocks = blocks
			return errors.Join(err, s.book.save())
		}
	}
	return s.book.save()
}
