package pihole

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bestbefore/assets/words"
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
	out := connectors.Finding{Level: consent.NoLevel, Seen: consent.NotChecked, At: s.Now().UTC()}
	t, err := s.tables(ctx)
	if err != nil {
		return out, err
	}
	g, there := t.group(r.Mark)
	k := t.kept(g)
	if len(r.Data) > 0 {
		if json.Unmarshal(r.Data, &k) != nil {
			return out, connectors.Permanent(words.Text("This receipt is not ours."), nil)
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
		out.Missing, out.Text = true, words.Text("The device has another address now than the one that is blocked.")
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
	why, err := s.letsThrough(ctx, t, g, now.Names)
	if err != nil {
		return out, err
	}
	if !on {
		why = blockingOff()
	}
	seen.Judge(&out, why)
	return out, nil
}

// signs are what the log tells of one block since it was set.
func (s *Session) signs(ctx context.Context, t tables, g group, k kept, since time.Time) (dnsblock.Signs, error) {
	var out dnsblock.Signs
	level := 0
	s.watch.Note(func() { level = s.watch.level })
	if level > 0 {
		out.Blind = words.Text("Pi-hole's privacy level hides its log, so nobody can see whether anything was refused.")
		return out, nil
	}
	var lists []int64
	for _, r := range t.rulesOf(g.ID) {
		lists = append(lists, r.ID)
	}
	ahead := s.Seat.Web.Ahead()
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
				out.Refused(r.at.Add(-ahead))
			case !r.refused && r.at.After(since.Add(settle)):
				out.Passed(r.at.Add(-ahead))
			}
		}
	}
	return out, nil
}
