package unifi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// line is a signed-in line to the console's own interface. Consoles count
// log-ins, right ones too, so one is kept as long as it is taken.
type line struct {
	web                *web.Client
	username, site     string
	password           connectors.Secret
	mu                 sync.Mutex // guards all below; held while signing in
	prefix             string     // before every path on a console with its own system
	cookie, csrf, exit string
	refused            error // a refused log-in is never tried again
}

// logoutTime bounds the farewell.
const logoutTime = 2 * time.Second

// login signs in: first as on a console with its own system, then as where the
// console is a program. A refused password is shown once.
func (l *line) login(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loginHeld(ctx)
}

func (l *line) loginHeld(ctx context.Context) error {
	if l.refused != nil {
		return l.refused
	}
	l.cookie, l.csrf = "", ""
	for _, door := range []struct{ in, out, prefix string }{{"/api/auth/login", "/api/auth/logout", "/proxy/network"}, {"/api/login", "/api/logout", ""}} {
		r, err := l.web.Do(ctx, web.Request{Method: http.MethodPost, Path: door.in, Body: map[string]any{"username": l.username, "password": l.password.Reveal()}})
		switch {
		case err != nil:
			return err
		case r.Status == http.StatusNotFound:
			continue // not that door
		case r.Status == http.StatusUnauthorized, r.Status == http.StatusBadRequest, r.Status == http.StatusForbidden:
			l.refused = connectors.Fault(consent.KindSignIn, words.Text("The UniFi console refused the user name or the password; give the connection those of a local account."), nil)
			return l.refused
		case !r.OK():
			return l.web.Refusal(r)
		}
		l.take(r)
		if l.cookie == "" {
			return connectors.NeedsPerson(words.Text("What answers there is not a UniFi console, or it wants a second factor; use a local account without one."), nil)
		}
		l.prefix, l.exit = door.prefix, door.out
		return nil
	}
	return connectors.NeedsPerson(words.Text("What answers there is not a UniFi console; check the address."), nil)
}

// take keeps the cookie and the word against forged requests.
func (l *line) take(r web.Reply) {
	for _, c := range (&http.Response{Header: r.Header}).Cookies() {
		if (c.Name == "TOKEN" || c.Name == "unifises") && len(c.Value) < 4096 {
			l.cookie = c.Name + "=" + c.Value
		}
	}
	if t := r.Header.Get("X-Csrf-Token"); t != "" && len(t) < 4096 {
		l.csrf = t
	}
}

func (l *line) get(ctx context.Context, path string, into any) error {
	return l.call(ctx, http.MethodGet, path, nil, into)
}

func (l *line) post(ctx context.Context, path string, body any) error {
	return l.call(ctx, http.MethodPost, path, body, nil)
}

// call asks below the site, and signs in again once where the session has ended.
func (l *line) call(ctx context.Context, method, path string, body, into any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for again := false; ; again = true {
		if l.refused != nil {
			return l.refused
		}
		r, err := l.ask(ctx, method, l.prefix+"/api/s/"+l.site+path, body)
		if err != nil {
			return err
		}
		if r.Status == http.StatusUnauthorized && !again {
			if err := l.loginHeld(ctx); err != nil {
				return err
			}
			continue
		}
		return l.read(r, into)
	}
}

func (l *line) ask(ctx context.Context, method, path string, body any) (web.Reply, error) {
	h := http.Header{"Accept": {"application/json"}}
	if l.cookie != "" {
		h.Set("Cookie", l.cookie)
	}
	if l.csrf != "" && method != http.MethodGet {
		h.Set("X-Csrf-Token", l.csrf)
	}
	return l.web.Do(ctx, web.Request{Method: method, Path: path, Header: h, Body: body})
}

// read takes the data out of the envelope that every answer has. The caller holds mu.
func (l *line) read(r web.Reply, into any) error {
	var e struct {
		Meta struct {
			RC  string `json:"rc"`
			Msg string `json:"msg"`
		} `json:"meta"`
		Data json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(r.Body, &e)
	if err == nil && e.Meta.Msg != "" {
		r.Body = []byte(e.Meta.Msg)
	}
	denied := slices.Contains([]string{"api.err.NoPermission", "api.err.NoEdit"}, e.Meta.Msg)
	switch {
	case denied || r.Status == http.StatusForbidden:
		return connectors.NeedsPerson(words.Text("This account may not do that at the UniFi console; give it the role of a site administrator."), nil)
	case r.Status == http.StatusUnauthorized:
		l.refused = connectors.Fault(consent.KindSignIn, words.Text("The UniFi console does not take the session that it just gave out; check that its clock is right and sign in again."), nil)
		return l.refused
	case !r.OK():
		return l.web.Refusal(r)
	case err != nil || e.Meta.RC == "":
		return connectors.NeedsPerson(words.Text("What answers there does not answer as a UniFi console does; check the address."), nil)
	case e.Meta.RC != "ok":
		return connectors.Permanent(words.Sprintf("The UniFi console refused: %s.", clean(strings.TrimPrefix(e.Meta.Msg, "api.err."))), nil)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(e.Data, into); err != nil {
		return connectors.Transient(words.Text("The UniFi console gave a list that cannot be read."), err)
	}
	return nil
}

// logout gives the session back; that it could not is nobody's trouble.
func (l *line) logout() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cookie == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), logoutTime)
	defer cancel()
	_, _ = l.ask(ctx, http.MethodPost, l.exit, nil)
	l.cookie = ""
}
