package connectortest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

const boxSecret = "open-sesame-5"

// smallBox is a peer that is asked two things with a password.
type smallBox struct {
	mu       sync.Mutex // guards all below
	password string
	mayNot   bool
	refused  int
}

func (b *smallBox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != b.password:
		b.refused++
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/keys" && b.mayNot:
		w.WriteHeader(http.StatusForbidden)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"box": true, "at": time.Now()})
	}
}

// asker is a connector whose habits can be made bad, one by one.
type asker struct {
	name      string
	again     int  // how often it tries by itself
	blind     bool // takes every answer for a good one
	permanent bool // gives up at the first failure
	follows   bool
	trusts    bool // any certificate
	tells     bool // its errors hold the password
	logs      bool
	stubborn  bool // sends a refused password again
	hurried   bool // does not keep a pause
	signsAll  bool // every refusal is a wrong password
}

func (asker) Spec() connectors.Spec { return connectors.Spec{Kind: "small", Name: "Small Box"} }

func (a asker) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	client := *h.HTTP
	if a.follows {
		client.CheckRedirect = nil
	}
	if a.trusts && strings.HasPrefix(s.Values["address"], "https") {
		client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the bad habit that is to be found
	}
	out := &asking{a: a, http: &client, base: s.Values["address"], h: h, ref: s.Secrets["password"]}
	return out, out.Probe(ctx)
}

type asking struct {
	a       asker
	http    *http.Client
	base    string
	h       *connectors.Host
	ref     consent.SecretRef
	refused error
	until   time.Time
}

func (*asking) Close() error { return nil }

func (s *asking) Probe(ctx context.Context) error { return s.get(ctx, "/hello") }

func (s *asking) Grants(ctx context.Context) ([]consent.Grant, error) {
	return nil, s.get(ctx, "/keys")
}

func (s *asking) fault(k consent.ErrorKind, text string) error {
	if s.a.permanent {
		k = consent.KindPermanent
	}
	return &connectors.Error{Kind: k, Text: s.a.name + text}
}

func (s *asking) get(ctx context.Context, path string) error {
	if s.refused != nil && !s.a.stubborn {
		return s.refused
	}
	if s.h.Now().Before(s.until) && !s.a.hurried {
		return s.wait()
	}
	var err error
	for range s.a.again + 1 {
		if err = s.once(ctx, path); err == nil {
			return nil
		}
	}
	return err
}

func (s *asking) wait() error {
	return &connectors.Error{Kind: consent.KindTransient, Text: s.a.name + " wants to be left alone", RetryAt: s.until}
}

func (s *asking) once(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return err
	}
	secret, err := s.h.Secret(ctx, s.ref)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", secret.Reveal())
	if s.a.logs {
		s.h.Log.Debug("asking", "password", secret.Reveal())
	}
	resp, err := s.http.Do(req)
	if err != nil {
		err = connectors.Unreached(ctx, s.a.name, err)
		if e := (*connectors.Error)(nil); errors.As(err, &e) && s.a.tells {
			e.Text += " with " + secret.Reveal()
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return connectors.Unreached(ctx, s.a.name, err)
	}
	return s.sort(resp, body)
}

func (s *asking) sort(resp *http.Response, body []byte) error {
	if s.a.blind {
		return nil
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized || s.a.signsAll && code != http.StatusOK:
		s.refused = s.fault(consent.KindSignIn, " refused the password; give another")
		return s.refused
	case code == http.StatusForbidden:
		return s.fault(consent.KindNeedsPerson, " does not let this account do that; give it the right")
	case code == http.StatusTooManyRequests:
		s.until = s.h.Now().Add(899 * time.Second)
		return s.wait()
	case code >= 300 && code < 400:
		return s.fault(consent.KindNeedsPerson, " sends us elsewhere; check the address")
	case code != http.StatusOK || !strings.Contains(string(body), `"box":true`):
		return s.fault(consent.KindTransient, fmt.Sprintf(" answers oddly (%d)", code))
	}
	return nil
}

func smallSetup(a asker) Setup {
	a.name = "Small Box"
	return Setup{
		Connector: a, Name: "Small Box",
		Stand: func(T) Stand {
			b := &smallBox{password: boxSecret}
			with := func(f func()) { b.mu.Lock(); defer b.mu.Unlock(); f() }
			return Stand{
				Handler: b, MayNot: func() { with(func() { b.mayNot = true }) }, Change: func() { with(func() { b.password = "new" }) },
				Refused: func() (n int) { with(func() { n = b.refused }); return n },
			}
		},
		Settings: func(at string) connectors.Settings {
			return connectors.Settings{Values: map[string]string{"address": at}, Secrets: map[string]consent.SecretRef{"password": "p"}}
		},
		Secrets: map[consent.SecretRef]string{"p": boxSecret},
	}
}

func TestSweepPassesAGoodConnector(t *testing.T) { Sweep(t, smallSetup(asker{})) }

// TestTheSweepCatches gives a good connector one bad habit each and wants the
// named cases to complain.
func TestTheSweepCatches(t *testing.T) {
	for name, c := range map[string]struct {
		a    asker
		want []string
	}{
		"one that tries again at once":            {asker{again: 3}, []string{"reset/while open", "its own fault/at opening", "rights missing/while open"}},
		"one that takes any answer":               {asker{blind: true}, []string{"garbage/at opening", "garbage/while open", "wrong password/at opening", "rights missing/while open"}},
		"one that gives up for good":              {asker{permanent: true}, []string{"its own fault/while open", "redirect/at opening"}},
		"one that follows":                        {asker{follows: true}, []string{"redirect/at opening", "redirect/while open"}},
		"one that trusts any certificate":         {asker{trusts: true}, []string{"expired certificate/at opening"}},
		"one that tells its password":             {asker{tells: true}, []string{"refused/at opening", "slow/while open"}},
		"one that logs its password":              {asker{logs: true}, []string{"reset/at opening", "rights missing/while open"}},
		"one that sends a refused password again": {asker{stubborn: true}, []string{"wrong password/while open"}},
		"one that does not keep a pause":          {asker{hurried: true}, []string{"asked too often/while open"}},
		"one that takes all for a wrong password": {asker{signsAll: true}, []string{"its own fault/at opening", "rights missing/while open"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := CheckSweep(smallSetup(c.a))
			for _, w := range c.want {
				if len(got[w]) == 0 {
					t.Errorf("%s: no complaint; all complaints: %q", w, got)
				}
			}
		})
	}
}
