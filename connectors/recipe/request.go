package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

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
