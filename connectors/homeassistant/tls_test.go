package homeassistant

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// TestTheLineIsCheckedToo: over TLS the websocket goes through the same check of
// certificates as all else, and without it nothing is signed in.
func TestTheLineIsCheckedToo(t *testing.T) {
	f := newFake(t)
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(func() { f.hangUp(""); server.Close() })
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	h := testHost(t)
	h.HTTP = server.Client()
	t.Cleanup(h.HTTP.CloseIdleConnections)
	h.TLS = func(host string) *tls.Config {
		return &tls.Config{ServerName: host, RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	s, err := New().Open(t.Context(), settings(server.URL, ownToken), h)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.(*Session).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	_ = s.Close()
	asked := f.count("auth/current_user")
	h.TLS = func(host string) *tls.Config {
		return &tls.Config{
			ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, //nolint:gosec // what follows refuses all
			VerifyConnection: func(tls.ConnectionState) error {
				return &connectors.CertificateError{Host: host, Fingerprint: "sha256:00", Why: "the box made it itself"}
			},
		}
	}
	s, err = New().Open(t.Context(), settings(server.URL, ownToken), h)
	if err == nil {
		_ = s.Close()
	}
	if connectors.KindOf(err) != consent.KindNeedsPerson || f.count("auth/current_user") != asked {
		t.Errorf("a line that nobody vouches for: %v", err)
	}
	h.TLS = nil
	if _, err := New().Open(t.Context(), settings(server.URL, ownToken), h); connectors.KindOf(err) != consent.KindPermanent {
		t.Errorf("without a check: %v", err)
	}
}

// BenchmarkReport is one change of a state, from its text to the sum; the floor
// is encoding/json reading the same text.
func BenchmarkReport(b *testing.B) {
	line := []byte(`{"c":{"sensor.real":{"+":{"s":"21.6","lc":1795353529.929468,"c":"01JD9Z6YQ8"}}}}`)
	w, now := aWatch(), time.Unix(1_800_000_000, 0)
	w.take([]byte(`{"a":{"sensor.real":{"s":"1","a":{"device_class":"power"}}}}`), true, now, 0)
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			w.take(line, false, now, 0)
		}
	})
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			var v any
			if err := json.Unmarshal(line, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
