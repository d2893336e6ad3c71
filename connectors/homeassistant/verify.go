package homeassistant

import (
	"context"
	"encoding/json"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Verify looks again: for a login in the list of logins, for an integration in
// our marks, in the list of integrations, and in what Home Assistant tells of
// its entities, which is another place than where it was disabled.
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{Level: consent.NoLevel, Seen: consent.CannotTell, At: s.now().UTC()}
	var k kept
	if len(r.Data) > 0 && json.Unmarshal(r.Data, &k) != nil {
		return f, connectors.Permanent(words.Text("This receipt is not ours."), nil)
	}
	if k.Token != "" {
		return s.verifyToken(ctx, f, k)
	}
	if _, may := s.whose(); !may {
		return f, connectors.NeedsPerson(words.Text("The user of this token may not disable integrations in Home Assistant; use a token of an administrator."), nil)
	}
	m, err := s.readMarks(ctx)
	if err != nil {
		return f, err
	}
	all, err := s.entries(ctx)
	if err != nil {
		return f, err
	}
	if k.Entry == "" {
		if ids := m.under(r.Mark); len(ids) > 0 {
			k.Entry = ids[0]
		}
	}
	if f.Text = lacks(m, all, k.Entry, r.Mark); f.Text != "" {
		f.Missing = true
		return f, nil
	}
	if _, err := s.listen(ctx); err != nil {
		return f, err
	}
	s.judge(&f, all[k.Entry], k, r)
	return f, nil
}

// lacks says what Home Assistant no longer holds of a block.
func lacks(m marks, all map[string]entry, id, mark string) string {
	e, there := all[id]
	switch {
	case id == "" || m.Entries[id] == nil || !slices.Contains(m.Entries[id].Marks, mark):
		return words.Text("Home Assistant no longer holds this block.")
	case !there:
		return words.Text("Home Assistant no longer has this integration.")
	case !e.off():
		return words.Text("Somebody enabled the integration again.")
	}
	return ""
}

// judge says what is seen of a disabled integration. It counts as stopped only
// where its entities had values before and have none now.
func (s *Session) judge(f *connectors.Finding, e entry, k kept, r connectors.Receipt) {
	live, last := s.watch.living(e.ID)
	switch {
	case last.After(r.At):
		f.Level, f.Seen, f.LastTry = consent.Accepted, consent.Flowing, last
		f.Text = words.Text("Home Assistant still takes what its devices report; restart it, if that goes on.")
	case e.loaded():
		f.Level, f.Text = consent.Accepted, words.Text("The integration is disabled, but Home Assistant goes on with it until it is restarted. Restart it there.")
	case live == 0 && k.Live > 0:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("Home Assistant had values from it in %d places before and has none now.", k.Live)
	default:
		f.Level, f.Text = consent.Configured, words.Text("The integration is disabled and not in use; nothing of it was seen before, so nothing can be seen to have stopped.")
	}
}

// verifyToken looks whether a deleted login is still gone.
func (s *Session) verifyToken(ctx context.Context, f connectors.Finding, k kept) (connectors.Finding, error) {
	all, err := s.tokens(ctx)
	if err != nil {
		return f, err
	}
	if slices.ContainsFunc(all, func(t token) bool { return t.ID == k.Token }) {
		f.Missing, f.Text = true, words.Text("Home Assistant lists this login again.")
		return f, nil
	}
	f.Level, f.Text = consent.Configured, words.Text("Home Assistant does not list it any more; who comes with it is turned away.")
	return f, nil
}
