package lifecycle

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"bestbefore/app/internal/guard"
)

func TestADescriptionIsFetchedAndBounded(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/lamp":
			_, _ = w.Write([]byte(`{"ietf-mud:mud":{}}`))
		case "/elsewhere":
			http.Redirect(w, r, "/lamp", http.StatusFound)
		case "/endless":
			for range descriptionMax {
				if _, err := w.Write([]byte("ab")); err != nil {
					return
				}
			}
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // as the guard's
	for path, want := range map[string]string{"/lamp": "", "/elsewhere": "sends elsewhere", "/endless": "longer than", "/none": "answers 404"} {
		at, _ := url.Parse(s.URL + path)
		b, err := readDescription(t.Context(), client, at)
		if want == "" && (err != nil || !strings.Contains(string(b), "ietf-mud")) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
}

// A name that leads into the home is not followed, whatever a device announces.
func TestADescriptionIsNeverFetchedFromTheHome(t *testing.T) {
	reached := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "https://"), ":")
	for _, to := range []string{"127.0.0.1", "192.168.1.1", "169.254.169.254", "fd00::1"} {
		h := &Home{Config: Config{Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(to)}, nil
		}}}
		at, _ := url.Parse("https://lamp.maker.example:" + port + "/lamp")
		if _, err := h.fetchDescription(t.Context(), at); !errors.Is(err, guard.ErrRefused) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if reached {
		t.Error("the home was reached")
	}
}
