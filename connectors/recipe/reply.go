package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const (
	answerMax = 8 << 20
)

// reply is an answer of a peer.
type reply struct {
	status int
	body   any
	read   bool // the body is JSON, or there is none
	header http.Header
	host   string // that gave it
	none   bool   // it means that nothing is there
}

// readReply decodes a body, if it is JSON.
func readReply(status int, data []byte) reply {
	a := reply{status: status}
	if len(bytes.TrimSpace(data)) == 0 {
		a.read = true
		return a
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&a.body); err != nil {
		a.body = nil
		return a
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		a.body = nil
		return a
	}
	a.read = true
	return a
}

// sort says what an answer means.
func (s *session) sort(ctx context.Context, a reply, q Request, sc *scope) (reply, error) {
	for _, c := range q.Nothing {
		if ok, err := s.holds(ctx, a, c, sc); err != nil || ok {
			a.none = true
			return a, err
		}
	}
	for _, rule := range slices.Concat(q.Errors, s.r.Errors) {
		ok, err := s.holds(ctx, a, rule.When, sc)
		if err != nil {
			return a, err
		}
		if ok {
			return a, s.failed(a, consent.ErrorKind(rule.Kind), s.say(a, rule))
		}
	}
	if len(q.OK) > 0 && slices.Contains(q.OK, a.status) || len(q.OK) == 0 && a.status >= 200 && a.status < 300 {
		return a, nil
	}
	if a.status >= 300 && a.status < 400 {
		return a, connectors.SentOn(a.host, a.header.Get("Location"))
	}
	kind, text := a.meaning()
	return a, s.failed(a, kind, text)
}

// holds reports whether a condition holds of an answer.
func (s *session) holds(ctx context.Context, a reply, c Cond, sc *scope) (bool, error) {
	if len(c.Status) > 0 && !slices.Contains(c.Status, a.status) {
		return false, nil
	}
	if c.Path == "" && c.Equals == nil && c.Not == nil && c.Starts == nil && c.Has == nil && c.Exists == nil {
		return true, nil
	}
	// That something is absent says nothing where the whole answer is a refusal, or cannot be read.
	absent := c.Exists != nil && !*c.Exists || c.Not != nil
	if absent && len(c.Status) == 0 && (a.status < 200 || a.status > 299 || !a.read) {
		return false, nil
	}
	return s.fits(ctx, found{value: a.body}, c, sc)
}

// say is the rule's sentence, with the peer's own words where it names them.
func (s *session) say(a reply, rule ErrorRule) string {
	p, err := parsePath(rule.Say)
	if rule.Say == "" || err != nil {
		return words.Text(rule.Text)
	}
	said, ok := p.one(found{value: a.body})
	if !ok || said == "" {
		return words.Text(rule.Text)
	}
	return words.Sprintf("%s It says: %s", words.Text(rule.Text), string(discovery.CleanLong(s.clean(said))))
}

// meaning is what a state means where the recipe says nothing of it.
func (a reply) meaning() (consent.ErrorKind, string) {
	switch {
	case a.status == http.StatusUnauthorized:
		return consent.KindSignIn, words.Sprintf("%s refused the password or the key. Nothing is tried again until you give another.", a.host)
	case a.status == http.StatusForbidden:
		return consent.KindNeedsPerson, words.Sprintf("The account may not do that at %s; give it the right, or use another.", a.host)
	case a.status == http.StatusTooManyRequests:
		return consent.KindTransient, words.Sprintf("%s was asked too often and wants a pause.", a.host)
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		return consent.KindTransient, words.Sprintf("%s has a fault of its own (%d).", a.host, a.status)
	}
	return consent.KindPermanent, words.Sprintf("%s does not know what it was asked (%d).", a.host, a.status)
}

// failed makes the error, and remembers what must not be asked again soon.
func (s *session) failed(a reply, kind consent.ErrorKind, text string) error {
	if len([]rune(text)) > 290 {
		text = string([]rune(text)[:290])
	}
	e := &connectors.Error{Kind: kind, Text: text}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case consent.KindSignIn:
		s.refused = e
	case consent.KindTransient:
		now := s.h.Now()
		at, said := connectors.RetryAfter(a.header, now)
		if said {
			s.pause.Until(at)
		}
		var wait *connectors.Error
		if errors.As(s.pause.Note(a.status, a.header, now, a.host), &wait) {
			at = wait.RetryAt
		}
		e.RetryAt = at
	}
	return e
}
