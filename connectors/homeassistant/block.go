package homeassistant

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// kept is what a receipt holds for us.
type kept struct {
	Token string `json:"token,omitempty"` // deleted
	Entry string `json:"entry,omitempty"` // disabled
	Live  int    `json:"live,omitempty"`  // how many of its entities had a value before
}

// lock waits for the turn to change something there.
func (s *Session) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.writing <- struct{}{}:
		return func() { <-s.writing }, nil
	case <-ctx.Done():
		return nil, connectors.Transient(words.Text("There was no time left: Home Assistant was busy with another change."), ctx.Err())
	}
}

// entries are the integrations as they are now.
func (s *Session) entries(ctx context.Context) (map[string]entry, error) {
	b, err := s.ask(ctx, command{"type": "config_entries/get"})
	if err != nil {
		return nil, said(err)
	}
	all, _, err := rows[entry](b, maxEntries)
	out := map[string]entry{}
	for _, e := range all {
		out[e.ID] = e
	}
	return out, err
}

// AccountOf tells which integration stands for a target's device; see
// connectors.Accounter. Only what is sent to Home Assistant can be stopped here.
func (s *Session) AccountOf(_ context.Context, t connectors.Target) (connectors.Account, error) {
	if _, err := s.current(); err != nil {
		return connectors.Account{}, err
	}
	dest, _ := s.destination()
	if t.Recipient.Any || len(t.Recipient.Destinations) > 0 && !consent.Covers(t.Recipient, dest) {
		return connectors.Account{}, connectors.Unsupported(words.Text("Home Assistant can only stop using a device; what the device sends elsewhere goes on."), nil)
	}
	return s.owner(t)
}

// owner is the one integration that a target means: the one it names, else the
// one by which its device is in the list.
func (s *Session) owner(t connectors.Target) (connectors.Account, error) {
	h, _ := s.watch.home()
	mine, prefix := map[string]bool{}, s.remote("")
	for _, i := range t.Identifiers {
		if id, ok := strings.CutPrefix(i.Value, prefix); ok && i.Type == discovery.Remote {
			mine[id] = true
		}
	}
	found := map[string]bool{}
	if t.Account != "" {
		found[t.Account] = true
	} else {
		for id := range mine {
			for _, e := range h.entriesOf(id) {
				found[e] = true
			}
		}
	}
	switch len(found) {
	case 0:
		return connectors.Account{}, connectors.Unsupported(words.Text("Home Assistant does not know this device, or not by an integration."), nil)
	case 1:
	default:
		return connectors.Account{}, connectors.NeedsPerson(words.Text("Home Assistant has this device through several integrations; choose there which one to disable."), nil)
	}
	id := slices.Collect(maps.Keys(found))[0]
	title := h.title(h.entries[id])
	out := connectors.Account{Name: id, Called: fmt.Sprintf("the integration %q", cmp.Or(title, id)), Because: words.Text("Home Assistant has it in its list through that")}
	for _, d := range h.behind(id) {
		if !mine[d] {
			out.Shares = append(out.Shares, discovery.Identifier{Type: discovery.Remote, Value: s.remote(d)})
		}
	}
	return out, nil
}

// Block disables an integration: first our mark is written, so that it is found
// again whatever happens, then what the mark was on before is given back.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	now := s.now().UTC()
	if !dnsblock.GoodMark(r.Mark) {
		return connectors.Receipt{}, connectors.Permanent(words.Text("This block has no name that Home Assistant could keep."), nil)
	}
	if r.From.After(now) || !r.Until.IsZero() {
		return connectors.Receipt{}, connectors.Unsupported(words.Text("Home Assistant cannot keep a start or an end by itself."), nil)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer unlock()
	if _, err := s.listen(ctx); err != nil { // what it tells now is compared with what it tells then
		return connectors.Receipt{}, err
	}
	if _, err := s.known(ctx); err != nil { // whose integration it is
		return connectors.Receipt{}, err
	}
	acc, err := s.AccountOf(ctx, r.Target)
	if err != nil {
		return connectors.Receipt{}, err
	}
	m, err := s.readMarks(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	all, err := s.entries(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	e, ok := all[acc.Name]
	if !ok {
		return connectors.Receipt{}, connectors.Permanent(words.Text("Home Assistant has no such integration any more."), nil)
	}
	return s.disable(ctx, r, m, all, e)
}

// disable marks and disables one integration. The caller holds the turn.
func (s *Session) disable(ctx context.Context, r connectors.BlockRequest, m marks, all map[string]entry, e entry) (connectors.Receipt, error) {
	h, _ := s.watch.home()
	live, _ := s.watch.living(e.ID)
	title := h.title(e)
	before := m.under(r.Mark)
	if !m.add(r.Mark, e, title, s.now().UTC()) {
		return connectors.Receipt{}, connectors.Permanent(words.Text("Too many blocks are kept at this Home Assistant; lift some first."), nil)
	}
	if err := s.writeMarks(ctx, m); err != nil {
		return connectors.Receipt{}, err
	}
	restart, err := s.set(ctx, e.ID, "user")
	if err != nil {
		return connectors.Receipt{}, err
	}
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, From: r.From, Grain: connectors.GrainAccount}
	if out.Data, err = json.Marshal(kept{Entry: e.ID, Live: live}); err != nil {
		return out, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	if before = slices.DeleteFunc(before, func(id string) bool { return id == e.ID }); len(before) > 0 {
		if err := s.lift(ctx, m, all, r.Mark, before); err != nil {
			return out, err
		}
	}
	now, err := s.entries(ctx)
	switch x, ok := now[e.ID]; {
	case err != nil || !ok:
		out.Text = words.Sprintf("Home Assistant said that it disabled the integration %q; that could not be read back.", title)
	case !x.off():
		return out, connectors.Transient(words.Text("Home Assistant said that it disabled the integration, but has it enabled."), nil)
	case restart || x.loaded():
		out.Text = words.Sprintf("The integration %q is disabled, but Home Assistant goes on with it until it is restarted. Restart it there.", title)
	default:
		out.Level, out.Text = consent.Configured, words.Sprintf("The integration %q is disabled: Home Assistant no longer uses it.", title)
	}
	return out, nil
}

// set disables an integration by the household, or with nothing enables it. An
// integration that is gone is not disabled any more.
func (s *Session) set(ctx context.Context, id string, by any) (restart bool, err error) {
	b, err := s.ask(ctx, command{"type": "config_entries/disable", "entry_id": id, "disabled_by": by})
	if saysNo(err, codeNotFound) && by == nil {
		return false, nil
	}
	if err != nil {
		return false, said(err)
	}
	var answer struct {
		Restart bool `json:"require_restart"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return false, connectors.Transient(words.Text("Home Assistant gives an answer of another form than was asked for."), err)
	}
	return answer.Restart, nil
}

// lift takes a mark off integrations, and enables those that nothing else keeps
// disabled; only then is the mark forgotten.
func (s *Session) lift(ctx context.Context, m marks, all map[string]entry, mark string, ids []string) error {
	for _, id := range ids {
		if enable := m.drop(mark, id); !enable {
			continue
		}
		if _, there := all[id]; !there {
			continue
		}
		if _, err := s.set(ctx, id, nil); err != nil {
			return err
		}
	}
	return s.writeMarks(ctx, m)
}

// Unblock takes the receipt's mark off, and enables the integration when no
// other mark is left on it and it was on before.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, Grain: connectors.GrainAccount, Text: words.Text("Nothing of it is held by Home Assistant."), Data: r.Data}
	unlock, err := s.lock(ctx)
	if err != nil {
		return out, err
	}
	defer unlock()
	m, err := s.readMarks(ctx)
	if err != nil {
		return out, err
	}
	ids := m.under(r.Mark)
	if len(ids) == 0 {
		out.Level = consent.Configured
		return out, nil
	}
	all, err := s.entries(ctx)
	if err != nil {
		return out, err
	}
	if err := s.lift(ctx, m, all, r.Mark, ids); err != nil {
		return out, err
	}
	now, err := s.entries(ctx)
	if err != nil {
		return out, nil //nolint:nilerr // it was done; it could not be read back, which Accepted says
	}
	out.Level, out.Text = consent.Configured, words.Text("The integration is enabled again.")
	if now[ids[0]].off() {
		out.Text = words.Text("This block is lifted; the integration stays disabled, because something else asks for that or it was before.")
	} else if _, there := now[ids[0]]; there && !now[ids[0]].loaded() {
		out.Text = words.Text("The integration is enabled again; Home Assistant has not got it going yet.")
	}
	return out, nil
}

// Held lists the integrations that carry our marks.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	m, err := s.readMarks(ctx)
	if err != nil || len(m.Entries) == 0 {
		return nil, err
	}
	all, err := s.entries(ctx)
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, id := range slices.Sorted(maps.Keys(m.Entries)) {
		x := m.Entries[id]
		data, err := json.Marshal(kept{Entry: id})
		if err != nil {
			return nil, connectors.Permanent(words.Text("a receipt cannot be written"), err)
		}
		for _, mark := range x.Marks {
			out = append(out, connectors.Held{
				Mark: mark, From: x.Since, Active: all[id].off(), Text: words.Sprintf("The integration %q is disabled in Home Assistant.", clean(x.Title)),
				Receipt: connectors.Receipt{Mark: mark, Level: consent.Configured, At: s.now().UTC(), Target: connectors.Target{Account: id}, Grain: connectors.GrainAccount, Data: data},
			})
		}
	}
	return out, nil
}

// Leave lifts everything that carries our mark.
func (s *Session) Leave(ctx context.Context) error { return connectors.LiftAll(ctx, s, s) }
