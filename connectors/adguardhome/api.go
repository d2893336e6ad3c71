package adguardhome

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// cookieName is the session's cookie.
const cookieName = "agh_session"

// api asks AdGuard Home with one session that is kept. A password is sent once;
// after it was refused nothing is asked any more.
type api struct {
	web      *dnsblock.Web
	username string
	password connectors.Secret

	signing sync.Mutex // one log-in at a time

	mu      sync.Mutex // guards all below
	cookie  string
	refused error // a refused log-in is never tried again
}

// login signs in once. Without a user name there is nothing to sign in with:
// some homes run it open.
func (a *api) login(ctx context.Context, stale string) error {
	a.signing.Lock()
	defer a.signing.Unlock()
	cookie, refused := a.session()
	switch {
	case refused != nil:
		return refused
	case cookie != stale: // somebody else signed in meanwhile
		return nil
	}
	if a.username == "" {
		return a.refuse("It asks for a user name and a password; give those of AdGuard Home's own page.")
	}
	r, err := a.web.Do(ctx, dnsblock.Request{
		Method: http.MethodPost, Path: "/control/login",
		Body: map[string]string{"name": a.username, "password": a.password.Reveal()},
	})
	if err != nil {
		return err
	}
	switch {
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized, r.Status == http.StatusBadRequest:
		return a.refuse("AdGuard Home refused the user name or the password. It was tried once and is not tried again until you say so, because it locks out who tries too often.")
	case !r.OK():
		return a.web.Refusal(r)
	}
	for _, c := range (&http.Response{Header: r.Header}).Cookies() {
		if c.Name == cookieName && c.Value != "" {
			a.mu.Lock()
			a.cookie = c.Value
			a.mu.Unlock()
			return nil
		}
	}
	return needsPerson("What answers there is not AdGuard Home; check the address.", nil)
}

func (a *api) refuse(text string) error {
	err := fault(consent.KindSignIn, text, nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = err
	return err
}

func (a *api) session() (cookie string, refused error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cookie, a.refused
}

// do asks and, where the session has ended over there, signs in anew once.
func (a *api) do(ctx context.Context, r dnsblock.Request) (dnsblock.Reply, error) {
	for again := true; ; again = false {
		cookie, refused := a.session()
		if refused != nil {
			return dnsblock.Reply{}, refused
		}
		if cookie != "" {
			r.Header = http.Header{"Cookie": {cookieName + "=" + cookie}}
		}
		out, err := a.web.Do(ctx, r)
		if err != nil {
			return out, err
		}
		if out.Status == http.StatusUnauthorized && again {
			if err := a.login(ctx, cookie); err != nil {
				return out, err
			}
			continue
		}
		if out.Status == http.StatusUnauthorized {
			// The session that it just gave is not taken: asking on would be a storm of log-ins.
			return out, a.refuse("AdGuard Home takes the password, but not the session that it gives for it. Sign in on its own page and test the connection then.")
		}
		if !out.OK() {
			return out, a.web.Refusal(out)
		}
		return out, nil
	}
}

// get reads path into v.
func (a *api) get(ctx context.Context, path string, q url.Values, v any) error {
	_, err := a.read(ctx, path, q, v)
	return err
}

// read is get, with the answer that it was.
func (a *api) read(ctx context.Context, path string, q url.Values, v any) (dnsblock.Reply, error) {
	r, err := a.do(ctx, dnsblock.Request{Method: http.MethodGet, Path: path, Query: q})
	if err == nil {
		err = a.web.Decode(r, v)
	}
	return r, err
}

// post writes.
func (a *api) post(ctx context.Context, path string, body any) error {
	_, err := a.do(ctx, dnsblock.Request{Method: http.MethodPost, Path: path, Body: body})
	return err
}

// logout gives the session back.
func (a *api) logout(ctx context.Context) {
	cookie, refused := a.session()
	if cookie == "" || refused != nil {
		return
	}
	// It answers with a redirect to its own page; whatever it says, it is over for us.
	_, _ = a.web.Do(ctx, dnsblock.Request{Method: http.MethodGet, Path: "/control/logout", Header: http.Header{"Cookie": {cookieName + "=" + cookie}}})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cookie = ""
}
