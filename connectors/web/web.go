// Package web asks a small JSON interface over the guarded way out, without ever
// storming it: what the connectors share that speak to a peer's own page or API.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const (
	bodyMax = 7 << 20 // under the guard's own bound, so that it is known what it was
)

// ErrTooLarge is behind the refusal of an answer that has no end.
var ErrTooLarge = words.New("the answer is too large")

// Client asks one peer. It is safe for concurrent use. After the peer has asked
// for a pause nothing is sent before that is over.
type Client struct {
	Base *url.URL
	HTTP *http.Client
	Now  func() time.Time
	Peer string // what it is called on screen

	pause connectors.Pause

	mu     sync.Mutex // guards all below
	ahead  time.Duration
	hasDay bool // the peer has shown its clock
}

// Request is one question. Body is written as JSON, Form as a form; nil is none.
type Request struct {
	Method, Path string
	Query        url.Values
	Header       http.Header
	Body         any
	Form         url.Values
}

// Reply is an answer that was read to its end.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	At     time.Time // by the peer's clock; zero where it does not say
}

// OK reports a success.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// ParseBase reads what a household types as an address: a host, with a port or
// not, or the URL of the peer's page.
func ParseBase(typed, peer string) (*url.URL, error) {
	s := strings.TrimSpace(typed)
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		s = "[" + s + "]"
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%q is not the address of %s; write it as in http://192.168.1.5 or http://192.168.1.5:3000.", string(discovery.Clean(typed)), peer), nil)
	}
	path := strings.TrimRight(u.Path, "/")
	for _, page := range []string{"/login.html", "/login", "/admin", "/api", "/control"} {
		path = strings.TrimSuffix(path, page)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(path, "/")}, nil
}

// Do asks once. An error is a *connectors.Error; an answer that is no success
// is given back, but for "too often", which is an error with its earliest retry.
func (c *Client) Do(ctx context.Context, r Request) (Reply, error) {
	if err := c.pause.Left(c.Now(), c.Peer); err != nil {
		return Reply{}, err
	}
	req, err := c.request(ctx, r)
	if err != nil {
		return Reply{}, connectors.Fault(consent.KindPermanent, words.Sprintf("What was to be asked of %s cannot be written.", c.Peer), err)
	}
	began := c.Now()
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Reply{}, connectors.Unreached(ctx, c.Peer, err)
	}
	defer func() { _ = resp.Body.Close() }()
	out := Reply{Status: resp.StatusCode, Header: resp.Header}
	if out.Body, err = io.ReadAll(io.LimitReader(resp.Body, bodyMax+1)); err != nil {
		return Reply{}, connectors.Unreached(ctx, c.Peer, err)
	}
	if len(out.Body) > bodyMax {
		return Reply{}, connectors.Fault(consent.KindTransient, words.Sprintf("%s gives an answer that is too large to be right; it was not read further.", c.Peer), ErrTooLarge)
	}
	c.clock(&out, began)
	if err := c.pause.Note(out.Status, resp.Header, c.Now(), c.Peer); err != nil {
		return out, err
	}
	if out.Status >= 300 && out.Status < 400 {
		return out, connectors.SentOn(c.Peer, resp.Header.Get("Location"))
	}
	return out, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	u := *c.Base
	// What comes after the base is escaped already, names with a slash included.
	base := u.EscapedPath()
	path, err := url.PathUnescape(base + r.Path)
	if err != nil {
		return nil, err
	}
	u.Path, u.RawPath, u.RawQuery = path, base+r.Path, r.Query.Encode()
	var body io.Reader
	kind := "application/json"
	if r.Form != nil {
		body, kind = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	}
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// clock notes how far the peer's clock is from ours.
func (c *Client) clock(r *Reply, began time.Time) {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return
	}
	r.At = at
	c.Showed(at, began)
}

// Showed notes what the peer's clock showed in an answer to what was asked at began.
func (c *Client) Showed(at, began time.Time) {
	middle := began.Add(c.Now().Sub(began) / 2).Round(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.hasDay = at.Add(half).Sub(middle), true
}

// half is what a time in whole seconds lacks on average.
const half = 500 * time.Millisecond

// trustedClock is how far a peer's clock may be off before its times are corrected.
const trustedClock = 30 * time.Second

// Ahead is how far the peer's clock is ahead of ours, zero where it agrees or
// does not say.
func (c *Client) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead.Abs() < trustedClock {
		return 0
	}
	return c.ahead
}

// PeerNow is the time by the peer's clock; false where it has not shown it.
func (c *Client) PeerNow() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Now().Add(c.ahead).Round(0), c.hasDay
}

// Decode reads an answer as JSON of v's form; anything else is another kind of server.
func (c *Client) Decode(r Reply, v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return connectors.Fault(consent.KindTransient, words.Sprintf("What answers there does not answer as %s does.", c.Peer), err)
	}
	return nil
}

// Refusal is the error of an answer that is no success and was not expected.
func (c *Client) Refusal(r Reply) error {
	say := string(discovery.CleanLong(firstLine(r.Body)))
	var cause error
	if say != "" {
		cause = errors.New(say)
	}
	switch {
	case r.Status == http.StatusUnauthorized:
		return connectors.Fault(consent.KindSignIn, words.Sprintf("%s refused the log-in.", c.Peer), cause)
	case r.Status == http.StatusForbidden:
		return connectors.Fault(consent.KindNeedsPerson, words.Sprintf("This account may not do that at %s; give it the right, or use another.", c.Peer), cause)
	case r.Status == http.StatusNotFound || r.Status == http.StatusMethodNotAllowed || r.Status == http.StatusNotImplemented:
		return connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not know what it was asked; it may be too old, or something else answers there.", c.Peer), cause)
	case r.Status >= 500:
		return connectors.OwnFault(c.Peer, r.Status, cause)
	}
	return connectors.Fault(consent.KindPermanent, words.Sprintf("%s refused what it was asked (%d).", c.Peer, r.Status), cause)
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b[:min(len(b), 200)]), "\n")
	return line
}
