package homeassistant

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
)

// userKey is under which our marks lie among the data that Home Assistant keeps
// for our user, where its own page keeps the person's settings.
const userKey = "best_before"

// The bounds of what lies there.
const (
	maxHeld   = 256 // integrations
	maxMarks  = 32  // on one integration
	marksForm = 1
)

// marks are our blocks as Home Assistant keeps them: by integration.
type marks struct {
	Version int                `json:"version"`
	Entries map[string]*marked `json:"entries"`
}

// marked is one integration that we disabled.
type marked struct {
	Title string    `json:"title"`
	WasOn bool      `json:"was_on"` // before our first block
	Marks []string  `json:"marks"`
	Since time.Time `json:"since"`
}

// parseMarks reads what lies there; nothing is no marks. What is not ours is an
// error: it is not written over.
func parseMarks(b json.RawMessage) (marks, error) {
	out := marks{Version: marksForm, Entries: map[string]*marked{}}
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return out, connectors.Transient(words.Text("Home Assistant gives an answer of another form than was asked for."), err)
	}
	if len(answer.Value) == 0 || string(answer.Value) == "null" {
		return out, nil
	}
	var m marks
	if err := json.Unmarshal(answer.Value, &m); err != nil || m.Version != marksForm || len(m.Entries) > maxHeld {
		return out, errMarks(err)
	}
	for id, e := range m.Entries {
		if id == "" || e == nil || len(e.Marks) == 0 || len(e.Marks) > maxMarks || slices.ContainsFunc(e.Marks, func(m string) bool { return !dnsblock.GoodMark(m) }) {
			return out, errMarks(nil)
		}
		out.Entries[id] = e
	}
	return out, nil
}

func errMarks(err error) error {
	return connectors.NeedsPerson(words.Text("What Home Assistant keeps for us about earlier blocks cannot be read, so nothing is disabled; look whether a newer Best Before is connected to it too."), err)
}

func (s *Session) readMarks(ctx context.Context) (marks, error) {
	b, err := s.ask(ctx, command{"type": "frontend/get_user_data", "key": userKey})
	if err != nil {
		return marks{}, said(err)
	}
	return parseMarks(b)
}

func (s *Session) writeMarks(ctx context.Context, m marks) error {
	var v any
	if len(m.Entries) > 0 {
		v = m
	}
	_, err := s.ask(ctx, command{"type": "frontend/set_user_data", "key": userKey, "value": v})
	return said(err)
}

// under are the integrations that carry a mark, sorted.
func (m marks) under(mark string) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(m.Entries)) {
		if slices.Contains(m.Entries[id].Marks, mark) {
			out = append(out, id)
		}
	}
	return out
}

// add puts a mark on an integration; false when too many are there.
func (m marks) add(mark string, e entry, title string, now time.Time) bool {
	x := m.Entries[e.ID]
	if x == nil {
		if len(m.Entries) >= maxHeld {
			return false
		}
		x = &marked{Since: now}
		m.Entries[e.ID] = x
	}
	if len(x.Marks) == 0 || !e.off() { // somebody may have enabled it since
		x.WasOn = !e.off()
	}
	x.Title = title
	if !slices.Contains(x.Marks, mark) {
		if len(x.Marks) >= maxMarks {
			return false
		}
		x.Marks = append(x.Marks, mark)
	}
	return true
}

// drop takes a mark off an integration, and says whether that is to be enabled:
// no other mark is left on it, and it was on before.
func (m marks) drop(mark, id string) (enable bool) {
	x := m.Entries[id]
	x.Marks = slices.DeleteFunc(slices.Clone(x.Marks), func(y string) bool { return y == mark })
	if len(x.Marks) > 0 {
		return false
	}
	delete(m.Entries, id)
	return x.WasOn
}
