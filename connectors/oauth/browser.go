package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// browserTime is how long a person may take on the provider's page.
const browserTime = 10 * time.Minute

// browser waits on loopback for the browser to come back with a code (RFC 8252
// section 7.3), which only this program can use (PKCE, RFC 7636).
type browser struct {
	attempt
	at       net.Listener
	back     string // the address to come back to
	state    string
	verifier string
	came     chan came
}

// came is what the browser came back with.
type came struct {
	code string
	err  error
}

func startBrowser(ctx context.Context, a *asker, p pins, h *connectors.Host) (connectors.Link, error) {
	if a.Authorize == "" {
		return nil, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s has no page to say yes on.", a.Name), nil)
	}
	if h.Listen == nil {
		return nil, connectors.Fault(consent.KindPermanent, words.Text("Nothing can wait here for the browser to come back; say yes with a code instead (device)."), nil)
	}
	port := strings.TrimSpace(a.setting.Values[optPort])
	if port == "" {
		port = "0"
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < 1024 {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Text("The port to come back to must be a number from 1024 to 65535."), nil)
	}
	at, err := h.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Text("Nothing can wait at that port of this computer; choose another one."), err)
	}
	b := &browser{
		attempt: attempt{ask: a, pins: p, ended: make(chan struct{})}, at: at,
		back: "http://" + at.Addr().String() + "/", state: unguessable(), verifier: unguessable(), came: make(chan came, 1),
	}
	page, err := b.address()
	if err != nil {
		_ = at.Close()
		return nil, err
	}
	b.page = connectors.LinkPage{URL: page, Until: h.Now().Add(browserTime).UTC(), Here: true}
	return b, nil
}

// address is the provider's page with what is asked for.
func (b *browser) address() (string, error) {
	u, err := url.Parse(b.ask.Authorize)
	if err != nil || u.Scheme != "https" {
		return "", connectors.Fault(consent.KindPermanent, words.Sprintf("The page of %s is not protected (https).", b.ask.Name), nil)
	}
	sum := sha256.Sum256([]byte(b.verifier))
	q := u.Query()
	for k, v := range b.ask.Extra {
		q.Set(k, v)
	}
	q.Set("response_type", "code")
	q.Set("client_id", b.ask.client)
	q.Set("redirect_uri", b.back)
	q.Set("state", b.state)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
	q.Set("code_challenge_method", "S256")
	if w := b.ask.wanted(); w != "" {
		q.Set("scope", w)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Close implements connectors.Link.
func (b *browser) Close() error {
	b.close()
	if err := b.at.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Wait implements connectors.Link.
func (b *browser) Wait(ctx context.Context) (connectors.Linked, error) {
	srv := &http.Server{
		Handler: b, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(b.at) // it ends because it is shut down
	}()
	got := b.wait(ctx)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if srv.Shutdown(closing) != nil { // the browser gets its last page first
		_ = srv.Close()
	}
	<-served
	if got.err != nil {
		return connectors.Linked{}, got.err
	}
	g, _, err := b.ask.token(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {got.code}, "redirect_uri": {b.back}, "code_verifier": {b.verifier},
	})
	if err != nil {
		return connectors.Linked{}, err
	}
	return b.linked(g)
}

func (b *browser) wait(ctx context.Context) came {
	late := time.NewTimer(b.waitFor())
	defer late.Stop()
	select {
	case c := <-b.came:
		return c
	case <-b.ended:
		return came{err: errGivenUp}
	case <-late.C:
		return came{err: errTooLate}
	case <-ctx.Done():
		return came{err: ctx.Err()}
	}
}

// The last page that the browser shows. It holds nothing that came from outside.
const (
	pageYes = `<!doctype html><meta charset="utf-8"><title>Best Before</title><body style="font-family:sans-serif;margin:4em"><h1>Thank you.</h1><p>You can close this page and go back to Best Before.`
	pageNo  = `<!doctype html><meta charset="utf-8"><title>Best Before</title><body style="font-family:sans-serif;margin:4em"><h1>Nothing was connected.</h1><p>You can close this page and go back to Best Before.`
)

// ServeHTTP takes what the browser comes back with. Whatever does not know what
// only the page was told is sent away, and goes on being waited for.
func (b *browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the code stands in the address
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	if r.Method != http.MethodGet || r.URL.Path != "/" || r.Host != b.at.Addr().String() {
		http.NotFound(w, r)
		return
	}
	c, ok := b.read(r.URL.Query())
	if !ok {
		http.Error(w, words.Text("This page does not belong to what Best Before waits for."), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := pageYes
	if c.err != nil {
		page = pageNo
	}
	_, _ = io.WriteString(w, page)
	select {
	case b.came <- c:
	default: // it came back already
	}
}

// read is what the parameters mean; false where they are not an answer to us.
func (b *browser) read(q url.Values) (came, bool) {
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(b.state)) != 1 {
		return came{}, false
	}
	// Another issuer's answer, given at our address (RFC 9207, mix-up).
	if iss := q.Get("iss"); b.pins.Issuer != "" && (iss != "" || b.pins.NamesSelf) && iss != b.pins.Issuer {
		return came{}, false
	}
	if q.Has("error") {
		if q.Get("error") == "access_denied" {
			return came{err: errSaidNo}, true
		}
		var cause error
		if word := q.Get("error"); errorWord.MatchString(word) {
			cause = errors.New(word)
		}
		return came{err: connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%s did not let this client ask: look at its redirect address and scopes there.", b.ask.Name), cause)}, true
	}
	code := q.Get("code")
	return came{code: code}, isToken(code)
}
