package openwrt

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Held lists every section of ours.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, r := range rules {
		what := "everything outside the home"
		if len(r.to) > 0 {
			what = fmt.Sprintf("%d addresses, %s first", len(r.to), r.to[0])
		}
		text := words.Sprintf("rule %s keeps %s from %s", r.section(), strings.Join(r.macs, ", "), what)
		switch {
		case r.disabled:
			text += words.Text("; somebody switched it off")
		case r.odd:
			text += words.Text("; somebody changed it")
		}
		rec := connectors.Receipt{Mark: r.mark, Level: consent.Configured, At: s.now().UTC(), From: r.from, Until: r.until, Grain: r.grain(), Text: text}
		rec.Target.Recipient.Any = len(r.to) == 0
		for _, m := range r.macs {
			rec.Target.Identifiers = append(rec.Target.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: m})
		}
		out = append(out, connectors.Held{Mark: r.mark, Text: text, From: r.from, Until: r.until, Active: r.active(s.now()), Receipt: rec})
	}
	return out, nil
}

// Verify reads the section back, the live rule's counter where that is granted,
// and the table of connections, which our rules do not write.
func (s *Session) Verify(ctx context.Context, rec connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{At: s.now().UTC(), Seen: consent.CannotTell}
	var d kept
	if len(rec.Data) > 0 {
		if err := json.Unmarshal(rec.Data, &d); err != nil || d.Version != 1 {
			return f, connectors.Permanent(words.Text("This receipt is not from the OpenWrt connector."), err)
		}
	}
	s.writing.Lock()
	r, ok, err := s.readBack(ctx, safeMark(rec.Mark))
	s.writing.Unlock()
	if err != nil {
		return f, err
	}
	now := s.now()
	switch {
	case !ok && !rec.Until.IsZero() && !now.Before(rec.Until):
		f.Text = words.Text("The pause is over and the router's rule has ended by itself.")
		return f, nil
	case !ok:
		f.Missing, f.Text = true, words.Text("The router's firewall no longer holds the rule.")
		return f, nil
	case r.disabled:
		f.Missing, f.Text = true, words.Text("Somebody switched the rule off on the router.")
		return f, nil
	case r.odd || d.Hash != "" && d.Hash != r.hash():
		f.Missing, f.Text = true, words.Text("Somebody changed the rule on the router.")
		return f, nil
	case r.over(now):
		f.Text = words.Text("The pause is over and the router's rule has ended by itself.")
		return f, nil
	}
	f.Level = consent.Configured
	if !r.active(now) {
		f.Text = words.Sprintf("The router holds the rule; it starts by itself at %s.", words.Date(r.from.In(now.Location()), "2 January 2006, 15:04:05"))
		return f, nil
	}
	s.judge(ctx, &f, r, d)
	return f, nil
}

// judge says what the router's counters mean.
func (s *Session) judge(ctx context.Context, f *connectors.Finding, r rule, d kept) {
	f.Text = words.Text("The router's firewall holds the rule")
	refused, live, counted := s.refusals(ctx, r)
	if counted && !live {
		f.Level, f.Text = consent.Accepted, words.Text("The rule is in the router's settings, but its firewall has not loaded it.")
		return
	}
	passed, looked := s.passed(ctx, r, d)
	f.Refused, f.Passed = refused, passed
	if refused > 0 {
		f.Text += words.Sprintf("; %d attempts were refused", refused)
	}
	switch {
	case passed > 0:
		f.Seen = consent.Flowing
		f.Text += words.Sprintf("; yet %d bytes got through", passed)
	case refused > 0 && looked:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text += words.Text(", and nothing got through")
	case refused > 0:
		f.Level = consent.Effective
		f.Text += words.Text("; the flows could not be counted")
	default:
		f.Text += words.Text("; it has not been seen to try since")
	}
	f.Text += "."
}

// passed counts what left on connections under r since the block.
func (s *Session) passed(ctx context.Context, r rule, d kept) (sum uint64, looked bool) {
	if !s.observes() || !d.Counted {
		return 0, false
	}
	h, err := s.around(ctx, homeAge)
	if err != nil {
		return 0, false
	}
	rows, err := s.table(ctx)
	if err != nil {
		return 0, false
	}
	for _, c := range rows {
		if !s.under(r, c, h) {
			continue
		}
		_, _, _, moved, _ := h.sorted(c)
		if was := d.Open[fmt.Sprintf("%x", c.id())]; moved.up >= was {
			sum += moved.up - was
		} else {
			sum += moved.up
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return sum, !s.seen.cut
}

// refusals reads the counter of r in the live ruleset. counted is whether that
// is granted, live whether the rule is there.
func (s *Session) refusals(ctx context.Context, r rule) (n uint64, live, counted bool) {
	all, counted := s.loaded(ctx)
	x, live := all[r.name()]
	return x.refused, live, counted
}
