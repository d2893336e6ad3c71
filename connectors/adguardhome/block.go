package adguardhome

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// kept is what a receipt holds for us.
type kept struct {
	MACs  []string `json:"macs,omitempty"`
	Addrs []string `json:"addresses,omitempty"`
	Names []string `json:"names,omitempty"`
}

// filtering is the part of its settings that holds the household's own rules.
type filtering struct {
	Rules   []string `json:"user_rules"` // null when there are none
	Enabled *bool    `json:"enabled"`
}

func (s *Session) filtering(ctx context.Context) (filtering, error) {
	var f filtering
	if err := s.Get(ctx, "/control/filtering/status", &f); err != nil {
		return f, err
	}
	if f.Enabled == nil { // writing back what was not understood would lose the household's rules
		return f, connectors.Transient(words.Text("What answers there does not answer as AdGuard Home does."), nil)
	}
	return f, nil
}

// set writes the whole list of rules.
func (s *Session) set(ctx context.Context, rules []string) error {
	_, err := s.Seat.Ask(ctx, web.Request{Method: http.MethodPost, Path: "/control/filtering/set_rules", Body: map[string][]string{"rules": rules}})
	return err
}

// change replaces the list of rules by what edit makes of ours, and reads back
// whether it is so now.
func (s *Session) change(ctx context.Context, edit func([]rule) []rule) (done bool, err error) {
	f, err := s.filtering(ctx)
	if err != nil {
		return false, err
	}
	ours, others := readRules(f.Rules)
	want := write(edit(ours), others)
	if !slices.Equal(want, f.Rules) {
		if err := s.set(ctx, want); err != nil {
			return false, err
		}
		if f, err = s.filtering(ctx); err != nil {
			return false, nil //nolint:nilerr // it said yes; that it could not be read back is in the level
		}
	}
	now, _ := readRules(f.Rules)
	wanted, _ := readRules(want)
	return slices.EqualFunc(now, wanted, func(a, b rule) bool { return slices.Equal(a.lines(), b.lines()) }), nil
}

// Block refuses names to the addresses that the device has now.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	names, bare, err := dnsblock.Blockable(r, s.Now(), peer)
	if err != nil {
		return connectors.Receipt{}, err
	}
	s.Writing.Lock()
	defer s.Writing.Unlock()
	at, err := s.addresses(ctx, r.Target)
	if err != nil {
		return connectors.Receipt{}, err
	}
	set := rulesFor(r.Mark, dnsblock.MACs(r.Target), names, at)
	done, err := s.change(ctx, func(ours []rule) []rule { return append(without(ours, r.Mark), set...) })
	if err != nil {
		return connectors.Receipt{}, err
	}
	data, err := json.Marshal(keep(set))
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Accepted, At: s.Now().UTC(), Target: r.Target, From: r.From, Grain: connectors.GrainRecipient, Data: data,
		Text: words.Sprintf("AdGuard Home refuses %s to the device at %s.", dnsblock.WhatNames(names), set[0].addrs[0]),
	}
	if bare > 0 {
		out.Text += " " + words.Sprintf("%d bare addresses of it cannot be stopped by names.", bare)
	}
	why := words.Text("That it took the rule could not be read back.")
	if done {
		why, err = s.hindrance(ctx, set)
	}
	if err == nil && why == "" {
		out.Level = consent.Configured
	} else if why != "" {
		out.Text = why
	}
	return out, nil
}

// addresses are those at which the device may be hit: what is known of it now,
// but for what was leased to another device since.
func (s *Session) addresses(ctx context.Context, t connectors.Target) ([]netip.Addr, error) {
	leases, err := s.readLeases(ctx)
	if err != nil {
		return nil, err
	}
	macs := dnsblock.MACs(t)
	out := moved(dnsblock.Addresses(t), macs, leases)
	if len(out) == 0 {
		return nil, dnsblock.Nowhere(peer)
	}
	return out, nil
}

// moved is where the device with macs is by the leases: the addresses leased to
// it, and those of before that nobody else has now.
func moved(before []netip.Addr, macs []string, leases map[netip.Addr]lease) []netip.Addr {
	var out []netip.Addr
	for a, l := range leases {
		if slices.Contains(macs, l.mac) {
			out = append(out, a)
		}
	}
	leased := len(out) > 0
	for _, a := range before {
		l, known := leases[a]
		switch {
		case slices.Contains(out, a):
		case known && len(macs) > 0 && !slices.Contains(macs, l.mac): // somebody else's now
		case !known && leased && a.Is4(): // given up for another
		default:
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out[:min(len(out), dnsblock.MaxAddresses)]
}

func rulesFor(mark string, macs, names []string, at []netip.Addr) []rule {
	if len(names) == 0 {
		names = []string{""}
	}
	out := make([]rule, 0, len(names))
	for _, n := range names {
		out = append(out, rule{mark: mark, macs: macs, name: n, addrs: at})
	}
	return out
}

func keep(set []rule) kept {
	var k kept
	for i, r := range set {
		if i == 0 {
			k.MACs = r.macs
			for _, a := range r.addrs {
				k.Addrs = append(k.Addrs, a.String())
			}
		}
		if r.name != "" {
			k.Names = append(k.Names, r.name)
		}
	}
	return k
}

// probeName stands for any name.
const probeName = "any-name.example"

// applyTries is how often a verdict is asked for: the rules are put into force
// a moment after they were taken.
const applyTries = 5

// hindrance says why a rule that is kept there has no effect; "" for none. Its
// verdict for one name and client is another place than the list it was written to.
func (s *Session) hindrance(ctx context.Context, set []rule) (string, error) {
	st, err := s.status(ctx)
	if err != nil {
		return "", err
	}
	s.watch.protected(*st.Protection)
	f, err := s.filtering(ctx)
	switch {
	case err != nil:
		return "", err
	case !*st.Protection: // its verdict would say "refused" all the same
		return words.Text("The rule is there, but AdGuard Home's protection is switched off, so nothing is refused."), nil
	case !*f.Enabled:
		return words.Text("The rule is there, but AdGuard Home's filters are switched off, so nothing is refused."), nil
	}
	for try := range applyTries {
		refused, err := s.verdict(ctx, set[0])
		if err != nil || refused {
			return "", err
		}
		if try == applyTries-1 {
			break
		}
		wait := time.NewTimer(time.Duration(try+1) * 100 * time.Millisecond)
		select {
		case <-ctx.Done():
			wait.Stop()
			return "", connectors.Transient(words.Text("AdGuard Home did not answer in time."), ctx.Err())
		case <-wait.C:
		}
	}
	return words.Text("The rule is there, but AdGuard Home would not refuse anything by it; look whether filters are switched off for this device there."), nil
}

// verdict asks what it would answer to the rule's client.
func (s *Session) verdict(ctx context.Context, r rule) (refused bool, err error) {
	var v struct {
		Reason string `json:"reason"`
		Rules  []struct {
			Text string `json:"text"`
		} `json:"rules"`
	}
	q := url.Values{"name": {cmp.Or(r.name, probeName)}, "client": {r.addrs[0].String()}}
	if _, err := s.Seat.Get(ctx, "/control/filtering/check_host", q, &v); err != nil {
		return false, err
	}
	// Another rule that refuses the same is as good.
	return v.Reason == "FilteredBlackList", nil
}

// Unblock takes the mark's rules out and no others.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	s.Writing.Lock()
	defer s.Writing.Unlock()
	done, err := s.change(ctx, func(ours []rule) []rule { return without(ours, r.Mark) })
	if err != nil {
		return connectors.Receipt{}, err
	}
	return connectors.Receipt{
		Mark: r.Mark, Level: levelOf(done), At: s.Now().UTC(), Target: r.Target, Grain: connectors.GrainRecipient, Data: r.Data,
		Text: words.Text("AdGuard Home no longer refuses it."),
	}, nil
}

// Held lists our rules by their marks.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	st, err := s.status(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.filtering(ctx)
	if err != nil {
		return nil, err
	}
	ours, _ := readRules(f.Rules)
	var out []connectors.Held
	told := map[string]bool{}
	for _, r := range ours {
		if told[r.mark] {
			continue
		}
		told[r.mark] = true
		set := of(ours, r.mark)
		k := keep(set)
		data, err := json.Marshal(k)
		if err != nil {
			return nil, connectors.Permanent(words.Text("a receipt cannot be written"), err)
		}
		out = append(out, connectors.Held{
			Mark: r.mark, Active: *st.Protection && *f.Enabled,
			Text: words.Sprintf("AdGuard Home refuses %s to the device at %s.", dnsblock.WhatNames(k.Names), r.addrs[0]),
			Receipt: connectors.Receipt{
				Mark: r.mark, Level: consent.Configured, At: s.Now().UTC(), Target: dnsblock.TargetOf(k.MACs, k.Addrs, k.Names), Grain: connectors.GrainRecipient, Data: data,
				Text: words.Text("It stands among AdGuard Home's own filter rules."),
			},
		})
	}
	return out, nil
}

// Leave takes all our rules out.
func (s *Session) Leave(ctx context.Context) error {
	s.Writing.Lock()
	defer s.Writing.Unlock()
	done, err := s.change(ctx, func([]rule) []rule { return nil })
	if err == nil && !done {
		err = connectors.Transient(words.Text("AdGuard Home said yes, but still holds rules of ours."), nil)
	}
	return err
}

// refresh moves blocks along with their devices, as far as leases tell where
// they are: a rule must not stay on an address that somebody else has now.
func (s *Session) refresh(ctx context.Context) error {
	var leases map[netip.Addr]lease
	s.watch.Note(func() { leases = s.watch.leases })
	if len(leases) == 0 {
		return nil
	}
	s.Writing.Lock()
	defer s.Writing.Unlock()
	_, err := s.change(ctx, func(ours []rule) []rule {
		out := make([]rule, 0, len(ours))
		for _, r := range ours {
			if len(r.macs) > 0 {
				r.addrs = moved(r.addrs, r.macs, leases)
			}
			if len(r.addrs) > 0 { // else it is reported missing, and set anew where the device is found
				out = append(out, r)
			}
		}
		return out
	})
	return err
}
