package connectortest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
)

// serveVar names the stand-in that a test binary is to be, for tests of other packages.
const serveVar = "BESTBEFORE_SERVE"

// Served is a stand-in that runs as a program of its own: where it is, and the
// answers with which a household connects it.
type Served struct {
	Address string            `json:"address"`
	Values  map[string]string `json:"values"`
	Secrets map[string]string `json:"secrets"`
}

// Serve lets the test that calls it be the stand-in called name, until its
// standard input ends, where another test started it as that; else it is skipped.
func Serve(t *testing.T, name string, s func() Setup) {
	t.Helper()
	if name == "" || os.Getenv(serveVar) != name {
		t.Skip("only started by tests of other packages")
	}
	set := s()
	at := newSite(t, set, set.Stand(t).Handler, nil)
	answers := set.Settings(at.server.URL)
	out := Served{Address: at.server.URL, Values: answers.Values, Secrets: map[string]string{}}
	for key, ref := range answers.Secrets {
		out.Secrets[key] = set.Secrets[ref]
	}
	line, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it is gone
}
