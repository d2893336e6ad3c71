package fritzbox

import (
	"context"
	"net/netip"
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
