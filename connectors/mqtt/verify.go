package mqtt

import (
	"context"
	"encoding/json"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Verify reads the account back and looks for signs: what the broker's log says
// of refused logins, messages that still come, or the silence of what normally
// sends. A device that does not try stays "configured".
func (s *Session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{Level: consent.NoLevel, Seen: consent.CannotTell, At: s.now().UTC()}
	l, err := s.connected(ctx)
	if err != nil {
		return f, err
	}
	var k kept
	if len(r.Data) > 0 && json.Unmarshal(r.Data, &k) != nil {
		return f, connectors.Permanent(words.Text("This receipt is not ours."), nil)
	}
	if k.Zigbee != "" {
		return s.verifyZigbee(ctx, l, k, r.At, f)
	}
	if k.Account == "" {
		if k.Account, err = s.accountOf(r.Target); err != nil {
			return f, err
		}
	}
	a, err := s.accountNow(ctx, l, k.Account)
	if err != nil {
		return f, err
	}
	if k.Deleted && a != nil { // somebody made it anew: only a person knows whether that was meant (T34)
		f.Level, f.Seen, f.Text = consent.Accepted, consent.Flowing, words.Text("The account is there again; somebody made it anew at the broker.")
		return f, nil
	}
	if why := missing(a, k, r.Mark); why != "" {
		f.Missing, f.Text = true, why
		if since := s.seenSince(k, r.At); since.messages > 0 || since.logins > 0 {
			f.Seen, f.Passed = consent.Flowing, since.bytes
		}
		return f, nil
	}
	f.Level = consent.Configured
	silent, telling := s.silence(l, k, r.At)
	s.judge(&f, s.seenSince(k, r.At), silent, telling)
	return f, nil
}

// missing says why the broker no longer holds what a receipt set.
func missing(a *account, k kept, mark string) string {
	switch {
	case k.Deleted:
		return ""
	case a == nil:
		return words.Text("The broker no longer has this account.")
	case !readMarks(a.Textdescription).has(mark):
		return words.Text("The broker no longer holds this block.")
	case !a.Disabled:
		return words.Text("Somebody switched the account on again.")
	}
	return ""
}

// signs are what was noticed of an account since a moment.
type signs struct {
	messages, bytes uint64
	logins          int
	refused         uint64
	lastTry         time.Time
}

func (s *Session) seenSince(k kept, at time.Time) signs {
	out := s.clients.since(k.Account, k.Addresses, at)
	out.messages, out.bytes = s.book.since(accountID(k.Account), at)
	return out
}

// silence is how long we have listened in vain to an account that normally
// sends, and whether that is long enough to mean something.
func (s *Session) silence(l *link, k kept, at time.Time) (time.Duration, bool) {
	l.mu.Lock()
	from := l.watching
	l.mu.Unlock()
	if from.IsZero() || !l.alive() || k.Gap <= 0 {
		return 0, false
	}
	if at.After(from) {
		from = at
	}
	for _, lost := range []time.Time{s.system.lastDrop(), s.book.lastLoss()} {
		if lost.After(from) {
			from = lost // what was dropped may have been its message
		}
	}
	d := s.now().Sub(from)
	return d, d >= max(leastSilence, time.Duration(silenceFactor*k.Gap*float64(time.Second)))
}

func (s *Session) judge(f *connectors.Finding, seen signs, silent time.Duration, telling bool) {
	f.Refused, f.LastTry, f.Passed = seen.refused, seen.lastTry, seen.bytes
	switch {
	case seen.messages > 0:
		f.Seen, f.Text = consent.Flowing, words.Sprintf("%d messages came since that only this account may send.", seen.messages)
	case seen.logins > 0:
		f.Seen, f.Text = consent.Flowing, words.Text("The broker's log says that it signed in since.")
	case seen.refused > 0:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("The broker turned it away %d times since.", seen.refused)
	case telling:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("Nothing has come from it for %s, though it normally sends.", silent.Round(time.Second))
	default:
		f.Text = words.Text("The account is off; it has not been seen to try since.")
	}
}
