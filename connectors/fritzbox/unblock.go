package fritzbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// setOn switches one address on again, where we switched it off and no other
// mark needs it. The caller holds writing.
func (s *Session) setOn(ctx context.Context, a netip.Addr, mark string) error {
	if _, ours := s.book.Set[a]; !ours || s.book.needed(a, mark) {
		return nil
	}
	now, err := s.access(ctx, a)
	switch {
	case codeOf(err) == codeNoEntry || codeOf(err) == codeIndex:
		// The box has forgotten the address and what was set for it.
	case err != nil:
		return err
	case now.disallowed:
		if err := s.turn(ctx, a, false); err != nil {
			return err
		}
		ok, err := s.settled(ctx, a, false)
		if err == nil && !ok {
			err = connectors.Transient(words.Text("The FRITZ!Box took the request but still shows the block."), nil)
		}
		if err != nil {
			return err
		}
	}
	delete(s.book.Set, a)
	return s.book.save()
}

// Unblock lifts what r's mark set, and only that.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	if r.Mark == "" {
		return r, connectors.Permanent(words.Text("This receipt names no block."), nil)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return r, err
	}
	defer unlock()
	if err := s.adopt(ctx, r); err != nil {
		return r, err
	}
	b, ok := s.book.Blocks[r.Mark]
	if !ok {
		if _, err := s.counter(ctx); err != nil { // nothing to do, but it must not be said of a box that is away
			return r, err
		}
	}
	for _, a := range b.Addresses {
		if err := s.setOn(ctx, a, r.Mark); err != nil {
			return r, err
		}
	}
	if ok {
		delete(s.book.Blocks, r.Mark)
		if r.At.Before(s.book.Born) {
			s.book.Lifted[r.Mark] = s.now().UTC()
		}
		if err := s.book.save(); err != nil {
			return r, err
		}
		if _, err := s.counter(ctx); err != nil {
			return r, err
		}
	}
	r.Level, r.At, r.Data, r.Text = consent.Configured, s.now().UTC(), nil, words.Text("The FRITZ!Box says that our block is lifted.")
	return r, nil
}

// adopt takes a block back into our list when the list was lost: the receipt
// says what we switched off, and the box whose address it is today.
func (s *Session) adopt(ctx context.Context, r connectors.Receipt) error {
	var d kept
	_, known := s.book.Blocks[r.Mark]
	_, lifted := s.book.Lifted[r.Mark]
	if known || lifted || len(r.Data) == 0 || !r.At.Before(s.book.Born) || len(s.book.Lifted) >= maxBlocks {
		return nil
	}
	if err := json.Unmarshal(r.Data, &d); err != nil || d.Version != 1 || len(d.MACs) == 0 || len(d.MACs) > maxMACs || len(d.Set) > maxMACs ||
		slices.ContainsFunc(d.Set, notFour) || slices.ContainsFunc(d.MACs, func(m string) bool { return hardware(m) != m }) {
		return connectors.Permanent(words.Text("This receipt is not from the FRITZ!Box connector."), err)
	}
	b := block{MACs: d.MACs, Target: r.Target, At: r.At}
	for _, a := range d.Set {
		holder, err := s.macAt(ctx, a)
		if err != nil {
			return err
		}
		if slices.Contains(d.MACs, holder) {
			b.Addresses = append(b.Addresses, a)
			s.book.Set[a] = switched{MAC: holder, At: r.At}
		}
	}
	if len(b.Addresses) == 0 {
		return nil
	}
	s.book.Blocks[r.Mark] = b
	return s.book.save()
}

// follow moves blocks after devices whose address has changed, so that the
// device stays blocked and whoever has its old address is not. A list that may
// lag is not asked where they are: the box is, device by device.
func (s *Session) follow(ctx context.Context, hosts []host, lagging bool) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for mark, b := range s.book.Blocks {
		if !lagging && !elsewhere(b, hosts) {
			continue
		}
		places, err := s.locate(ctx, b.MACs)
		if err != nil && !errors.Is(err, errAway) {
			return err
		}
		if !elsewhere(b, hosts) && stands(places, b.Addresses) {
			continue
		}
		b.Addresses = nil
		if _, _, err := s.move(ctx, mark, b, places); err != nil {
			return err
		}
		s.log.Info("block moved after its device", "mark", mark)
	}
	return nil
}

// elsewhere says whether by the list a device of b is at another address, or
// somebody else at one of b's.
func elsewhere(b block, hosts []host) bool {
	return slices.ContainsFunc(hosts, func(h host) bool {
		return h.active && h.addr.IsValid() && slices.Contains(b.MACs, h.mac) != slices.Contains(b.Addresses, h.addr)
	})
}

// stands says that nothing is known against where the block is: the device
// is away, or where it was.
func stands(places []place, at []netip.Addr) bool {
	return !slices.ContainsFunc(places, func(p place) bool { return !slices.Contains(at, p.addr) })
}
