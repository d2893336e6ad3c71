package pihole

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// settle is how long after a block look-ups may still pass: its rules come into
// force a moment after it has taken them.
const settle = 3 * time.Second

// Bounds of what is read of the log to verify one block.
const (
	verifyRows  = 2000
	verifyAddrs = 6
)

// Verify reads the block back and looks in the log for what was refused or let
// through since. A device that does not ask stays "configured".
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	out := connectors.Finding{Level: consent.NoLevel, Seen: consent.NotChecked, At: s.now().UTC()}
	t, err := s.tables(ctx)
	if err != nil {
		return out, err
	}
	g, there := t.group(r.Mark)
	k := t.kept(g)
	if len(r.Data) > 0 {
		if json.Unmarshal(r.Data, &k) != nil {
			return out, permanent("This receipt is not ours.", nil)
		}
	} else if !there {
		k = kept{}
	}
	if out.Text = lacks(t, r.Mark, k); out.Text != "" {
		out.Missing = true
		return out, nil
	}
	n, err := s.readNetwork(ctx)
	if err != nil {
		return out, err
	}
	now := t.kept(g)
	if len(now.MACs) > 0 && !sameClients(clientsOf(n.moved(addressesIn(now.Clients), now.MACs), now.MACs), now.Clients) {
		out.Missing, out.Text = true, "The device has another address now than the one that is blocked."
		return out, nil
	}
	on, err := s.blocking(ctx)
	if err != nil {
		return out, err
	}
	seen, err := s.signs(ctx, t, g, now, r.At)
	if err != nil {
		return out, err
	}
	judge(&out, seen, on)
	return out, nil
}

// signs are what the log tells of one block since it was set.
type signs struct {
	refused, passed     uint64
	lastTry, lastPassed time.Time
	blind               bool
}

func (s *Session) signs(ctx context.Context, t tables, g group, k kept, since time.Time) (signs, error) {
	var out signs
	s.watch.note(func() { out.blind = s.watch.level > 0 })
	if out.blind {
		return out, nil
	}
	var lists []int64
	for _, r := range t.rulesOf(g.ID) {
		lists = append(lists, r.ID)
	}
	ahead := s.api.web.Ahead()
	since = since.Add(ahead)
	at := addressesIn(k.Clients)
	for _, a := range at[:min(len(at), verifyAddrs)] {
		pg, err := s.readLog(ctx, question{limit: verifyRows, client: a.String(), from: since})
		if err != nil {
			return out, err
		}
		for _, r := range pg.rows {
			_, real := dnsblock.Destination(r.name)
			switch {
			case r.client != a || r.at.Before(since) || !real || !dnsblock.Covers(k.Names, r.name):
			case r.refused && slices.Contains(lists, r.list):
				out.refused++
				out.lastTry = later(out.lastTry, r.at.Add(-ahead))
			case !r.refused && r.at.After(since.Add(settle)):
				out.passed++
				out.lastPassed = later(out.lastPassed, r.at.Add(-ahead))
			}
		}
	}
	return out, nil
}

func judge(f *connectors.Finding, seen signs, on bool) {
	f.Level, f.Refused, f.LastTry = consent.Configured, seen.refused, later(seen.lastTry, seen.lastPassed)
	switch {
	case seen.passed > 0 && seen.lastPassed.After(seen.lastTry):
		f.Seen, f.Text = consent.Flowing, fmt.Sprintf("It was given %d names since that it should be refused.", seen.passed)
		if !on {
			f.Level, f.Text = consent.Accepted, blockingOff+" "+f.Text
		}
	case !on:
		f.Level, f.Seen, f.Text = consent.Accepted, consent.CannotTell, blockingOff
	case seen.refused > 0:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = fmt.Sprintf("It was refused %d times since.", seen.refused)
	case seen.blind:
		f.Seen, f.Text = consent.CannotTell, "Pi-hole's privacy level hides its log, so nobody can see whether anything was refused."
	default:
		f.Text = "The rule is in force; the device has not asked for it since."
	}
}
