package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestAddressesAsTheyAreTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"192.168.1.5": "http://192.168.1.5", "pi.hole": "http://pi.hole", "http://pi.hole/admin/": "http://pi.hole", "https://box.lan:8443/login.html": "https://box.lan:8443",
		"fd00::5": "http://[fd00::5]", "[fd00::5]:3000": "http://[fd00::5]:3000", "http://box.lan/dns/control": "http://box.lan/dns",
	} {
		if u, err := ParseBase(typed, "it"); err != nil || u.String() != want {
			t.Errorf("%q: %v, %v", typed, u, err)
		}
	}
	for _, typed := range []string{"", "ftp://box.lan", "http://", "http://user:pass@box.lan", "http://[::1"} {
		if u, err := ParseBase(typed, "it"); connectors.KindOf(err) != consent.KindNeedsPerson || err == nil {
			t.Errorf("%q: %v, %v", typed, u, err)
		}
	}
}

// TestAPauseIsKept: after "too often" nothing is sent until it is over.
func TestAPauseIsKept(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "899")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer s.Close()
	base, err := ParseBase(s.URL, "it")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	w := &Client{Base: base, HTTP: s.Client(), Now: func() time.Time { return now }, Peer: "it"}
	for range 5 {
		_, err := w.Do(t.Context(), Request{Method: http.MethodGet, Path: "/"})
		var e *connectors.Error
		if !errors.As(err, &e) || e.Kind != consent.KindTransient || !e.RetryAt.Equal(now.Add(899*time.Second)) {
			t.Fatalf("%v", err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	now = now.Add(900 * time.Second)
	if r, err := w.Do(t.Context(), Request{Method: http.MethodGet, Path: "/"}); err != nil || !r.OK() || asked != 2 {
		t.Errorf("after the pause: %v, asked %d times", err, asked)
	}
}
