package homeassistant

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/gorilla/websocket"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// way is how Home Assistant is reached: through the guarded way out alone.
type way struct {
	base *url.URL
	web  *web.Client
	host *connectors.Host
}

// login looks whether a Home Assistant is there, connects and signs in once.
func (w *way) login(ctx context.Context, token connectors.Secret) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := w.greet(ctx); err != nil {
		return nil, err
	}
	d := websocket.Dialer{
		NetDialContext: w.host.Dial, NetDialTLSContext: w.dialTLS, HandshakeTimeout: openTimeout, ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10,
	}
	to := url.URL{Scheme: map[string]string{"http": "ws", "https": "wss"}[w.base.Scheme], Host: w.base.Host, Path: "/api/websocket"}
	conn, resp, err := d.DialContext(ctx, to.String(), nil)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }() // the line is no part of it
	}
	if err != nil {
		return nil, w.unopened(ctx, resp, err)
	}
	l := &link{conn: conn, lost: make(chan struct{}), ended: make(chan struct{}), pending: map[int64]chan message{}, events: map[int64]func(json.RawMessage){}}
	conn.SetReadLimit(messageMax)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = l.signIn(token)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if connectors.KindOf(err) == consent.KindSignIn {
			return nil, err
		}
		return nil, connectors.Unreached(ctx, peer, err)
	}
	go l.read()
	return l, nil
}

// greet asks what Home Assistant tells everybody, so that the token is sent to
// nothing else.
func (w *way) greet(ctx context.Context) error {
	once := http.Header{"Connection": {"close"}} // all else goes over the line
	r, err := w.web.Do(ctx, web.Request{Method: http.MethodGet, Path: "/auth/providers", Header: once})
	if err != nil {
		return err
	}
	var setUp struct {
		Code string `json:"code"`
	}
	switch {
	case r.Status == http.StatusForbidden:
		return connectors.NeedsPerson(words.Text("Home Assistant turns this computer away; look into its file ip_bans.yaml, where it keeps those who came with a wrong password too often."), nil)
	case r.Status == http.StatusBadRequest && json.Unmarshal(r.Body, &setUp) == nil && setUp.Code == "onboarding_required":
		return connectors.NeedsPerson(words.Text("This Home Assistant is not set up yet; sign in on its own page first."), nil)
	case r.Status == http.StatusBadRequest:
		return connectors.NeedsPerson(words.Text("Home Assistant does not take what is sent that way; check the address, and write https:// in front if its own page has that."), w.web.Refusal(r))
	case r.Status == http.StatusNotFound:
		return connectors.NeedsPerson(words.Text("What answers there is not Home Assistant; check the address and the port."), nil)
	case !r.OK():
		return w.web.Refusal(r)
	}
	return w.introduced(r)
}

// introduced wants the list of ways to sign in, alone or, since 2023.12, in an
// object.
func (w *way) introduced(r web.Reply) error {
	type provider struct {
		Type string `json:"type"`
	}
	var whole struct {
		Providers []provider `json:"providers"`
	}
	var list json.RawMessage
	if err := w.web.Decode(r, &list); err != nil {
		return err
	}
	if json.Unmarshal(list, &whole.Providers) != nil && json.Unmarshal(list, &whole) != nil {
		whole.Providers = nil
	}
	if whole.Providers == nil || len(whole.Providers) > 0 && whole.Providers[0].Type == "" {
		return connectors.NeedsPerson(words.Text("What answers there is not Home Assistant; check the address and the port."), nil)
	}
	return nil
}

// dialTLS checks the certificate before a byte is sent.
func (w *way) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	if w.host.TLS == nil {
		return nil, connectors.Permanent(words.Text("the Home Assistant connector was given no check of certificates"), nil)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address %q: %w", address, err)
	}
	raw, err := w.host.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, w.host.TLS(host))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}
	return conn, nil
}

// unopened sorts why there is no websocket though a Home Assistant answers.
func (w *way) unopened(ctx context.Context, resp *http.Response, err error) error {
	if resp == nil || !errors.Is(err, websocket.ErrBadHandshake) {
		return connectors.Unreached(ctx, peer, err)
	}
	switch {
	case resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusTooManyRequests:
		return connectors.Transient(words.Sprintf("Home Assistant has a fault of its own (%d).", resp.StatusCode), err)
	case resp.StatusCode == http.StatusForbidden:
		return connectors.NeedsPerson(words.Text("Home Assistant turns this computer away; look into its file ip_bans.yaml, where it keeps those who came with a wrong password too often."), err)
	}
	return connectors.NeedsPerson(words.Sprintf("Home Assistant answers, but opens no line for programs (%d); if a server stands in front of it, allow websockets there.", resp.StatusCode), err)
}
