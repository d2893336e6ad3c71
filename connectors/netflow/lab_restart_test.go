//go:build lab && linux

package netflow

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"bestbefore/connectors"
)

// TestLabRestarts: the exporter begins anew, stands still for a while, and the
// collector is opened anew: what was exported meanwhile is counted as the exporter
// counts it, and a new beginning of its numbers is no loss.
func TestLabRestarts(t *testing.T) {
	lab(t)
	sink(t, net.JoinHostPort(labOut, "4433"))
	file := record(t, func() {
		for range flows {
			send(t, net.JoinHostPort(labOut, "4433"), 10_000)
		}
	})
	for _, version := range []string{"9", "10"} {
		t.Run("version "+version, func(t *testing.T) {
			var own, got uint64
			for range 2 {
				t.Run("a collector that is opened anew", func(t *testing.T) {
					ses := openLab(t)
					w := observe(t, ses)
					was := got
					for n := range 3 { // each time the exporter begins anew
						out := ""
						if n < 2 {
							out = export(t, file, "2055", version)
						} else {
							out = exportPaused(t, file, version)
						}
						own += said(t, out)
						until(t, "all that was exported", func() bool { up, down := w.byDevice(labDev); got = was + up + down; return got >= own })
					}
					c, err := ses.Coverage(context.Background())
					if err != nil || c.Lost != 0 {
						t.Errorf("%+v, %v", c, err)
					}
				})
			}
			t.Logf("figure: version %s, 6 exports over 2 collectors, 2 of them paused: the exporter's own %d bytes, counted %d", version, own, got)
			if got != own {
				t.Errorf("counted %d, the exporter %d", got, own)
			}
		})
	}
}

func openLab(t *testing.T) *Session {
	t.Helper()
	set := connectors.Settings{Values: map[string]string{optExporter: "127.0.0.1", optPort: "2055", optInterval: "0.1"}}
	ses := in(t, "rtr", func() (connectors.Session, error) { return New().Open(context.Background(), set, host()) }).(*Session)
	t.Cleanup(func() { _ = ses.Close() })
	return ses
}

// said is how many octets of TCP softflowd says it exported.
func said(t *testing.T, out string) uint64 {
	t.Helper()
	found := counted.FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("softflowd does not say what it counted:\n%s", out)
	}
	n, err := strconv.ParseUint(found[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// exportPaused is export by an exporter that is stopped and goes on
// several times while it reads.
func exportPaused(t *testing.T, file, version string) string {
	t.Helper()
	c := exec.Command("ip", "netns", "exec", labName("rtr"), "softflowd", "-d", "-r", file, "-n", "127.0.0.1:2055", "-v", version, "-p", filepath.Join(t.TempDir(), "pid"), "-c", "none")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 5 { // it may be over before
		if unix.Kill(c.Process.Pid, unix.SIGSTOP) != nil || unix.Kill(c.Process.Pid, unix.SIGCONT) != nil {
			break
		}
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("softflowd: %v\n%s", err, out.String())
	}
	return out.String()
}
