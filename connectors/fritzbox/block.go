package fritzbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// errAway is of a device without an address, not of a box that cannot be reached.
var errAway = errors.New("not at home")

// Block switches a device's internet access off at every address that the box
// knows of it now.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	macs := macsOf(r.Target)
	switch {
	case r.Mark == "" || len(r.Mark) > maxMark:
		return connectors.Receipt{}, connectors.Permanent(words.Text("This block has no name that could be kept."), nil)
	case r.From.After(s.now()) || !r.Until.IsZero():
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The FRITZ!Box cannot keep a start or an end by itself."), nil)
	case len(macs) == 0:
		return connectors.Receipt{}, connectors.NeedsPerson(words.Text("This device's hardware address is not known, so the FRITZ!Box cannot tell it from the others."), nil)
	case len(macs) > maxMACs:
		return connectors.Receipt{}, connectors.Permanent(words.Sprintf("This device has more than %d hardware addresses.", maxMACs), nil)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer unlock()
	places, err := s.locate(ctx, macs)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if _, again := s.book.Blocks[r.Mark]; !again && len(s.book.Blocks) == maxBlocks {
		return connectors.Receipt{}, connectors.Permanent(words.Text("Too many blocks are kept already; lift some first."), nil)
	}
	shown, foreign, err := s.move(ctx, r.Mark, block{MACs: macs, Target: r.Target, At: s.now().UTC()}, places)
	if err != nil {
		return connectors.Receipt{}, err
	}
	return s.receipt(r, places, shown, foreign)
}

// move puts mark's block on the places and off those where it was. shown says
// whether the box confirms all of them, foreign how many were off before us.
// The caller holds writing.
func (s *Session) move(ctx context.Context, mark string, b block, places []place) (shown bool, foreign int, err error) {
	old := s.book.Blocks[mark].Addresses
	for _, p := range places {
		b.Addresses = append(b.Addresses, p.addr)
	}
	both := b
	for _, a := range old {
		if !slices.Contains(both.Addresses, a) {
			both.Addresses = append(slices.Clone(both.Addresses), a) // until it is lifted there
		}
	}
	s.book.Blocks[mark] = both
	if err := s.book.save(); err != nil {
		return false, 0, err
	}
	shown = true
	for _, p := range places {
		ok, ours, err := s.setOff(ctx, p)
		if err != nil {
			return false, 0, err
		}
		if shown = shown && ok; !ours {
			foreign++
		}
	}
	s.book.Blocks[mark] = b
	for _, a := range both.Addresses[len(b.Addresses):] {
		if err := s.setOn(ctx, a, mark); err != nil {
			s.book.Blocks[mark] = both
			return false, 0, err
		}
	}
	return shown, foreign, s.book.save()
}

// setOff switches one address off, unless it is off already. ours is false where
// a person did it before us.
func (s *Session) setOff(ctx context.Context, p place) (shown, ours bool, err error) {
	now, err := s.access(ctx, p.addr)
	if err != nil {
		return false, false, err
	}
	_, ours = s.book.Set[p.addr]
	if now.disallowed && !ours {
		return now.denied, false, nil
	}
	s.book.Set[p.addr] = switched{MAC: p.mac, At: s.now().UTC()}
	if err := s.book.save(); err != nil {
		return false, true, err
	}
	if !now.disallowed {
		if err := s.turn(ctx, p.addr, true); err != nil {
			if codeOf(err) != 0 { // it said no, so nothing was set
				delete(s.book.Set, p.addr)
				err = errors.Join(err, s.book.save())
			}
			return false, true, err
		}
	}
	if shown, err = s.settled(ctx, p.addr, true); err != nil {
		return false, true, err
	}
	// The address may have gone to somebody else meanwhile.
	holder, err := s.macAt(ctx, p.addr)
	if err == nil && holder != p.mac {
		err = errors.Join(connectors.Transient(words.Text("The device's address went to another device while it was being blocked; it is tried again."), nil), s.backOut(ctx, p.addr))
	}
	return shown, true, err
}

// backOut lifts what has just hit somebody else.
func (s *Session) backOut(ctx context.Context, a netip.Addr) error {
	if err := s.turn(ctx, a, false); err != nil {
		return err
	}
	delete(s.book.Set, a)
	for mark, b := range s.book.Blocks {
		b.Addresses = slices.DeleteFunc(slices.Clone(b.Addresses), func(x netip.Addr) bool { return x == a })
		s.book.Blocks[mark] = b
	}
	return s.book.save()
}

func (s *Session) receipt(r connectors.BlockRequest, places []place, shown bool, foreign int) (connectors.Receipt, error) {
	data := kept{Version: 1, MACs: macsOf(r.Target)}
	var where []string
	for _, p := range places {
		where = append(where, p.addr.String())
		if _, ours := s.book.Set[p.addr]; ours {
			data.Set = append(data.Set, p.addr)
		}
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, Grain: connectors.GrainDevice, Data: raw}
	out.Text = words.Sprintf("The FRITZ!Box took it, but does not show yet that %s is blocked", strings.Join(where, ", "))
	if shown {
		out.Level = consent.Configured
		out.Text = words.Sprintf("The FRITZ!Box says that %s may no longer go out", strings.Join(where, ", "))
	}
	if foreign > 0 {
		out.Text += words.Text("; somebody had blocked it in the box before, and that stays when our block is lifted")
	}
	out.Text += "; " + sixNote() + "."
	return out, nil
}
