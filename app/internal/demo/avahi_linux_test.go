package demo

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// realPrinter is what the household's own Avahi announces on the same computer.
const realPrinter = "Real printer in the study"

// TestBesideARealAvahi runs a demo and a real avahi-daemon on one loopback
// interface: neither sees the other's devices. Its twins: Avahi does see its
// own, and our engine without the demo's zone and scope sees Avahi's.
func TestBesideARealAvahi(t *testing.T) {
	for _, p := range []string{"avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", "ip"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip("########## SKIPPED: " + p + " is missing; '.ci/packages lab' installs it ##########")
		}
	}
	if os.Getuid() != 0 {
		t.Skip("########## SKIPPED: needs root for a network of its own ##########")
	}
	ownLoopback(t)
	startAvahi(t)
	sees := func() string { return browse(t) }
	within(t, 30*time.Second, "avahi sees its own printer", func() bool { return strings.Contains(sees(), realPrinter) })

	temp := t.TempDir()
	seen := filepath.Join(temp, "seen")
	cmd := exec.Command(os.Args[0]) //nolint:gosec // our own binary
	cmd.Env = append(os.Environ(), demoIn+"="+seen, "TMPDIR="+temp)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var lines []string
	within(t, time.Minute, "the demo has looked around", func() bool {
		b, err := os.ReadFile(seen)
		lines = strings.Split(strings.TrimSpace(string(b)), "\n")
		return err == nil && slices.Contains(lines, "over")
	})
	listing := sees()
	for _, ours := range []string{"Front door bell", "Living room TV", hostPrefix, zone} {
		if strings.Contains(listing, ours) {
			t.Errorf("avahi sees the demo's %q:\n%s", ours, listing)
		}
	}
	if !slices.Contains(lines, "demo: Front door bell") {
		t.Errorf("the demo does not see its own devices: %q", lines)
	}
	if slices.Contains(lines, "demo: "+realPrinter) {
		t.Errorf("the demo sees the real printer: %q", lines)
	}
	if !slices.Contains(lines, "plain: "+realPrinter) {
		t.Errorf("an engine without the demo's zone and scope does not see the real printer either, so this test shows nothing: %q", lines)
	}
}

// ownLoopback puts this goroutine and the programs that it starts into a network
// of their own, with multicast on its loopback interface.
func ownLoopback(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("########## SKIPPED: no network of its own: " + err.Error() + " ##########")
	}
	for _, args := range [][]string{{"link", "set", "lo", "up", "multicast", "on"}, {"route", "add", "224.0.0.0/4", "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
}

// startAvahi runs an Avahi with a bus of its own, and announces a printer.
func startAvahi(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	bus := "unix:path=" + filepath.Join(dir, "bus")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	busConf := write("bus.conf", `<busconfig><type>system</type><listen>`+bus+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow user="*"/></policy></busconfig>`)
	conf := write("avahi.conf", "[server]\nhost-name=study-computer\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n[publish]\npublish-workstation=no\n")
	for _, args := range [][]string{
		{"dbus-daemon", "--nofork", "--config-file=" + busConf},
		{"unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f " + conf},
		{"avahi-publish", "-s", realPrinter, "_ipp._tcp", "631"},
	} {
		c := exec.Command(args[0], args[1:]...) //nolint:gosec // named above
		var said strings.Builder
		c.Stdout, c.Stderr = &said, &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			if t.Failed() {
				t.Logf("%s said:\n%s", args[0], said.String())
			}
		})
		if args[0] != "avahi-publish" {
			ready := map[string]func() bool{
				"dbus-daemon": func() bool { _, err := os.Stat(filepath.Join(dir, "bus")); return err == nil },
				"unshare":     func() bool { return exec.Command("avahi-browse", "-a", "-t").Run() == nil },
			}[args[0]]
			within(t, 20*time.Second, args[0]+" is ready", ready)
		}
	}
}

// browse is what Avahi sees.
func browse(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("avahi-browse", "-a", "-r", "-t", "-p", "-k").Output()
	if err != nil {
		t.Errorf("avahi-browse: %v", err)
	}
	return strings.ReplaceAll(string(out), `\032`, " ")
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, d)
		}
	}
}
