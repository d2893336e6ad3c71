package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

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

// ask sends one request and sorts its answer.
func (s *session) ask(ctx context.Context, q Request, sc *scope) (reply, error) {
	req, err := s.build(ctx, q, sc)
	if err != nil {
		return reply{}, err
	}
	host := req.URL.Hostname()
	if err := s.mayAsk(host); err != nil {
		return reply{}, err
	}
	resp, err := s.h.HTTP.Do(req)
	if err != nil {
		return reply{}, s.unreached(ctx, host, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerMax+1))
	if err != nil {
		return reply{}, s.unreached(ctx, host, err)
	}
	if len(data) > answerMax {
		return reply{}, connectors.Fault(consent.KindTransient, words.Sprintf("%s gave an answer that is too large.", host), nil)
	}
	a := readReply(resp.StatusCode, data)
	a.header, a.host = resp.Header, host
	return s.sort(ctx, a, q, sc)
}

// mayAsk refuses where a credential was refused before, or the peer wants to be left alone.
func (s *session) mayAsk(host string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil {
		return s.refused
	}
	return s.pause.Left(s.h.Now(), host)
}

// unreached sorts what went wrong on the way. A recipe may have to write a key
// into an address, and a cause may name that.
func (s *session) unreached(ctx context.Context, host string, err error) error {
	err = connectors.Unreached(ctx, host, err)
	var e *connectors.Error
	if errors.As(err, &e) && e.Kind == consent.KindTransient && e.Err != nil {
		return connectors.Fault(e.Kind, e.Text, errors.New(s.clean(e.Err.Error())))
	}
	return err
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

// build writes the request out.
func (s *session) build(ctx context.Context, q Request, sc *scope) (*http.Request, error) {
	method, at, _ := q.method()
	value := s.valueOf(ctx, sc)
	base, err := s.baseOf(q)
	if err != nil {
		return nil, err
	}
	path, err := fillIn(at, value, inPath)
	if err != nil {
		return nil, err
	}
	to := base + path
	if len(q.Query) > 0 {
		v := url.Values{}
		for k, t := range q.Query {
			text, err := fillIn(t, value, plain)
			if err != nil {
				return nil, err
			}
			v.Set(k, text)
		}
		to += "?" + v.Encode()
	}
	body, kind, err := bodyOf(q, value)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return nil, connectors.Fault(consent.KindPermanent, words.Text("The recipe makes an address that is none."), errors.New(s.clean(err.Error())))
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, s.headers(req, q, value)
}

func (s *session) headers(req *http.Request, q Request, value func(string) (string, error)) error {
	for _, set := range []map[string]string{s.r.Headers, q.Headers} {
		for k, t := range set {
			text, err := fillIn(t, value, oneLine)
			if err != nil {
				return err
			}
			req.Header.Set(k, text)
		}
	}
	if s.r.Login == (Login{}) {
		return nil
	}
	user, err := fillIn(s.r.Login.User, value, oneLine)
	if err != nil {
		return err
	}
	password, err := fillIn(s.r.Login.Password, value, plain)
	if err != nil {
		return err
	}
	req.SetBasicAuth(user, password)
	return nil
}

// oneLine drops what would end a header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// baseOf is where a request goes.
func (s *session) baseOf(q Request) (string, error) {
	base := s.r.Base
	if q.Base != "" {
		base = q.Base
	}
	rest, home := strings.CutPrefix(base, "{{")
	if !home {
		return base, nil
	}
	key, path, _ := strings.Cut(rest, "}}")
	at := s.homes[strings.TrimSpace(key)]
	if at == "" {
		return "", connectors.Fault(consent.KindNeedsPerson, words.Text("The address of the peer is not known yet."), nil)
	}
	return at + path, nil
}

func fillIn(text string, value func(string) (string, error), escape func(string) string) (string, error) {
	t, err := parseTemplate(text)
	if err != nil {
		return "", connectors.Fault(consent.KindPermanent, words.Text("The recipe has a text that cannot be filled in."), err)
	}
	return t.fill(value, escape)
}

func bodyOf(q Request, value func(string) (string, error)) (io.Reader, string, error) {
	switch {
	case q.Form != nil:
		v := url.Values{}
		for k, t := range q.Form {
			text, err := fillIn(t, value, plain)
			if err != nil {
				return nil, "", err
			}
			v.Set(k, text)
		}
		return strings.NewReader(v.Encode()), "application/x-www-form-urlencoded", nil
	case q.JSON.Kind != 0:
		tree, err := fillTree(&q.JSON, value)
		if err != nil {
			return nil, "", err
		}
		b, err := json.Marshal(tree)
		if err != nil {
			return nil, "", connectors.Fault(consent.KindPermanent, words.Text("The recipe has a body that is no JSON."), err)
		}
		return bytes.NewReader(b), "application/json", nil
	}
	return nil, "", nil
}

// fillTree is a body with its texts filled in. A member "name?" is left out
// where its text is empty.
func fillTree(n *yaml.Node, value func(string) (string, error)) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := fillTree(n.Content[i+1], value)
			if err != nil {
				return nil, err
			}
			name, optional := strings.CutSuffix(n.Content[i].Value, "?")
			if !optional || v != "" {
				out[name] = v
			}
		}
		return out, nil
	case yaml.SequenceNode:
		out := []any{}
		for _, in := range n.Content {
			v, err := fillTree(in, value)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	if n.Tag == "!!str" {
		return fillIn(n.Value, value, plain)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, connectors.Fault(consent.KindPermanent, words.Text("The recipe has a body that is no JSON."), err)
	}
	return v, nil
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
