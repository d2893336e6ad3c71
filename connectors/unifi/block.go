package unifi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// kept is what a receipt keeps: which devices the policies must name.
type kept struct {
	MACs []string `json:"macs"`
}

// Block sets policies anew, before those of the household, and then removes what
// stood under the same mark, so that nothing slips through between.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	macs := macsOf(r.Target)
	switch {
	case !goodMark(r.Mark):
		return connectors.Receipt{}, connectors.Permanent(words.Text("This block has no name that the UniFi console could keep."), nil)
	case r.From.After(s.now()) || !r.Until.IsZero():
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The UniFi console is given no dates: nothing says by which clock it keeps them."), nil)
	case len(macs) == 0:
		return connectors.Receipt{}, connectors.Unsupported(words.Text("No hardware address of this device is known, and the UniFi console goes by that."), nil)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	home, outside, err := s.zones(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	wanted, err := policies(r, macs, home, outside)
	if err != nil {
		return connectors.Receipt{}, err
	}
	before, err := s.ours(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if err := s.set(ctx, wanted); err != nil {
		return connectors.Receipt{}, err
	}
	if err := s.remove(ctx, before[r.Mark]); err != nil {
		return connectors.Receipt{}, err
	}
	after, err := s.ours(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	data, err := json.Marshal(kept{macs})
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, Grain: connectors.GrainRecipient, Data: data,
		Text: words.Text("The UniFi gateway refuses what the device sends out of the home."),
	}
	if !r.Target.Recipient.Any {
		out.Text = words.Text("The UniFi gateway refuses what the device sends to this recipient.")
	}
	if holds(after[r.Mark], macs) && len(after[r.Mark]) >= len(wanted) {
		out.Level = consent.Configured
	}
	return out, nil
}

// set writes policies and puts them first.
func (s *Session) set(ctx context.Context, wanted []policy) error {
	made := map[[2]string][]string{}
	for _, p := range wanted {
		var got policy
		if err := s.api.do(ctx, http.MethodPost, s.path("/firewall/policies"), nil, p, &got); err != nil {
			return tooOld(err)
		}
		if !plainID(got.ID) {
			return connectors.Transient(words.Text("The UniFi console took a policy and did not name it."), nil)
		}
		pair := [2]string{p.Source.Zone, p.Destination.Zone}
		made[pair] = append(made[pair], got.ID)
	}
	for pair, ids := range made {
		if err := s.first(ctx, pair[0], pair[1], ids); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes policies; one that is gone is what was wanted.
func (s *Session) remove(ctx context.Context, ps []policy) error {
	var failed error
	for _, p := range ps {
		err := s.api.do(ctx, http.MethodDelete, s.path("/firewall/policies/"+p.ID), nil, nil, nil)
		if err != nil && connectors.KindOf(err) != consent.KindUnsupported { // 404
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// holds reports whether policies are in force and name all of a device's addresses.
func holds(ps []policy, macs []string) bool {
	if len(ps) == 0 {
		return false
	}
	for _, p := range ps {
		if !p.active() {
			return false
		}
		for _, m := range macs {
			if !slices.ContainsFunc(p.Source.Filter.MACs.Addresses, func(x string) bool { return strings.EqualFold(x, m) }) {
				return false
			}
		}
	}
	return true
}

// Unblock removes the policies of the receipt's mark and looks whether they are gone.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	there, err := s.ours(ctx)
	if err != nil {
		return r, err
	}
	if err := s.remove(ctx, there[r.Mark]); err != nil {
		return r, err
	}
	if len(there[r.Mark]) > 0 {
		if there, err = s.ours(ctx); err != nil {
			return r, err
		}
		if len(there[r.Mark]) > 0 {
			return r, connectors.Transient(words.Text("The UniFi console said yes, but the policy is still there."), nil)
		}
	}
	r.Level, r.At, r.Text = consent.Configured, s.now().UTC(), words.Text("The policy is removed.")
	return r, nil
}

// Held lists what carries our mark.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	there, err := s.ours(ctx)
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for mark, ps := range there {
		active := !slices.ContainsFunc(ps, func(p policy) bool { return !p.active() })
		out = append(out, connectors.Held{
			Mark: mark, Text: words.Text("A firewall policy at the UniFi gateway"), Active: active,
			Receipt: connectors.Receipt{Mark: mark, Level: consent.Configured, At: s.now().UTC(), Grain: connectors.GrainRecipient},
		})
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return strings.Compare(a.Mark, b.Mark) })
	return out, nil
}

// Verify reads the policies back. The API counts nothing, so that what it
// refused is not known here: another source must have seen the silence.
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{Level: consent.NoLevel, Seen: consent.CannotTell, At: s.now().UTC()}
	var k kept
	if len(r.Data) > 0 && json.Unmarshal(r.Data, &k) != nil {
		return f, connectors.Permanent(words.Text("This receipt is not ours."), nil)
	}
	there, err := s.ours(ctx)
	if err != nil {
		return f, err
	}
	if !holds(there[r.Mark], k.MACs) {
		f.Missing, f.Text = true, words.Text("The UniFi gateway no longer holds this block, or somebody changed it.")
		return f, nil
	}
	f.Level, f.Text = consent.Configured, words.Text("The policy stands; the console does not say what it refused.")
	return f, nil
}
