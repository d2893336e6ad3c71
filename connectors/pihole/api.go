package pihole

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// sidHeader carries the session; in a header it needs no second token.
const sidHeader = "X-Ftl-Sid"

// api asks Pi-hole with one session that is kept: it has few seats. A password
// is sent once; after it was refused nothing is asked any more.
type api struct {
	web      *dnsblock.Web
	password connectors.Secret

	signing sync.Mutex // one log-in at a time

	mu      sync.Mutex // guards all below
	sid     string
	in      bool  // signed in; without a password there is no sid
	refused error // a refused log-in is never tried again
}

// authAnswer is what a log-in gives.
type authAnswer struct {
	Session *struct {
		Valid bool    `json:"valid"`
		SID   *string `json:"sid"`
		TOTP  bool    `json:"totp"`
	} `json:"session"`
	Error *struct {
		Key     string `json:"key"`
		Message string `json:"message"`
	} `json:"error"`
}

// login signs in once; stale is the session that is no longer good.
func (a *api) login(ctx context.Context, stale string) error {
	a.signing.Lock()
	defer a.signing.Unlock()
	sid, in, refused := a.session()
	switch {
	case refused != nil:
		return refused
	case in && sid != stale: // somebody else signed in meanwhile
		return nil
	}
	r, err := a.web.Do(ctx, dnsblock.Request{Method: http.MethodPost, Path: "/api/auth", Body: map[string]string{"password": a.password.Reveal()}})
	if err != nil {
		return err
	}
	var got authAnswer
	if bad := json.Unmarshal(r.Body, &got); bad != nil || got.Session == nil && got.Error == nil {
		if r.Status >= http.StatusInternalServerError {
			return a.web.Refusal(r)
		}
		return needsPerson("What answers there is not a Pi-hole of version 6; check the address.", bad)
	}
	switch {
	case r.Status == http.StatusBadRequest:
		return a.refuse("This Pi-hole asks for a second factor. Make an application password in its settings and give that instead.")
	case r.Status == http.StatusUnauthorized, r.OK() && (got.Session == nil || !got.Session.Valid):
		return a.refuse("Pi-hole refused the password. It was tried once and is not tried again until you say so.")
	case !r.OK():
		return a.web.Refusal(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in, a.sid = true, ""
	if got.Session.SID != nil {
		a.sid = *got.Session.SID
	}
	return nil
}

func (a *api) refuse(text string) error {
	err := fault(consent.KindSignIn, text, nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = err
	return err
}

func (a *api) session() (sid string, in bool, refused error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sid, a.in, a.refused
}

// do asks and, where the session has ended over there, signs in anew once.
func (a *api) do(ctx context.Context, r dnsblock.Request) (dnsblock.Reply, error) {
	for again := true; ; again = false {
		sid, _, refused := a.session()
		if refused != nil {
			return dnsblock.Reply{}, refused
		}
		if sid != "" {
			r.Header = http.Header{sidHeader: {sid}}
		}
		out, err := a.web.Do(ctx, r)
		if err != nil {
			return out, err
		}
		if out.Status == http.StatusUnauthorized && again {
			if err := a.login(ctx, sid); err != nil {
				return out, err
			}
			continue
		}
		if out.Status == http.StatusUnauthorized {
			return out, a.refuse("Pi-hole takes the password, but not the session that it gives for it. Sign in on its own page and test the connection then.")
		}
		return out, nil
	}
}

// ask is do for answers that must be a success.
func (a *api) ask(ctx context.Context, r dnsblock.Request) (dnsblock.Reply, error) {
	out, err := a.do(ctx, r)
	if err == nil && !out.OK() {
		err = a.web.Refusal(out)
	}
	return out, err
}

// get reads path into v.
func (a *api) get(ctx context.Context, path string, q url.Values, v any) error {
	r, err := a.ask(ctx, dnsblock.Request{Method: http.MethodGet, Path: path, Query: q})
	if err != nil {
		return err
	}
	return a.web.Decode(r, v)
}

// processed is what became of the items of a change: its status alone says nothing.
type processed struct {
	Processed *struct {
		Errors []struct {
			Item  string `json:"item"`
			Error string `json:"error"`
		} `json:"errors"`
	} `json:"processed"`
}

// put makes or changes one item.
func (a *api) put(ctx context.Context, method, path string, body any) error {
	r, err := a.ask(ctx, dnsblock.Request{Method: method, Path: path, Body: body})
	if err != nil {
		return err
	}
	var p processed
	if err := a.web.Decode(r, &p); err != nil {
		return err
	}
	if p.Processed != nil && len(p.Processed.Errors) > 0 {
		return permanent("Pi-hole said yes, but did not take it.", fmt.Errorf("%s", discovery.CleanLong(p.Processed.Errors[0].Error)))
	}
	return nil
}

// remove deletes one item; one that is gone already is as good.
func (a *api) remove(ctx context.Context, path string) error {
	r, err := a.do(ctx, dnsblock.Request{Method: http.MethodDelete, Path: path})
	if err == nil && !r.OK() && r.Status != http.StatusNotFound {
		err = a.web.Refusal(r)
	}
	return err
}

// logout gives the seat back.
func (a *api) logout(ctx context.Context) {
	sid, _, refused := a.session()
	if sid == "" || refused != nil {
		return
	}
	// If it cannot be reached, the seat is free again after its idle time.
	_, _ = a.web.Do(ctx, dnsblock.Request{Method: http.MethodDelete, Path: "/api/auth", Header: http.Header{sidHeader: {sid}}})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sid, a.in = "", false
}
