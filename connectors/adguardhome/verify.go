package adguardhome

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// settle is how long after a block look-ups may still pass: its rules come into
// force a moment after it has taken them.
const settle = 2 * time.Second

// Bounds of what is read of the log to verify one block.
const (
	verifyRows  = 500
	verifyPages = 4
	verifyAddrs = 6
)

// Verify reads the rules back, asks for its verdict, and looks in the log for
// what was refused or let through since. A device that does not ask stays
// "configured".
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	out := connectors.Finding{Level: consent.NoLevel, Seen: consent.NotChecked, At: s.Now().UTC()}
	f, err := s.filtering(ctx)
	if err != nil {
		return out, err
	}
	ours, _ := readRules(f.Rules)
	set := of(ours, r.Mark)
	if why, err := s.missing(ctx, set, r); err != nil || why != "" {
		out.Missing, out.Text = why != "", why
		return out, err
	}
	why, err := s.hindrance(ctx, set)
	if err != nil {
		return out, err
	}
	seen, err := s.signs(ctx, set, r.At)
	if err != nil {
		return out, err
	}
	seen.Judge(&out, why)
	return out, nil
}

// missing says why it no longer holds what a receipt set for that device.
func (s *Session) missing(ctx context.Context, set []rule, r connectors.Receipt) (string, error) {
	if len(set) == 0 {
		return words.Text("AdGuard Home no longer holds this rule."), nil
	}
	var k kept
	if len(r.Data) > 0 && json.Unmarshal(r.Data, &k) != nil {
		return "", connectors.Permanent(words.Text("This receipt is not ours."), nil)
	}
	for _, n := range k.Names {
		if !slices.ContainsFunc(set, func(x rule) bool { return x.name == n }) {
			return words.Text("AdGuard Home no longer holds all of this block."), nil
		}
	}
	leases, err := s.readLeases(ctx)
	if err != nil || len(leases) == 0 || len(set[0].macs) == 0 {
		return "", err
	}
	if !slices.Equal(moved(set[0].addrs, set[0].macs, leases), sorted(set[0].addrs)) {
		return words.Text("The device has another address now than the one that is blocked."), nil
	}
	return "", nil
}

func sorted(in []netip.Addr) []netip.Addr {
	out := slices.Clone(in)
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// signs are what the log tells of one block since it was set.
func (s *Session) signs(ctx context.Context, set []rule, since time.Time) (dnsblock.Signs, error) {
	var out dnsblock.Signs
	c, err := s.readLogConfig(ctx)
	if err != nil {
		return out, err
	}
	s.watch.logging(c)
	switch {
	case !c.Enabled:
		out.Blind = words.Text("AdGuard Home's query log is switched off, so nobody can see whether anything was refused.")
		return out, nil
	case c.Masked:
		out.Blind = words.Text("AdGuard Home shortens addresses in its log, so nobody can see whether this device was refused anything.")
		return out, nil
	}
	since = since.Add(s.Seat.Web.Ahead())
	for _, a := range set[0].addrs[:min(len(set[0].addrs), verifyAddrs)] {
		if err := s.signsOf(ctx, &out, set, a, since); err != nil {
			return out, err
		}
	}
	return out, nil
}

// signsOf reads what one address asked.
func (s *Session) signsOf(ctx context.Context, out *dnsblock.Signs, set []rule, a netip.Addr, since time.Time) error {
	names := keep(set).Names
	older := ""
	for range verifyPages {
		pg, err := s.readLog(ctx, verifyRows, older, a.String())
		if err != nil {
			return err
		}
		for _, r := range pg.rows {
			if r.at.Before(since) {
				return nil
			}
			_, real := dnsblock.Destination(r.name)
			at := r.at.Add(-s.Seat.Web.Ahead()).UTC()
			switch {
			case r.client != a || !real || !dnsblock.Covers(names, r.name):
			case r.refused && slices.ContainsFunc(set, func(x rule) bool { return x.text() == r.rule }):
				out.Refused(at)
			case !r.refused && r.at.After(since.Add(settle)):
				out.Passed(at)
			}
		}
		if older = pg.oldest; older == "" || len(pg.rows) == 0 {
			return nil
		}
	}
	return nil
}
