package unifi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// A block has no name of its own here, so our mark stands in the note of the
// device, on a line of its own; what else is written there stays.
const (
	noteWas = " (was shut out before)" // not by us: lifting ours leaves it so
	maxNote = 4000
)

// marksOf splits a note into our marks and what is the household's.
func marksOf(note string) (marks map[string]bool, rest []string) {
	marks = map[string]bool{}
	if note == "" {
		return marks, nil
	}
	for l := range strings.SplitSeq(note, "\n") {
		mark, ours := strings.CutPrefix(strings.TrimRight(l, "\r"), markStart)
		mark, was := strings.CutSuffix(mark, noteWas)
		if !ours || !goodMark(mark) {
			rest = append(rest, l)
			continue
		}
		marks[mark] = was
	}
	return marks, rest
}

func noteOf(marks map[string]bool, rest []string) string {
	lines := slices.Clone(rest)
	for m, was := range marks {
		l := markStart + m
		if was {
			l += noteWas
		}
		lines = append(lines, l)
	}
	slices.Sort(lines[len(rest):])
	return strings.Join(lines, "\n")
}

// of are the known devices that a target means.
func of(all []user, macs []string) []user {
	return slices.DeleteFunc(slices.Clone(all), func(u user) bool {
		return !plainID(u.ID) || !slices.ContainsFunc(macs, func(m string) bool { return strings.EqualFold(u.MAC, m) })
	})
}

// Block writes the mark first, so that nothing is ever shut out without a trace
// of why, then shuts the device out and reads that back.
func (s *ClassicSession) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	macs := macsOf(r.Target)
	switch {
	case !goodMark(r.Mark):
		return connectors.Receipt{}, connectors.Permanent(words.Text("This block has no name that the UniFi console could keep."), nil)
	case r.From.After(s.now()) || !r.Until.IsZero():
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The UniFi console keeps no dates for a device that is shut out."), nil)
	case len(macs) == 0:
		return connectors.Receipt{}, connectors.Unsupported(words.Text("No hardware address of this device is known, and the UniFi console goes by that."), nil)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	all, err := s.users(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	mine := of(all, macs)
	if len(mine) == 0 {
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The UniFi console does not know this device."), nil)
	}
	for _, u := range mine {
		if err := s.shutOut(ctx, u, r.Mark); err != nil {
			return connectors.Receipt{}, err
		}
	}
	for _, u := range all { // what stood under the same mark before
		if slices.ContainsFunc(mine, func(m user) bool { return m.ID == u.ID }) {
			continue
		}
		if err := s.letIn(ctx, u, r.Mark); err != nil {
			return connectors.Receipt{}, err
		}
	}
	return s.shown(ctx, r, macs)
}

// shown is the receipt of a block, with what the console shows of it.
func (s *ClassicSession) shown(ctx context.Context, r connectors.BlockRequest, macs []string) (connectors.Receipt, error) {
	data, err := json.Marshal(kept{macs})
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, Grain: connectors.GrainDevice, Data: data,
		Text: words.Text("The UniFi console shuts the device out of the network."),
	}
	all, err := s.users(ctx)
	if err != nil {
		return out, err
	}
	if isOut(of(all, macs), r.Mark) {
		out.Level = consent.Configured
	}
	return out, nil
}

func (s *ClassicSession) shutOut(ctx context.Context, u user, mark string) error {
	marks, rest := marksOf(u.Note)
	if _, there := marks[mark]; !there {
		foreign := u.Blocked && len(marks) == 0
		for _, was := range marks {
			foreign = foreign || was
		}
		marks[mark] = foreign
		if err := s.write(ctx, u, noteOf(marks, rest)); err != nil {
			return err
		}
	}
	if u.Blocked {
		return nil
	}
	return s.line.post(ctx, "/cmd/stamgr", map[string]string{"cmd": "block-sta", "mac": strings.ToLower(u.MAC)})
}

func (s *ClassicSession) write(ctx context.Context, u user, note string) error {
	if len(note) > maxNote {
		return connectors.NeedsPerson(words.Text("The note of this device at the UniFi console is too long to add our mark; shorten it there."), nil)
	}
	return s.line.post(ctx, "/upd/user/"+u.ID, map[string]any{"note": note, "noted": note != ""})
}

// isOut reports whether all entries are shut out under a mark.
func isOut(us []user, mark string) bool {
	return len(us) > 0 && !slices.ContainsFunc(us, func(u user) bool {
		marks, _ := marksOf(u.Note)
		_, there := marks[mark]
		return !there || !u.Blocked
	})
}

// Unblock takes the mark away, and lets the device in where it was the last and
// nobody else had shut it out before.
func (s *ClassicSession) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	all, err := s.users(ctx)
	if err != nil {
		return r, err
	}
	for _, u := range all {
		if err := s.letIn(ctx, u, r.Mark); err != nil {
			return r, err
		}
	}
	r.Level, r.At, r.Text = consent.Configured, s.now().UTC(), words.Text("The device is let in again, as far as nothing else shuts it out.")
	return r, nil
}

func (s *ClassicSession) letIn(ctx context.Context, u user, mark string) error {
	marks, rest := marksOf(u.Note)
	was, there := marks[mark]
	if !there || !plainID(u.ID) {
		return nil
	}
	delete(marks, mark)
	if len(marks) == 0 && !was && u.Blocked {
		if err := s.line.post(ctx, "/cmd/stamgr", map[string]string{"cmd": "unblock-sta", "mac": strings.ToLower(u.MAC)}); err != nil {
			return err
		}
	}
	return s.write(ctx, u, noteOf(marks, rest))
}

// Held lists what carries our mark.
func (s *ClassicSession) Held(ctx context.Context) ([]connectors.Held, error) {
	all, err := s.users(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string]bool{} // mark -> all of it in force
	for _, u := range all {
		marks, _ := marksOf(u.Note)
		for m := range marks {
			active, known := by[m]
			by[m] = u.Blocked && (active || !known)
		}
	}
	var out []connectors.Held
	for m, active := range by {
		out = append(out, connectors.Held{
			Mark: m, Text: words.Text("A device that is shut out at the UniFi console"), Active: active,
			Receipt: connectors.Receipt{Mark: m, Level: consent.Configured, At: s.now().UTC(), Grain: connectors.GrainDevice},
		})
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return strings.Compare(a.Mark, b.Mark) })
	return out, nil
}

// Verify reads the devices back: one that is shut out vanishes from the list of
// connected ones, so it is looked for among the known ones.
func (s *ClassicSession) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{Level: consent.NoLevel, Seen: consent.CannotTell, At: s.now().UTC()}
	var k kept
	if len(r.Data) > 0 && json.Unmarshal(r.Data, &k) != nil {
		return f, connectors.Permanent(words.Text("This receipt is not ours."), nil)
	}
	all, err := s.users(ctx)
	if err != nil {
		return f, err
	}
	if !isOut(of(all, k.MACs), r.Mark) {
		f.Missing, f.Text = true, words.Text("The UniFi console no longer shuts this device out, or somebody changed its note.")
		return f, nil
	}
	f.Level, f.Text = consent.Configured, words.Text("The device is shut out; the console does not say whether it tries.")
	return f, nil
}
