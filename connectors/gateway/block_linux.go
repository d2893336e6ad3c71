package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// receiptData is what a receipt carries for Verify.
type receiptData struct {
	Version int               `json:"v"`
	MACs    []string          `json:"macs"`
	Hash    string            `json:"hash"`              // of devices and addresses
	Open    map[uint32]uint64 `json:"open,omitempty"`    // bytes sent so far on flows open at the block, by flow
	Set     time.Time         `json:"set"`               // kernel time at which the block was in place
	Settled bool              `json:"settled,omitempty"` // Open is whole
}

// Block sets r in the kernel, in place of what its mark held, and reads it back.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	p, err := planFor(r)
	if err != nil {
		return connectors.Receipt{}, err
	}
	now := s.now()
	if p.ended(now) {
		return connectors.Receipt{}, connectors.Permanent(words.Text("the pause would be over already"), nil)
	}
	if !p.from.After(now) {
		p.from = time.Time{}
	}
	h, err := s.home()
	if err != nil {
		return connectors.Receipt{}, err
	}
	if err := checkDevice(p, r.Target, h); err != nil {
		return connectors.Receipt{}, err
	}
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, connectors.Transient(words.Text("asking the router took too long"), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.set(p, h); err != nil {
		return connectors.Receipt{}, err
	}
	s.tracker.forgetMark(safeMark(p.mark))
	data := receiptData{Version: 1, MACs: macTexts(p.macs), Hash: p.targetHash()}
	if flows, err := s.openFlows(p, h); err != nil {
		s.log.Warn("flow accounting not read", "error", err)
	} else {
		data.Open, data.Settled = s.tracker.baseline(p, flows)
	}
	data.Set, _ = s.PeerTime(ctx)
	text := blockText(p, h, now)
	if err := s.boot.put(safeMark(p.mark), renderMark(p)); err != nil {
		s.log.Warn("boot file not written", "error", err)
		text += words.Text("; it could not be kept for a restart of that box")
	}
	return receiptFor(r, p, now, text, data)
}

// set writes p to the kernel and reads it back. The caller holds mu.
func (s *Session) set(p plan, h home) error {
	t, err := s.prepared(h)
	if err != nil {
		return err
	}
	k, err := s.kernel.put(t, p, s.now())
	if err != nil {
		return refusal("setting the block", err)
	}
	if !k.complete() || k.targetHash() != p.targetHash() && !p.ended(s.now()) {
		return connectors.Transient(words.Text("the router took the block but does not show it"), nil)
	}
	return nil
}

// checkDevice makes sure that p hits the device that was meant (T37, T38).
func checkDevice(p plan, t connectors.Target, h home) error {
	for _, m := range p.macs {
		if slices.Contains(h.ownMACs, m) {
			return connectors.NeedsPerson(words.Text("this is the router itself; it cannot be blocked"), nil)
		}
		if slices.Contains(h.upstream, m) {
			return connectors.NeedsPerson(words.Text("this is the way to the internet; it cannot be blocked"), nil)
		}
	}
	if len(h.addressesOf(p.macs)) > 0 {
		return nil
	}
	others := 0
	for _, text := range t.Addresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if _, held := h.holder(a.Unmap().WithZone("")); held {
			others++
		}
	}
	if others > 0 {
		return connectors.NeedsPerson(words.Text("the router now sees another network adapter at this device's address; say first whether it is the same device"), nil)
	}
	return nil
}

func blockText(p plan, h home, now time.Time) string {
	what := "asked the router · router confirms"
	switch {
	case !p.from.IsZero():
		what += " · it starts by itself at " + clock(p.from, now)
	case !p.until.IsZero():
		what += " · it ends by itself at " + clock(p.until, now)
	}
	if len(h.addressesOf(p.macs)) == 0 {
		what += " · the router does not see this device at the moment"
	}
	return what
}

// clock writes t for a person who reads it at now.
func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if y, m, d := t.Date(); y == now.Year() && m == now.Month() && d == now.Day() {
		return t.Format("15:04:05")
	}
	return words.Date(t, "2 January 2006, 15:04:05")
}

func receiptFor(r connectors.BlockRequest, p plan, now time.Time, text string, d receiptData) (connectors.Receipt, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("encoding the receipt: %w", err)
	}
	return connectors.Receipt{
		Mark: r.Mark, Level: consent.Configured, At: now.UTC(), Target: r.Target,
		From: p.from, Until: p.until, Grain: p.grain(), Text: text, Data: b,
	}, nil
}

func macTexts(ms []mac) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.String()
	}
	return out
}

// Unblock lifts what r's mark set, and only that. A mark that is gone is success.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	if r.Mark == "" {
		return r, connectors.Permanent(words.Text("this receipt names no block"), nil)
	}
	if err := ctx.Err(); err != nil {
		return r, connectors.Transient(words.Text("asking the router took too long"), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := safeMark(r.Mark)
	t, err := s.standing()
	if err != nil {
		return r, err
	}
	if k := t.marks[mark]; k != nil {
		if err := s.kernel.take(t, k); err != nil {
			return r, refusal("lifting the block", err)
		}
	}
	s.tracker.forgetMark(mark)
	r.Level, r.At, r.Text, r.Data = consent.Configured, s.now().UTC(), words.Text("asked the router · router confirms · the block is lifted"), nil
	if err := s.boot.drop(mark); err != nil {
		s.log.Warn("boot file not written", "error", err)
		r.Text += words.Text("; it could not be taken out of the file for the next restart")
	}
	return r, nil
}

// Held lists every mark in our table.
func (s *Session) Held(context.Context) ([]connectors.Held, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.standing()
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, k := range t.marks {
		if !k.known || !k.until.IsZero() { // else it is as it was read
			if err := s.kernel.fill(k, s.now()); err != nil {
				return nil, refusal("reading our table", err)
			}
		}
		out = append(out, k.held(s.now()))
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return compareText(a.Mark, b.Mark) })
	return out, nil
}
