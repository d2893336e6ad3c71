package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

// held describes k for a person, with a receipt that lifts it.
func (k *kept) held(now time.Time) connectors.Held {
	what := "everything outside the home"
	if !k.any {
		what = fmt.Sprintf("%d addresses", len(k.to))
		if len(k.to) == 1 {
			what = k.to[0].String()
		}
	}
	text := words.Sprintf("blocks %s from reaching %s", strings.Join(macTexts(k.macs), ", "), what)
	switch {
	case len(k.macs) == 0:
		text = words.Text("a block that is over")
	case !k.complete():
		text += words.Text("; parts of it are missing")
	}
	var ids []discovery.Identifier
	for _, m := range k.macs {
		ids = append(ids, discovery.Identifier{Type: discovery.MAC, Value: m.String()})
	}
	r := connectors.Receipt{
		Mark: k.mark, Level: consent.Configured, At: now.UTC(), From: k.from, Until: k.until, Grain: k.grain(), Text: text,
		Target: connectors.Target{Identifiers: ids, Recipient: consent.Recipient{Any: k.any}},
	}
	if len(k.to) <= 64 {
		for _, a := range k.to {
			r.Target.Recipient.Destinations = append(r.Target.Recipient.Destinations, a.String())
		}
	}
	return connectors.Held{Mark: k.mark, Text: text, From: k.from, Until: k.until, Active: k.active(now) && len(k.macs) > 0, Receipt: r}
}

// Verify reads the block back, compares the refused packets with the receipt's
// and asks connection tracking, which our rules do not feed, whether bytes of
// the device still left for the recipient.
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	var d receiptData
	if len(r.Data) > 0 {
		if err := json.Unmarshal(r.Data, &d); err != nil || d.Version != 1 {
			return connectors.Finding{}, connectors.Permanent(words.Text("this receipt is not from the gateway connector"), err)
		}
	}
	if err := ctx.Err(); err != nil {
		return connectors.Finding{}, connectors.Transient(words.Text("asking the router took too long"), err)
	}
	now := s.now()
	k, err := s.look(r.Mark)
	if err != nil {
		return connectors.Finding{}, err
	}
	f := connectors.Finding{At: now.UTC(), Seen: consent.CannotTell}
	over := !r.Until.IsZero() && !now.Add(2*time.Second).Before(r.Until) // the kernel may be a little ahead
	if k == nil || !k.complete() || len(k.macs) == 0 || d.Hash != "" && k.targetHash() != d.Hash {
		f.Missing = !over
		f.Text = words.Text("asked the router · it no longer holds this block")
		if over {
			f.Text = words.Text("asked the router · the pause is over and the block has ended by itself")
		}
		return f, nil
	}
	f.Level = consent.Configured
	f.Refused = k.refused() // the counters begin with the rules, so with this block
	for _, t := range k.tries {
		if t.last.After(f.LastTry) {
			f.LastTry = t.last
		}
	}
	if k.from.After(now) {
		f.Text = words.Sprintf("asked the router · router confirms · it starts by itself at %s", clock(k.from, now))
		return f, nil
	}
	passed, err := s.tracker.passedSince(k.plan, d, r)
	if err != nil {
		s.log.Warn("flow accounting not read", "error", err)
	}
	f.Passed = passed
	judge(&f, now, err == nil, s.tracker.risen(k.mark, passed))
	return f, nil
}

// look gives a copy of what the kernel holds under a mark now, nil for nothing.
func (s *Session) look(mark string) (*kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mark(mark)
	if k == nil || err != nil {
		return nil, err
	}
	out := *k
	return &out, nil
}

// judge says what f's figures mean. counted is whether the flows could be read,
// risen whether bytes have passed since the last look.
func judge(f *connectors.Finding, now time.Time, counted, risen bool) {
	f.Text = words.Text("asked the router · router confirms ·") + " "
	if f.Refused > 0 {
		f.Level = consent.Effective
		f.Text += words.Sprintf("%d attempts refused", f.Refused)
		if f.Refused == 1 {
			f.Text = strings.Replace(f.Text, "attempts", "attempt", 1)
		}
		if !f.LastTry.IsZero() {
			f.Text += words.Sprintf(", last %s", clock(f.LastTry, now))
		}
	}
	passed := fmt.Sprintf("%d bytes got through", f.Passed)
	switch {
	case risen && f.Refused > 0:
		f.Level, f.Seen = consent.Configured, consent.Flowing
		f.Text += " " + words.Sprintf("· yet %s", passed)
	case risen:
		f.Seen = consent.Flowing
		f.Text += words.Sprintf("yet %s", passed)
	case f.Refused > 0 && counted:
		f.Seen = consent.Stopped
		if f.Passed > 0 {
			f.Text += " " + words.Sprintf("· %s before the last look, none since", passed)
		}
	case f.Refused > 0:
		f.Text += " " + words.Text("· the flows could not be counted")
	default:
		f.Text += words.Text("it has not tried since")
	}
}
