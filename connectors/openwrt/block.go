package openwrt

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

// rollbackAfter is how long the router waits for our word before it takes the
// first change back by itself.
const rollbackAfter = 30

// kept is what a receipt holds for us.
type kept struct {
	Version int               `json:"v"`
	MACs    []string          `json:"macs"`
	Hash    string            `json:"hash"`
	Open    map[string]uint64 `json:"open,omitempty"` // bytes sent so far on what was open, by connection
	Counted bool              `json:"counted,omitempty"`
}

// Block sets a rule in place of what its mark held, and reads it back.
func (s *Session) Block(ctx context.Context, req connectors.BlockRequest) (connectors.Receipt, error) {
	now := s.now()
	if !req.From.After(now) {
		req.From = time.Time{}
	}
	r, err := ruleFor(req)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if r.over(now) {
		return connectors.Receipt{}, connectors.Permanent(words.Text("The pause would be over already."), nil)
	}
	if !r.from.IsZero() || !r.until.IsZero() {
		if why := s.clockOff(ctx); why != "" {
			return connectors.Receipt{}, connectors.Unsupported(words.Sprintf("The router is not left a date: %s.", why), nil)
		}
	}
	values, err := r.values(s.zoneOfHome, s.zone)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if err := s.checkDevice(ctx, r, req.Target); err != nil {
		return connectors.Receipt{}, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	live, err := s.change(ctx, r.mark, values)
	if err != nil {
		return connectors.Receipt{}, err
	}
	data := kept{Version: 1, MACs: r.macs, Hash: r.hash()}
	text, level := s.begin(ctx, r, live, &data)
	if !r.until.IsZero() {
		text += words.Sprintf("; it ends by itself at %s", words.Date(r.until.In(now.Location()), "2 January 2006, 15:04:05"))
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	return connectors.Receipt{
		Mark: req.Mark, Level: level, At: s.now().UTC(), Target: req.Target, From: r.from, Until: r.until,
		Grain: r.grain(), Text: text + ".", Data: raw,
	}, nil
}

// begin notes when what is open under r is to be cut, cuts it where r holds
// already, and says how far the router has come. The caller holds writing.
func (s *Session) begin(ctx context.Context, r rule, live progress, data *kept) (text string, level consent.Level) {
	now := s.now()
	delete(s.starts, r.mark)
	text = words.Text("The router's firewall holds the rule")
	switch {
	case live.known && !live.loaded:
		s.starts[r.mark] = r.from
		if r.from.IsZero() {
			s.starts[r.mark] = now.Add(s.loadTime)
		}
		return words.Text("The rule is in the router's settings, but its firewall has not loaded it yet"), consent.Accepted
	case !r.from.IsZero():
		s.starts[r.mark] = r.from
		text += words.Sprintf("; it starts by itself at %s", words.Date(r.from.In(now.Location()), "2 January 2006, 15:04:05"))
	default:
		if !live.known { // what opens before the firewall has followed is cut after that
			s.starts[r.mark] = now.Add(s.loadTime)
		}
		text += s.cut(ctx, r)
		data.Open, data.Counted = s.baseline(ctx, r)
	}
	return text, consent.Configured
}

// checkDevice refuses a device at whose address the router now sees another one (T38).
func (s *Session) checkDevice(ctx context.Context, r rule, t connectors.Target) error {
	h, err := s.around(ctx, 0)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.macs, func(m string) bool { return h.devices[m] != nil }) {
		return nil
	}
	for _, text := range t.Addresses {
		if a, err := netip.ParseAddr(text); err == nil && h.macs[a.Unmap().WithZone("")] != "" {
			return connectors.NeedsPerson(words.Text("The router now sees another network adapter at this device's address; say first whether it is the same device."), nil)
		}
	}
	return nil
}

// change puts one section of ours in place of what its mark held; nil values
// take it away, and without a mark all of ours. The section goes by its own name,
// which nobody can change: a person may have given the rule in it another one, and
// it stops the device all the same. Sections of ours that are over go with it. It
// returns when the firewall has loaded the change, or how far it got. The caller
// holds writing.
func (s *Session) change(ctx context.Context, mark string, values map[string]any) (progress, error) {
	all, err := s.firewall(ctx)
	if err != nil {
		return progress{}, err
	}
	section, now := prefix+key(mark), s.now()
	var gone, names []string
	for n, sec := range all {
		r, ours := readRule(n, sec, s.zoneOfHome, s.zone)
		if n != section && !(ours && r.over(now.Add(-time.Minute))) && !(mark == "" && ourSection(n)) {
			continue
		}
		if gone = append(gone, n); ours {
			names = append(names, r.name())
		}
	}
	if len(gone) == 0 && values == nil {
		return progress{known: true, loaded: true}, nil
	}
	slices.Sort(gone)
	if !s.proved { // what the router took back is still staged in our session; if this is refused, so is what follows
		if err := s.line.call(ctx, "uci", "revert", map[string]any{"config": "firewall"}, nil); err != nil && codeOf(err) != codeDenied {
			return progress{}, err
		}
	}
	before, _ := s.loaded(ctx)
	name, _ := values["name"].(string)
	live := progress{}
	if err = s.stage(ctx, section, gone, values); err == nil {
		live, err = s.apply(ctx, mark, values != nil, func() progress { return s.follows(ctx, before, name, names) })
	}
	if err != nil { // nothing of it may lie about and be written with the next change
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		_ = s.line.call(tidy, "uci", "revert", map[string]any{"config": "firewall"}, nil) // refused while the router waits; it takes all back then
	}
	return live, err
}

// stage writes the change where it has no effect yet, and looks that nothing
// but ours is in it.
func (s *Session) stage(ctx context.Context, name string, gone []string, values map[string]any) error {
	for _, n := range gone { // a section that is set anew would keep its old lists
		if err := s.line.call(ctx, "uci", "delete", map[string]any{"config": "firewall", "section": n}, nil); err != nil && codeOf(err) != codeNotFound {
			return err
		}
	}
	if values != nil {
		if err := s.line.call(ctx, "uci", "add", map[string]any{"config": "firewall", "type": "rule", "name": name, "values": values}, nil); err != nil {
			return err
		}
	}
	var staged struct {
		Changes [][]string `json:"changes"`
	}
	if err := s.line.call(ctx, "uci", "changes", map[string]any{"config": "firewall"}, &staged); err != nil {
		return err
	}
	for _, c := range staged.Changes {
		if len(c) < 2 || c[1] != name && !slices.Contains(gone, c[1]) {
			return connectors.Transient(words.Text("There is another unfinished change in our session on the router; it was taken back."), nil)
		}
	}
	return nil
}

// apply makes the staged change real. The first of a session is made so that the
// router takes it back by itself unless we can still reach it with the new rules
// loaded, and say so.
func (s *Session) apply(ctx context.Context, mark string, present bool, follows func() progress) (progress, error) {
	if s.proved {
		if err := s.line.call(ctx, "uci", "commit", map[string]any{"config": "firewall"}, nil); err != nil {
			return progress{}, s.busy(err)
		}
		if err := s.shows(ctx, mark, present); err != nil {
			return progress{}, err
		}
		return follows(), nil
	}
	if err := s.line.call(ctx, "uci", "apply", map[string]any{"rollback": true, "timeout": rollbackAfter}, nil); err != nil {
		return progress{}, s.busy(err)
	}
	if err := s.shows(ctx, mark, present); err != nil {
		return progress{}, err
	}
	live := follows()
	if live.known && !live.loaded {
		return live, connectors.Transient(words.Text("The router's firewall did not load the change, so the router takes it back by itself."), ctx.Err())
	}
	if err := s.line.call(ctx, "uci", "confirm", nil, nil); err != nil {
		return live, connectors.Transient(words.Text("The router did not take our word for the first change in time and takes it back; it is tried again."), err)
	}
	s.proved = true
	return live, s.shows(ctx, mark, present)
}

func (s *Session) shows(ctx context.Context, mark string, present bool) error {
	r, ok, err := s.readBack(ctx, mark)
	switch {
	case err != nil:
		return err
	case ok != present || ok && (r.odd || r.disabled):
		return connectors.Transient(words.Text("The router took the change but does not show it."), nil)
	}
	return nil
}

// Unblock lifts what r's mark set, and only that. A mark that is gone is success.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	if r.Mark == "" {
		return r, connectors.Permanent(words.Text("This receipt names no block."), nil)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	live, err := s.change(ctx, safeMark(r.Mark), nil)
	if err != nil {
		return r, err
	}
	delete(s.starts, safeMark(r.Mark))
	r.Level, r.At, r.Data, r.Text = consent.Configured, s.now().UTC(), nil, words.Text("The router's firewall no longer holds the rule.")
	if live.known && !live.loaded {
		r.Level, r.Text = consent.Accepted, words.Text("The rule is out of the router's settings, but its firewall still has it loaded.")
	}
	return r, nil
}

// Leave takes all our rules away, also those that were given another name.
func (s *Session) Leave(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.change(ctx, "", nil)
	return err
}

func sentenceOf(err error) string {
	var e *connectors.Error
	if errors.As(err, &e) {
		return strings.TrimSuffix(e.Text, ".")
	}
	return words.Text("the router did not answer")
}
