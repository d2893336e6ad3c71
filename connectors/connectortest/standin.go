package connectortest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
)

// StandIn starts the stand-in called name out of binary, which `go test -c` made
// of the package in dir, whose test calls Serve; it ends with t.
func StandIn(t *testing.T, binary, dir, name string) Served {
	t.Helper()
	c := exec.CommandContext(t.Context(), binary, "-test.run", "^TestServe$", "-test.v")
	c.Dir, c.Stderr = dir, os.Stderr
	c.Env = append(os.Environ(), serveVar+"="+name)
	var s Served
	lines := bufio.NewScanner(beside(t, c, name))
	for lines.Scan() {
		if line := lines.Bytes(); bytes.HasPrefix(line, []byte("{")) {
			if err := json.Unmarshal(line, &s); err != nil {
				t.Fatalf("%s says %q: %v", name, line, err)
			}
			return s
		}
	}
	t.Fatalf("%s does not say where it is: %v", name, lines.Err())
	return s
}

// beside starts a program that goes on until its input ends, which is with t or
// with us, and gives what it says.
func beside(t *testing.T, c *exec.Cmd, name string) io.Reader {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = c.Wait()
	})
	return out
}
