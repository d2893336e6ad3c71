package adguardhome

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// hangUp breaks the connection off.
func hangUp(w http.ResponseWriter, _ *http.Request) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = c.Close()
	}
	return true
}

// fault is one thing that a peer can do wrong, and what must come of it.
type faultCase struct {
	name  string
	set   func(*fake)
	kind  consent.ErrorKind
	says  string // part of the sentence
	fatal bool   // at opening the kind is another: what answers there may be no such peer
}

func answers(status int, header, body string) func(*fake) {
	return func(f *fake) {
		f.before = func(w http.ResponseWriter, _ *http.Request) bool {
			if k, v, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(k, v)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
}

func faultCases() []faultCase {
	return []faultCase{
		{"refused", func(f *fake) { _ = f.Listener.Close(); f.before = hangUp }, consent.KindTransient, "cannot be reached", false},
		{"reset", func(f *fake) { f.before = hangUp }, consent.KindTransient, "broke off", false},
		{"slow", func(f *fake) {
			f.before = func(_ http.ResponseWriter, r *http.Request) bool {
				_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that nobody waits
				<-r.Context().Done()
				return true
			}
		}, consent.KindTransient, "did not answer in time", false},
		{"half answer", func(f *fake) {
			f.before = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write([]byte(`{"protection_enabled":`))
				return true
			}
		}, consent.KindTransient, "broke off", false},
		{"garbage", answers(200, "", "<html>\x00router</html>"), consent.KindTransient, "does not answer as", true},
		{"another's JSON", answers(200, "", `{"hello":[1,2,{}]}`), "", "", true},
		{"huge", func(f *fake) {
			f.before = func(w http.ResponseWriter, _ *http.Request) bool {
				for chunk := make([]byte, 1<<20); ; {
					if _, err := w.Write(chunk); err != nil {
						return true
					}
				}
			}
		}, consent.KindTransient, "too large", false},
		{"redirect", answers(302, "Location: https://evil.example/steal", ""), consent.KindNeedsPerson, "https://evil.example", false},
		{"fault of its own", answers(500, "", "panic"), consent.KindTransient, "fault of its own", false},
		{"asked too often", answers(429, "Retry-After: 899", "blocked"), consent.KindTransient, "left alone for 14m", false},
		{"rights missing", func(f *fake) { f.mayNot = true }, consent.KindNeedsPerson, "may not", false},
		{"its session is not taken", func(f *fake) { f.oneOfAll = true }, consent.KindSignIn, "not the session", false},
	}
}

// everything calls all that a session can do, and gives the errors; it observes
// no longer than patience.
func everything(ctx context.Context, s *Session, writes bool, patience time.Duration) map[string]error {
	out := map[string]error{}
	req := connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)}
	_, out["Block"] = s.Block(ctx, req)
	if writes {
		return out
	}
	out["Probe"] = s.Probe(ctx)
	_, out["Held"] = s.Held(ctx)
	_, out["Verify"] = s.Verify(ctx, connectors.Receipt{Mark: req.Mark, Target: req.Target})
	_, out["Unblock"] = s.Unblock(ctx, connectors.Receipt{Mark: req.Mark})
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out["Observe"] = s.Observe(short, nil, func([]flow.Record, connectors.Cursor) {})
	out["Leave"] = s.Leave(ctx)
	return out
}

// TestFaultSweep: each fault gives the right kind and sentence in every call, and no storm.
func TestEachFault(t *testing.T) {
	for _, c := range faultCases() {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			s := open(t, f)
			if c.name == "slow" {
				s.api.web.HTTP.Timeout = 300 * time.Millisecond
			}
			before := f.requests()
			f.with(func() { c.set(f) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			patience := 30 * time.Second
			if c.kind == "" {
				patience = time.Second
			}
			for what, err := range everything(ctx, s, c.name == "rights missing", patience) {
				var e *connectors.Error
				if err == nil && c.kind == "" && what == "Observe" {
					continue // an empty log looks like that
				}
				if !errors.As(err, &e) {
					t.Errorf("%s: %v", what, err)
					continue
				}
				if c.kind != "" && e.Kind != c.kind || !strings.Contains(e.Text, c.says) {
					t.Errorf("%s: %s %q, want %s with %q", what, e.Kind, e.Text, c.kind, c.says)
				}
				if e.Text == "" || strings.Contains(err.Error(), fakePassword) || strings.Contains(err.Error(), "token-") {
					t.Errorf("%s: no sentence, or a secret: %v", what, err)
				}
			}
			if n := f.requests() - before; n > 24 && c.kind != "" {
				t.Errorf("%d requests in one round of calls: a storm", n)
			}
			if c.name == "asked too often" && f.requests()-before != 1 {
				t.Errorf("asked %d times although told to wait", f.requests()-before)
			}
		})
	}
}

func (f *fake) requests() (n int) {
	f.with(func() {
		for _, x := range f.asked {
			n += x
		}
	})
	return n
}

// TestFaultsAtOpening: what is wrong from the start gives no session.
func TestFaultsAtOpening(t *testing.T) {
	for _, c := range faultCases() {
		if c.name == "rights missing" {
			continue // that shows when something is written
		}
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.with(func() { c.set(f) })
			h := testHost(t)
			if c.name == "slow" {
				h.HTTP.Timeout = 300 * time.Millisecond
			}
			_, err := New().Open(t.Context(), settings(f.URL, fakePassword), h)
			kind := c.kind
			if c.fatal {
				kind = consent.KindNeedsPerson
			}
			if err == nil || connectors.KindOf(err) != kind {
				t.Errorf("%v (%s), want %s", err, connectors.KindOf(err), kind)
			}
		})
	}
}

// TestAWrongPasswordIsSentOnce, by whatever call.
func TestAWrongPasswordIsSentOnce(t *testing.T) {
	f := newFake(t)
	if _, err := New().Open(t.Context(), settings(f.URL, "wrong"), testHost(t)); connectors.KindOf(err) != consent.KindSignIn || f.logins != 1 {
		t.Errorf("%v, tried %d times", err, f.logins)
	}
	s := open(t, f) // then somebody changes it
	f.with(func() { clear(f.sessions()); f.logins = 0 })
	s.api.password = connectors.NewSecret("no longer right")
	for range 3 {
		for what, err := range everything(t.Context(), s, false, time.Second) {
			if connectors.KindOf(err) != consent.KindSignIn {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if f.logins != 1 {
		t.Errorf("a refused password was sent %d times", f.logins)
	}
}

// TestASessionThatEndsIsMadeAnewOnce: its restart costs one log-in.
func TestASessionThatEndsIsMadeAnewOnce(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	f.with(func() { clear(f.sessions()); f.logins = 0 })
	for what, err := range everything(contextFor(t), s, false, time.Second) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if f.logins != 1 {
		t.Errorf("%d log-ins", f.logins)
	}
}

func contextFor(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestClosingGivesTheSessionBack.
func TestClosingGivesTheSessionBack(t *testing.T) {
	f := newFake(t)
	if err := open(t, f).Close(); err != nil || len(f.sessions()) != 0 {
		t.Errorf("%v, %d sessions left", err, len(f.sessions()))
	}
}

// TestABadCertificateSeesNoPassword: expired or made by itself, nothing is sent.
func TestABadCertificateSeesNoPassword(t *testing.T) {
	f := newFake(t)
	tlsServer := httptest.NewTLSServer(f.Config.Handler)
	defer tlsServer.Close()
	h := testHost(t)
	h.HTTP.Transport.(*http.Transport).TLSClientConfig = &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // the check below stands for the guard's
		VerifyConnection: func(tls.ConnectionState) error {
			return &connectors.Error{Kind: consent.KindNeedsPerson, Text: "nothing was sent", Err: &connectors.CertificateError{Host: "box", Fingerprint: "sha256:00", Why: "its time is over or has not begun"}}
		},
	}
	_, err := New().Open(t.Context(), settings(tlsServer.URL, fakePassword), h)
	var bad *connectors.CertificateError
	if connectors.KindOf(err) != consent.KindNeedsPerson || !errors.As(err, &bad) || f.requests() != 0 {
		t.Errorf("%v, %d requests came", err, f.requests())
	}
}
