//go:build lab && linux

package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What stands where in the home in a box.
const (
	bellMAC   = "9c:76:13:00:00:30"
	tvMAC     = "a8:23:fe:00:00:31"
	bell4     = "192.168.77.30"
	bell6     = "fd77:77:77:1::30"
	tv4       = "192.168.77.31"
	tv6       = "fd77:77:77:1::31"
	bellMaker = "Bell Maker=198.51.100.10,2001:db8:100::10"
	tvMaker   = "TV Maker=198.51.100.20,2001:db8:100::20"
	ads       = "Example Ads=203.0.113.30,2001:db8:200::30"
)

// programs stand in one folder and are built when a test first needs them.
var programs struct {
	root, dir, script string
	agent, company    func() error
}

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	if why := cannot(); why != "" {
		fmt.Printf("########## LAB SKIPPED: %s ##########\n", why)
		return 0
	}
	root, err := filepath.Abs("../../..")
	if err == nil {
		programs.dir, err = os.MkdirTemp("", "bblab")
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(programs.dir)
	programs.root, programs.script = root, filepath.Join(root, ".ci", "lab", "home-in-a-box.sh")
	programs.agent = sync.OnceValue(func() error { return build(agentPath(), "./app/agent") })
	programs.company = sync.OnceValue(func() error { return build(companyPath(), "./.ci/lab/company") })
	return m.Run()
}

func agentPath() string   { return filepath.Join(programs.dir, "bestbefore-agent") }
func companyPath() string { return filepath.Join(programs.dir, "company") }

// build makes a program as it is shipped.
func build(out, pkg string) error {
	c := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", out, pkg)
	c.Dir, c.Env = programs.root, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// cannot says why the lab cannot run here.
func cannot() string {
	if os.Geteuid() != 0 {
		return "it makes network namespaces, which needs root"
	}
	if err := exec.Command("unshare", "--net", "--mount", "true").Run(); err != nil {
		return "this machine does not let root make network namespaces"
	}
	for _, p := range []string{"ip", "nft", "dnsmasq", "avahi-daemon", "curl", "pgrep", "nsenter"} {
		if _, err := exec.LookPath(p); err != nil {
			return p + " is missing; '.ci/packages smoke' installs it"
		}
	}
	return ""
}

// home is one home in a box, with the agent's data folder on its router.
type home struct {
	t    testing.TB
	env  []string
	data string
}

var homes atomic.Int32

// up builds a home of the given devices and takes it down at the end.
func up(t testing.TB, devices ...string) *home {
	t.Helper()
	if err := programs.company(); err != nil {
		t.Fatal(err)
	}
	data, err := os.MkdirTemp("", "bb") // short: the socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	prefix := fmt.Sprintf("bb%d-%d-", os.Getpid(), homes.Add(1))
	h := &home{t: t, data: data, env: append(os.Environ(), "HB_PREFIX="+prefix, "HB_STATE=/run/"+prefix+"home", "HB_COMPANY="+companyPath())}
	t.Cleanup(func() {
		h.box("down")
		if err := os.RemoveAll(data); err != nil {
			t.Error(err)
		}
	})
	h.box(append([]string{"up"}, devices...)...)
	return h
}

// command is the box's script with args, in a process group of its own.
func (h *home) command(args ...string) *exec.Cmd {
	c := exec.Command(programs.script, args...)
	c.Env = h.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// box runs the script and gives its output.
func (h *home) box(args ...string) string {
	h.t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("home-in-a-box %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// kill ends a command's whole process group at once, as a power cut does.
func kill(c *exec.Cmd) {
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
	}
}

// arrival is what the companies counted behind the router.
type arrival struct {
	Device  netip.Addr `json:"device"`
	Company string     `json:"company"`
	Port    uint16     `json:"port"`
	Packets uint64     `json:"packets"`
	Bytes   uint64     `json:"bytes"`
	Last    time.Time  `json:"last"`
}

// arrived adds up what company got from the device with the given addresses.
func (h *home) arrived(company string, from ...string) arrival {
	h.t.Helper()
	var rows []arrival
	if err := json.Unmarshal([]byte(h.box("seen")), &rows); err != nil {
		h.t.Fatal(err)
	}
	sum := arrival{Company: company}
	for _, r := range rows {
		for _, a := range from {
			if r.Company != company || r.Device != netip.MustParseAddr(a) {
				continue
			}
			sum.Packets += r.Packets
			sum.Bytes += r.Bytes
			if r.Last.After(sum.Last) {
				sum.Last = r.Last
			}
		}
	}
	return sum
}

// agent runs one command of the agent on the router.
func (h *home) agent(args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	c := h.command(append([]string{"exec", "gw", agentPath(), "--data", h.data}, args...)...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return o.String(), e.String(), c.ProcessState.ExitCode()
}

// must is agent for commands that have to succeed.
func (h *home) must(args ...string) string {
	h.t.Helper()
	out, errs, code := h.agent(args...)
	if code != 0 {
		h.t.Fatalf("bestbefore-agent %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// ask runs a command with --json and reads its answer.
func ask[T any](h *home, args ...string) T {
	h.t.Helper()
	var v T
	out := h.must(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		h.t.Fatalf("%s --json: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// serve starts the agent on the router and waits until it answers. What it
// writes is shown when the test fails.
func (h *home) serve() *exec.Cmd {
	h.t.Helper()
	if err := programs.agent(); err != nil {
		h.t.Fatal(err)
	}
	// A killed agent leaves its socket behind. Asked through it too early, a command would find nobody and open
	// the folder itself, just when the new agent wants it.
	if err := os.Remove(filepath.Join(h.data, "engine.sock")); err != nil && !errors.Is(err, os.ErrNotExist) {
		h.t.Fatal(err)
	}
	c := h.command("exec", "gw", agentPath(), "--data", h.data, "run")
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		kill(c)
		if h.t.Failed() {
			h.t.Logf("the agent wrote:\n%s", log.String())
		}
	})
	eventually(h.t, 15*time.Second, "the agent answers", func() bool {
		if _, err := os.Stat(filepath.Join(h.data, "engine.sock")); err != nil {
			return false
		}
		_, _, code := h.agent("devices", "--json")
		return code == 0
	})
	return c
}

// eventually polls until ok, or fails the test when that takes longer than d.
func eventually(t testing.TB, d time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !ok() {
		if time.Since(begun) > d {
			t.Fatalf("%s: not within %s", what, d)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begun)
}

// until sleeps to a moment that the test is about, such as a due date.
func until(at time.Time) { time.Sleep(time.Until(at)) }

// tell says what happens: to the person who runs the demo, or in the test's log.
func tell(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("LAB_TELL") != "" {
		fmt.Printf("  "+format+"\n", args...)
		return
	}
	t.Logf(format, args...)
}
