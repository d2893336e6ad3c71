package lifecycle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"bestbefore/connectors/connectortest"
)

// between is a server that stands in front of a real issuer and passes all on,
// unless meddle answers itself. To the household it is the issuer.
type between struct {
	connectortest.Issuer
	meddle atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

func standBetween(t *testing.T, real connectortest.Issuer) *between {
	t.Helper()
	to, err := url.Parse(real.Address)
	if err != nil {
		t.Fatal(err)
	}
	b := &between{}
	pass := &httputil.ReverseProxy{
		Transport: real.Trusting,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = to.Host },
		ModifyResponse: func(r *http.Response) error { // its own addresses become ours
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			text = bytes.ReplaceAll(text, []byte(real.Address), []byte(b.Address))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return nil
		},
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := b.meddle.Load(); f != nil && (*f)(w, r) {
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().Raw)
	trusting, ok := s.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server's client has no transport of its own")
	}
	b.Address, b.Certificate, b.Trusting = s.URL, "sha256:"+hex.EncodeToString(sum[:]), trusting
	return b
}

// answers lets f answer from now on; what it leaves is passed on.
func (b *between) answers(f func(w http.ResponseWriter, r *http.Request) bool) { b.meddle.Store(&f) }

// notThat is an issuer that revokes no token of these types (RFC 7009 section 2.2.1).
func notThat(hints ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/revoke" {
			return false
		}
		body, _ := io.ReadAll(r.Body) // what is missing is passed on as it is
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		for _, h := range hints {
			if form.Get("token_type_hint") == h {
				say(w, http.StatusBadRequest, map[string]string{"error": "unsupported_token_type"})
				return true
			}
		}
		return false
	}
}

// liar says yes to every revocation and does nothing (fosite does so to a stranger).
func liar(_ http.ResponseWriter, r *http.Request) bool { return r.URL.Path == "/revoke" }

// shut is an issuer whose interface has ended (RFC 9110 section 15.5.11).
func shut(w http.ResponseWriter, _ *http.Request) bool {
	w.WriteHeader(http.StatusGone)
	return true
}
