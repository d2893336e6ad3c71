package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// asker asks one provider as one client. After the provider asked for a pause,
// it is not asked anything before that is over.
type asker struct {
	account
	host   *connectors.Host
	revIn  string // where the client's secret goes when revoking; as clientIn
	webs   map[string]*web.Client
	latest *web.Client // the one that answered last, and so has shown its clock
	quiet  error       // why it is not asked now, a *connectors.Error with RetryAt
}

func newAsker(a account, h *connectors.Host) *asker {
	return &asker{account: a, host: h, revIn: a.ClientIn, webs: map[string]*web.Client{}}
}

// errRefused is behind the error of a token that its issuer no longer takes.
var errRefused = errors.New("the token is not taken any more")

// do sends one question to an address in full.
func (a *asker) do(ctx context.Context, method, address string, form url.Values, h http.Header, body any) (web.Reply, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return web.Reply{}, connectors.Fault(consent.KindPermanent, words.Sprintf("An address of %s is not protected (https); nothing was sent there.", a.Name), nil)
	}
	var said *connectors.Error
	if errors.As(a.quiet, &said) && a.host.Now().Before(said.RetryAt) {
		return web.Reply{}, a.quiet
	}
	query := u.Query()
	u.RawQuery = ""
	w := a.webs[u.String()]
	if w == nil {
		w = &web.Client{Base: u, HTTP: a.host.HTTP, Now: a.host.Now, Peer: a.Name}
		a.webs[u.String()] = w
	}
	r, err := w.Do(ctx, web.Request{Method: method, Query: query, Form: form, Header: h, Body: body})
	if err == nil {
		a.latest = w
	}
	if errors.As(err, &said) && !said.RetryAt.IsZero() {
		a.quiet = err
	}
	return r, err
}

// asClient adds who asks: by the header where a secret goes there, both words
// encoded as in a form first (RFC 6749 section 2.3.1), else in the form.
func (a *asker) asClient(form url.Values, in string) (url.Values, http.Header) {
	h := http.Header{"Accept": {"application/json"}}
	switch {
	case !a.hasKey:
		form.Set("client_id", a.client)
	case in == "form":
		form.Set("client_id", a.client)
		form.Set("client_secret", a.secret.Reveal())
	default:
		pair := url.QueryEscape(a.client) + ":" + url.QueryEscape(a.secret.Reveal())
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return form, h
}

// token asks the token endpoint. answered says that the provider decided, so
// that a single-use token it was sent is not in between.
func (a *asker) token(ctx context.Context, form url.Values) (g given, answered bool, err error) {
	form, h := a.asClient(form, a.ClientIn)
	r, err := a.do(ctx, http.MethodPost, a.Token, form, h, nil)
	if err != nil {
		return given{}, r.Status != 0, err
	}
	if !r.OK() {
		return given{}, r.Status < 500, a.refusal(r)
	}
	g, err = readGiven(r.Body)
	if err != nil {
		return given{}, false, connectors.Fault(consent.KindTransient, words.Sprintf("What %s answers is no token answer.", a.Name), err)
	}
	return g, true, nil
}

// refusal is what an answer that is no success means. Only its error word is told.
func (a *asker) refusal(r web.Reply) error {
	word := errorOf(r.Body)
	var cause error
	if word != "" {
		cause = errors.New(word)
	}
	client := func(text string) error { return connectors.Fault(consent.KindSignIn, text, cause) }
	switch {
	case r.Status == http.StatusGone: // for good (RFC 9110 section 15.5.11)
		return &connectors.Error{Kind: consent.KindPermanent, Text: words.Sprintf("%s has shut this service down for good; end the access on its own page.", a.Name), Err: cause, Dead: true}
	case r.Status >= 500:
		return connectors.Fault(consent.KindTransient, words.Sprintf("%s has a fault of its own (%d).", a.Name, r.Status), cause)
	case word == "invalid_client" || word == "unauthorized_client":
		return client(words.Sprintf("%s does not take this client ID or its secret for that. Nothing is tried again until you give another.", a.Name))
	case word == "invalid_grant" || word == "invalid_token":
		return connectors.Fault(consent.KindSignIn, words.Sprintf("%s no longer takes the token.", a.Name), errRefused)
	case r.Status == http.StatusUnauthorized:
		return client(words.Sprintf("%s refused the client or its secret; give the right one.", a.Name))
	case r.Status == http.StatusForbidden:
		return connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%s does not let this client do that; look at the client's settings there.", a.Name), cause)
	case r.Status == http.StatusNotFound || r.Status == http.StatusMethodNotAllowed || word == "unsupported_token_type":
		return connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not offer that.", a.Name), cause)
	}
	return connectors.Fault(consent.KindPermanent, words.Sprintf("%s refused what it was asked (%d).", a.Name, r.Status), cause)
}

// introspect asks whether a token works. KindUnsupported where nobody offers that.
func (a *asker) introspect(ctx context.Context, token, hint, access string) (state, error) {
	if a.Introspect == "" || token == "" {
		return state{}, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not tell whether a token works.", a.Name), nil)
	}
	form := url.Values{"token": {token}, "token_type_hint": {hint}}
	h := http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + access}}
	if a.AskAs != "bearer" {
		form, h = a.asClient(form, a.ClientIn)
	}
	r, err := a.do(ctx, http.MethodPost, a.Introspect, form, h, nil)
	if err != nil {
		return state{}, err
	}
	if !r.OK() {
		if r.Status < 500 { // often closed to apps; that is no fault of the sign-in
			return state{}, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not tell this client whether a token works.", a.Name), a.refusal(r))
		}
		return state{}, a.refusal(r)
	}
	s, err := readState(r.Body)
	if err != nil {
		return state{}, connectors.Fault(consent.KindTransient, words.Sprintf("What %s answers does not tell whether a token works.", a.Name), err)
	}
	return s, nil
}

// opens reports whether the access token opens the harmless check.
func (a *asker) opens(ctx context.Context, access string) (bool, error) {
	r, err := a.do(ctx, http.MethodGet, a.Check, nil, http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + access}}, nil)
	switch {
	case err != nil:
		return false, err
	case r.OK():
		return true, nil
	case r.Status == http.StatusUnauthorized:
		return false, nil
	}
	return false, a.refusal(r)
}

// revoke asks for the end of one token. A yes is only an acknowledgement.
func (a *asker) revoke(ctx context.Context, token, hint string) error {
	if a.Revoke == nil {
		return connectors.Fault(consent.KindUnsupported, words.Sprintf("%s says nowhere how access is revoked; end it on its own page.", a.Name), nil)
	}
	v := *a.Revoke
	method, field := v.Method, v.Field
	if method == "" {
		method = http.MethodPost
	}
	if field == "" {
		field = "token"
	}
	form, h, keyIn := url.Values{}, http.Header{"Accept": {"application/json"}}, a.revIn
	if method == http.MethodDelete || v.In == "json" { // there is no form
		keyIn = "header"
	}
	if v.As != "nobody" {
		form, h = a.asClient(form, keyIn)
	}
	address := strings.ReplaceAll(v.URL, "{client_id}", url.PathEscape(a.client))
	var body any
	switch v.In {
	case "bearer":
		h.Set("Authorization", "Bearer "+token)
	case "query":
		address += "?" + url.Values{field: {token}}.Encode()
	case "json":
		body = map[string]string{field: token}
	default:
		form.Set(field, token)
		if v.Which == "" { // what follows RFC 7009
			form.Set("token_type_hint", hint)
		}
	}
	if len(form) == 0 || method == http.MethodDelete || body != nil {
		form = nil
	}
	r, err := a.do(ctx, method, address, form, h, body)
	var said *connectors.Error
	switch {
	case v.In == "query" && errors.As(err, &said): // its cause may quote the address, and with it the token
		return &connectors.Error{Kind: said.Kind, RetryAt: said.RetryAt, Text: said.Text}
	case err != nil:
		return err
	case r.OK() && strings.HasPrefix(r.Header.Get("Content-Type"), "text/html"):
		return connectors.Fault(consent.KindTransient, words.Sprintf("Not %s answers, but some page, as a network does that wants a sign-in first.", a.Name), nil)
	case r.OK():
		return nil
	}
	return a.refusal(r)
}

// pick is where the secret goes, out of what an issuer says it takes: the header
// unless only the form is named.
func pick(methods []string) string {
	if len(methods) > 0 && !slices.Contains(methods, "client_secret_basic") && slices.Contains(methods, "client_secret_post") {
		return "form"
	}
	return ""
}

// peerTime is the provider's clock, as it stamps its answers.
func (a *asker) peerTime() (time.Time, bool) {
	if a.latest == nil {
		return time.Time{}, false
	}
	return a.latest.PeerNow()
}
