package fritzbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// A change shows in the single query within a second as a rule, and now and then
// only after many.
const (
	settleFor  = 30 * time.Second
	liftFor    = 5 * time.Second // a profile of the box's own may deny it still
	settleStep = 250 * time.Millisecond
	maxMark    = 200
)

// errAway is of a device without an address, not of a box that cannot be reached.
var errAway = errors.New("not at home")

// place is where a device is now.
type place struct {
	mac  string
	addr netip.Addr
}

// kept is what a receipt holds for us: enough to lift the block when our list is lost.
type kept struct {
	Version int          `json:"v"`
	MACs    []string     `json:"macs"`
	Set     []netip.Addr `json:"set,omitempty"` // what we switched off ourselves
}

// locate finds where the devices are and asks the box a second time, from the
// other end, whose each address is: a block must never hit somebody else (T37, T38).
func (s *Session) locate(ctx context.Context, macs []string) ([]place, error) {
	var out []place
	known, taken := 0, 0
	for _, m := range macs {
		h, ok, err := s.byMAC(ctx, m)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		known++
		if !h.addr.IsValid() {
			continue
		}
		holder, err := s.macAt(ctx, h.addr)
		if err != nil {
			return nil, err
		}
		if holder != m {
			taken++
			continue
		}
		out = append(out, place{m, h.addr})
	}
	switch {
	case len(out) > 0:
		return out, nil
	case known == 0:
		return nil, connectors.NeedsPerson(words.Text("The FRITZ!Box has never seen this device's hardware address; if the device is behind another router or changes its address, it cannot be blocked here."), nil)
	case taken > 0:
		return nil, connectors.Transient(words.Text("This device has no address of its own now: another device has the one it had."), errAway)
	}
	return nil, connectors.Transient(words.Text("This device has no IPv4 address now, and the FRITZ!Box blocks by address only."), errAway)
}

// access is what the box says of one address.
type access struct{ disallowed, denied bool }

func (s *Session) access(ctx context.Context, a netip.Addr) (access, error) {
	out, err := s.call(ctx, controlFilter, serviceFilter, "GetWANAccessByIP", argument{"NewIPv4Address", a.String()})
	if err != nil {
		return access{}, err
	}
	v := access{disallowed: out["NewDisallow"] == "1", denied: out["NewWANAccess"] == "denied"}
	if !v.denied && out["NewWANAccess"] != "granted" {
		return v, connectors.Transient(words.Text("The FRITZ!Box cannot say now whether this device may go out."), nil)
	}
	return v, nil
}

// turn asks the box to switch one address off or on.
func (s *Session) turn(ctx context.Context, a netip.Addr, off bool) error {
	v := map[bool]string{true: "1", false: "0"}[off]
	_, err := s.call(ctx, controlFilter, serviceFilter, "DisallowWANAccessByIP", argument{"NewIPv4Address", a.String()}, argument{"NewDisallow", v})
	return err
}

// settled waits until the box shows what was asked for; false when it does not in time.
func (s *Session) settled(ctx context.Context, a netip.Addr, off bool) (bool, error) {
	limit, free := settleFor, false
	if !off {
		limit = liftFor
	}
	if d, ok := ctx.Deadline(); ok {
		limit = min(limit, d.Sub(s.now())-time.Second)
	}
	over := time.NewTimer(limit)
	defer over.Stop()
	for wait := settleStep; ; wait = min(2*wait, 2*time.Second) {
		v, err := s.access(ctx, a)
		if err != nil && connectors.KindOf(err) != consent.KindTransient {
			return false, err
		}
		if err == nil {
			free = !v.disallowed
			if v.disallowed == off && v.denied == off {
				return true, nil
			}
		}
		next := time.NewTimer(wait)
		select {
		case <-next.C:
			continue
		case <-over.C:
		case <-ctx.Done():
		}
		next.Stop()
		return free && !off, nil
	}
}

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
