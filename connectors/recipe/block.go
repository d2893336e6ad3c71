package recipe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// markStart begins every text that we leave at a peer; the recipe cannot change it.
const markStart = "bestbefore:"

// heldRow is one thing at the peer that carries our mark.
type heldRow struct {
	row
	list    int // which of the recipe's lists
	mark    string
	active  bool
	refused uint64
}

// held reads the peer's lists; rows without our mark are left out.
func (s *session) held(ctx context.Context) ([]heldRow, error) {
	var out []heldRow
	for i, l := range s.r.Held {
		rows, err := s.list(ctx, l.Request, l.Rows, newScope(nil))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			h, ok, err := s.ours(ctx, l, r)
			if err != nil {
				return nil, err
			}
			if h.list = i; ok {
				out = append(out, h)
			}
		}
	}
	return out, nil
}

func (s *session) ours(ctx context.Context, l HeldList, r row) (heldRow, bool, error) {
	p, err := parsePath(l.Mark)
	if err != nil {
		return heldRow{}, false, nil
	}
	text, _ := p.one(r.item)
	mark, ours := strings.CutPrefix(text, markStart)
	if !ours || mark == "" || len(mark) > 200 {
		return heldRow{}, false, nil
	}
	h := heldRow{row: r, mark: mark}
	if h.active, err = s.fitsAll(ctx, r.item, l.Active, newScope(nil)); err != nil {
		return h, false, err
	}
	if p, err := parsePath(l.Refused); err == nil && l.Refused != "" {
		n, _ := p.one(r.item)
		h.refused, _ = strconv.ParseUint(n, 10, 64) // what is no number counts nothing
	}
	return h, true, nil
}

func (s *session) heldBy(ctx context.Context, mark string) ([]heldRow, error) {
	all, err := s.held(ctx)
	return slices.DeleteFunc(all, func(h heldRow) bool { return h.mark != mark }), err
}

// Block sets the block anew and then lifts what stood under the same mark, so
// that nothing slips through between. What it set is looked for in the peer's
// own list: a yes alone proves nothing.
func (s *session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	if !r.From.IsZero() || !r.Until.IsZero() {
		return connectors.Receipt{}, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s cannot keep a date by itself.", s.r.Name), nil)
	}
	before, err := s.heldBy(ctx, r.Mark)
	if err != nil {
		return connectors.Receipt{}, err
	}
	values := targetOf(r.Target)
	values["mark"] = markStart + r.Mark
	if !s.reaches(values) {
		return connectors.Receipt{}, connectors.Fault(consent.KindUnsupported, words.Text("Nothing is known of this device that it goes by, neither a hardware address nor an address."), nil)
	}
	if _, err := s.run(ctx, s.r.Block.Steps, newScope(values)); err != nil {
		return connectors.Receipt{}, err
	}
	if err := s.drop(ctx, before, r.Mark); err != nil {
		return connectors.Receipt{}, err
	}
	after, err := s.heldBy(ctx, r.Mark)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if len(after) == 0 {
		return connectors.Receipt{}, connectors.Fault(consent.KindPermanent, words.Sprintf("%s said yes, but the block is not in its list.", s.r.Name), nil)
	}
	out := connectors.Receipt{
		Mark: r.Mark, Level: consent.Configured, At: s.h.Now().UTC(), Target: r.Target, Grain: connectors.Grain(s.r.Block.Grain), Text: words.Text(s.r.Block.Text),
	}
	if !allActive(after) {
		out.Level = consent.Accepted
	}
	return out, nil
}

// reaches reports whether a step that writes the mark would run at all.
func (s *session) reaches(values map[string]string) bool {
	return slices.ContainsFunc(s.r.Block.Steps, func(st Step) bool {
		_, loop := loops[st.Each]
		return slices.Contains(st.names(), "mark") && (!loop || values[st.Each] != "")
	})
}

func allActive(rows []heldRow) bool {
	return !slices.ContainsFunc(rows, func(h heldRow) bool { return !h.active })
}

// drop lifts rows and lets the peer take over what was changed.
func (s *session) drop(ctx context.Context, rows []heldRow, mark string) error {
	for _, h := range rows {
		sc := newScope(map[string]string{"mark": markStart + mark}).with("row", h.row)
		if _, err := s.run(ctx, s.r.Unblock, sc); err != nil {
			return err
		}
	}
	_, err := s.run(ctx, s.r.Apply, newScope(nil))
	return err
}

// byAddress reports that the steps name addresses and no hardware addresses.
func (b *Block) byAddress() bool {
	names := func(what string) bool {
		return slices.ContainsFunc(b.Steps, func(s Step) bool { return strings.HasPrefix(s.Each, what) })
	}
	return names("addresses") && !names("macs")
}

// Unblock lifts what carries the receipt's mark and looks whether it is gone.
func (s *session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	rows, err := s.heldBy(ctx, r.Mark)
	if err != nil {
		return r, err
	}
	if len(rows) > 0 {
		if err := s.drop(ctx, rows, r.Mark); err != nil {
			return r, err
		}
		left, err := s.heldBy(ctx, r.Mark)
		if err != nil {
			return r, err
		}
		if len(left) > 0 {
			return r, connectors.Fault(consent.KindTransient, words.Sprintf("%s said yes, but the block is still in its list.", s.r.Name), nil)
		}
	}
	r.Level, r.At, r.Text = consent.Configured, s.h.Now().UTC(), words.Text("It is lifted.")
	return r, nil
}

// Held lists what carries our mark, one entry for each mark.
func (s *session) Held(ctx context.Context) ([]connectors.Held, error) {
	rows, err := s.held(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string][]heldRow{}
	for _, h := range rows {
		by[h.mark] = append(by[h.mark], h)
	}
	out := []connectors.Held{}
	for mark, rows := range by {
		out = append(out, connectors.Held{
			Mark: mark, Text: fmt.Sprintf("%s (%s)", words.Text(s.r.Block.Text), mark), Active: allActive(rows),
			Receipt: connectors.Receipt{
				Mark: mark, Level: consent.Configured, At: s.h.Now().UTC(), Grain: connectors.Grain(s.r.Block.Grain), Text: words.Text(s.r.Block.Text),
				Target: connectors.Target{Recipient: consent.Recipient{Any: true}},
			},
		})
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return cmp.Compare(a.Mark, b.Mark) })
	return out, nil
}

// Verify reads the peer's list again. Only a counter of what was turned away
// shows that a block has an effect.
func (s *session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	if s.r.Block == nil || r.Grain == connectors.GrainToken {
		return s.verifyGone(ctx, r)
	}
	f := connectors.Finding{At: s.h.Now().UTC(), Seen: consent.CannotTell}
	rows, err := s.heldBy(ctx, r.Mark)
	if err != nil {
		return f, err
	}
	if len(rows) == 0 || !allActive(rows) {
		f.Missing, f.Text = true, words.Text("asked it again · it no longer holds this block")
		return f, nil
	}
	f.Level = consent.Configured
	for _, h := range rows {
		f.Refused += h.refused
	}
	if f.Refused > 0 {
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("asked it again · it holds, and has turned %d packets away", f.Refused)
		return f, nil
	}
	f.Text = words.Text("asked it again · it confirms · nothing was turned away so far")
	return f, nil
}
