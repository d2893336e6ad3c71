package pihole

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// kept is what a receipt holds for us.
type kept struct {
	MACs    []string `json:"macs,omitempty"`
	Clients []string `json:"clients"`
	Names   []string `json:"names,omitempty"`
}

// Block puts the device into a group of its own and a deny rule into that group.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	names, bare, err := dnsblock.Blockable(r, s.Now(), peer)
	if err != nil {
		return connectors.Receipt{}, err
	}
	s.Writing.Lock()
	defer s.Writing.Unlock()
	n, err := s.readNetwork(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	macs := dnsblock.MACs(r.Target)
	at := n.moved(dnsblock.Addresses(r.Target), macs)
	if len(at)+len(macs) == 0 {
		return connectors.Receipt{}, dnsblock.Nowhere(peer)
	}
	k := kept{MACs: macs, Clients: clientsOf(at, macs), Names: names}
	changes := s.changes
	before, err := s.tables(ctx)
	if err == nil {
		err = s.set(ctx, before, r.Mark, k)
	}
	if err != nil {
		return connectors.Receipt{}, err
	}
	data, err := json.Marshal(k)
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Accepted, At: s.Now().UTC(), Target: r.Target, From: r.From, Grain: connectors.GrainRecipient, Data: data,
		Text: words.Sprintf("Pi-hole refuses %s to the device at %s.", dnsblock.WhatNames(names), k.Clients[0]),
	}
	if len(at) == 0 {
		out.Text += " " + words.Text("It knows the device by its hardware address alone, so this may begin a minute after it is seen.")
	}
	if bare > 0 {
		out.Text += " " + words.Sprintf("%d bare addresses of it cannot be stopped by names.", bare)
	}
	s.confirm(ctx, &out, k, before, s.changes > changes)
	return out, nil
}

// confirm reads back what was set, and says what it is worth. It said yes already;
// that something could not be read back is in the level.
func (s *Session) confirm(ctx context.Context, out *connectors.Receipt, k kept, before tables, changed bool) {
	t, ok, err := s.takesForce(ctx, before, changed)
	if err != nil {
		s.Log.Info("a block was not read back", "error", err)
		return
	}
	on, err := s.blocking(ctx)
	why := ""
	if g, there := t.group(out.Mark); err == nil && there {
		why, err = s.letsThrough(ctx, t, g, k.Names)
	}
	switch {
	case !ok || err != nil || lacks(t, out.Mark, k) != "":
	case !on:
		out.Text = blockingOff()
	case why != "":
		out.Text += " " + why
	default:
		out.Level = consent.Configured
	}
}

func blockingOff() string {
	return words.Text("The rule is there, but Pi-hole's blocking is switched off, so nothing is refused.")
}

// set makes what is there for a mark what k says: group, rules, members, so that
// what stops something comes before what no longer does.
func (s *Session) set(ctx context.Context, t tables, mark string, k kept) error {
	id, err := s.ensureGroup(ctx, t, mark, k.MACs)
	if err != nil {
		return err
	}
	if err := s.ensureRules(ctx, t, id, patterns(mark, k.Names)); err != nil {
		return err
	}
	return s.ensureMembers(ctx, t, id, k.Clients, k.MACs)
}

// moved is where a device is now: where the sweep met its hardware address, and
// where it was known to be, unless somebody else was met there.
func (n network) moved(before []netip.Addr, macs []string) []netip.Addr {
	out := n.at(macs)
	for _, a := range before {
		if owner := n.owner[a]; !slices.Contains(out, a) && (owner == "" || len(macs) == 0 || slices.Contains(macs, owner)) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out[:min(len(out), dnsblock.MaxAddresses)]
}

// clientsOf are the members by which a device is known there: its addresses act
// at once, its hardware addresses follow it.
func clientsOf(at []netip.Addr, macs []string) []string {
	var out []string
	for _, a := range at {
		out = append(out, a.String())
	}
	return append(out, macs...)
}

// lacks says what of a block is not there; "" is nothing.
func lacks(t tables, mark string, k kept) string {
	g, there := t.group(mark)
	if !there {
		return words.Text("Pi-hole no longer holds this block.")
	}
	if !g.Enabled {
		return words.Text("Somebody switched this block's group off at the Pi-hole.")
	}
	rules := t.rulesOf(g.ID)
	for _, p := range patterns(mark, k.Names) {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.Domain == p && r.Enabled }) {
			return words.Text("Pi-hole no longer holds all rules of this block.")
		}
	}
	if len(t.membersOf(g.ID)) == 0 {
		return words.Text("The device is no longer in this block's group at the Pi-hole.")
	}
	return ""
}

// Unblock takes the mark's group, its rules and its members away, and no others.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	s.Writing.Lock()
	defer s.Writing.Unlock()
	changes := s.changes
	before, err := s.tables(ctx)
	if err == nil {
		err = s.lift(ctx, before, r.Mark)
	}
	if err != nil {
		return connectors.Receipt{}, err
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Accepted, At: s.Now().UTC(), Target: r.Target, Grain: connectors.GrainRecipient, Data: r.Data,
		Text: words.Text("Pi-hole no longer refuses it."),
	}
	if t, ok, err := s.takesForce(ctx, before, s.changes > changes); err == nil && ok {
		if _, there := t.group(r.Mark); !there {
			out.Level = consent.Configured
		}
	}
	return out, nil
}

func (s *Session) lift(ctx context.Context, t tables, mark string) error {
	g, there := t.group(mark)
	if !there {
		return nil
	}
	if err := s.dropMembers(ctx, t, g.ID, nil); err != nil {
		return err
	}
	if err := s.dropRules(ctx, t, g.ID, nil); err != nil {
		return err
	}
	return s.remove(ctx, groupPath(g.Name))
}
