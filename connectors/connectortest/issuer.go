package connectortest

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Issuer is a real OAuth server that was started for a test.
type Issuer struct {
	Address     string `json:"issuer"`
	Certificate string `json:"certificate"` // its fingerprint, as the guard writes it
	// Trusting knows the peer's certificate and nobody else's.
	Trusting *http.Transport `json:"-"`
}

var (
	building sync.Mutex // guards built
	built    = map[string]string{}
)

// StartIssuer starts one of the servers of .ci/peers, a module of its own, and ends
// it with the test. Where its modules cannot be had the test is skipped.
func StartIssuer(t *testing.T, name string) Issuer {
	t.Helper()
	c := exec.CommandContext(t.Context(), build(t, name))
	var p Issuer
	line, err := bufio.NewReader(beside(t, c, name)).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p)
	}
	if err != nil {
		t.Fatalf("%s says %q: %v", name, line, err)
	}
	p.Trusting = trusting(t, p)
	return p
}

// trusting fetches the certificate and knows it by its fingerprint.
func trusting(t *testing.T, p Issuer) *http.Transport {
	t.Helper()
	u, err := url.Parse(p.Address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", u.Host, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // its fingerprint is compared right below
	if err != nil {
		t.Fatal(err)
	}
	leaf := c.ConnectionState().PeerCertificates[0]
	_ = c.Close()
	if sum := sha256.Sum256(leaf.Raw); "sha256:"+hex.EncodeToString(sum[:]) != p.Certificate {
		t.Fatal("somebody else answers in the place of the peer")
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// build makes the program once for this run of the tests, in the project's bin,
// where the next run replaces it.
func build(t *testing.T, name string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if path := built[name]; path != "" {
		return path
	}
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".ci", "peers", "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("SKIPPED: the folder .ci/peers is not there, so no real OAuth server was tried")
		}
	}
	to := filepath.Join(dir, "bin", "peers")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Skipf("SKIPPED: there is no place to build an OAuth server in: %v", err)
	}
	path := filepath.Join(to, name+"-"+filepath.Base(os.Args[0]))
	c := exec.CommandContext(t.Context(), "go", "build", "-mod=readonly", "-o", path, "./"+name)
	c.Dir, c.Env = filepath.Join(dir, ".ci", "peers"), append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if text, err := c.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: the OAuth server %s cannot be built here, so it was not tried: %v\n%s", name, err, text[max(0, len(text)-2000):])
	}
	built[name] = path
	return path
}
