//go:build lab && linux

package netflow

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bestbefore/connectors"
)

// The lab: a device, a router that exports, and the outside, each in a network
// namespace of its own.
const (
	labDev, labOut = "10.77.1.20", "198.51.100.77"
	labDev6        = "fd77::20"
	labOut6        = "2001:db8:77::1"
)

func labName(s string) string {
	p := os.Getenv("HB_PREFIX")
	if p == "" {
		p = "nf"
	}
	return p + s
}

func sh(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("sh", "-ec", line).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

func lab(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for network namespaces")
	}
	if _, err := exec.LookPath("softflowd"); err != nil {
		t.Skip("needs softflowd")
	}
	d, r, o := labName("dev"), labName("rtr"), labName("out")
	gone := fmt.Sprintf("for n in %s %s %s; do ip netns del $n 2>/dev/null || true; done", d, r, o)
	sh(t, gone)
	t.Cleanup(func() { sh(t, gone) })
	sh(t, fmt.Sprintf(`
for n in %[1]s %[2]s %[3]s; do ip netns add $n; ip -n $n link set lo up; ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0; done
ip -n %[2]s link add lan0 type veth peer name eth0 netns %[1]s
ip -n %[2]s link add wan0 type veth peer name eth0 netns %[3]s
ip netns exec %[2]s sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for n in %[1]s %[3]s; do ip -n $n link set eth0 up; done
ip -n %[2]s link set lan0 up; ip -n %[2]s link set wan0 up
ip -n %[1]s addr add 10.77.1.20/24 dev eth0; ip -n %[2]s addr add 10.77.1.1/24 dev lan0
ip -n %[2]s addr add 198.51.100.1/24 dev wan0; ip -n %[3]s addr add 198.51.100.77/24 dev eth0
ip -n %[1]s addr add fd77::20/64 dev eth0 nodad; ip -n %[2]s addr add fd77::1/64 dev lan0 nodad
ip -n %[2]s addr add 2001:db8:77::ff/64 dev wan0 nodad; ip -n %[3]s addr add 2001:db8:77::1/64 dev eth0 nodad
ip -n %[1]s route add default via 10.77.1.1; ip -n %[1]s -6 route add default via fd77::1
ip -n %[3]s route add default via 198.51.100.1; ip -n %[3]s -6 route add default via 2001:db8:77::ff
for n in %[1]s %[2]s %[3]s; do for i in lan0 wan0 eth0; do ip netns exec $n ethtool -K $i tso off gso off gro off >/dev/null 2>&1 || true; done; done
`, d, r, o))
}

// in runs f inside a namespace.
func in[T any](t testing.TB, where string, f func() (T, error)) T {
	t.Helper()
	type result struct {
		v   T
		err error
	}
	done := make(chan result)
	go func() {
		var r result
		defer func() { done <- r }()
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		fd, err := unix.Open("/run/netns/"+labName(where), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			r.err = err
			return
		}
		defer unix.Close(fd)
		if r.err = unix.Setns(fd, unix.CLONE_NEWNET); r.err == nil {
			r.v, r.err = f()
		}
	}()
	r := <-done
	if r.err != nil {
		t.Fatalf("in %s: %v", where, r.err)
	}
	return r.v
}

// sink answers each connection with as many bytes as the first line asks for.
func sink(t *testing.T, addr string) {
	l := in(t, "out", func() (net.Listener, error) { return net.Listen("tcp", addr) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n, _ := io.Copy(io.Discard, c)
			_, _ = c.Write(make([]byte, 3*n))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
}

func send(t *testing.T, addr string, n int) {
	in(t, "dev", func() (bool, error) {
		c, err := net.DialTimeout("tcp", addr, 3*time.Second)
		if err != nil {
			return false, err
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, n)); err != nil {
			return false, err
		}
		_ = c.(*net.TCPConn).CloseWrite()
		_, err = io.Copy(io.Discard, c)
		return true, err
	})
}

// softflowd exports what passes the router's side to the home.
type softflowd struct {
	t   *testing.T
	ctl string
	cmd *exec.Cmd
}

func export(t *testing.T, port, version string, more ...string) *softflowd {
	t.Helper()
	dir := t.TempDir()
	s := &softflowd{t: t, ctl: filepath.Join(dir, "ctl")}
	args := append([]string{
		"netns", "exec", labName("rtr"), "softflowd", "-d", "-i", "lan0", "-n", "127.0.0.1:" + port, "-v", version, "-6",
		"-p", filepath.Join(dir, "pid"), "-c", s.ctl, "-t", "maxlife=3600", "-t", "expint=0",
	}, more...)
	s.cmd = exec.Command("ip", append(args, "ip or ip6")...)
	s.cmd.Stderr, s.cmd.Stdout = os.Stderr, os.Stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	until(t, "softflowd", func() bool { return exec.Command("softflowctl", "-c", s.ctl, "statistics").Run() == nil })
	return s
}

func (s *softflowd) ask(what string) string {
	out, err := exec.Command("softflowctl", "-c", s.ctl, what).CombinedOutput()
	if err != nil {
		s.t.Fatalf("softflowctl %s: %v\n%s", what, err, out)
	}
	return string(out)
}

// exported are the flows that it says it has sent.
var exported = regexp.MustCompile(`Flows exported: (\d+)`)

// flows are the flows it tracks now: addresses, ports and bytes each way.
var tracked = regexp.MustCompile(`\[([0-9a-f.:]+)\]:(\d+) <> \[([0-9a-f.:]+)\]:(\d+) proto:(\d+) octets>:(\d+) packets>:\d+ octets<:(\d+)`)

// TestLabSoftflowd compares what arrives with what softflowd itself counted, for
// each format that it speaks.
func TestLabSoftflowd(t *testing.T) {
	lab(t)
	sink(t, net.JoinHostPort(labOut, "4433"))
	sink(t, net.JoinHostPort(labOut6, "4433"))
	for _, x := range []struct {
		name, version string
		more          []string
		six           bool
	}{
		{"version 5", "5", nil, false},
		{"version 9", "9", nil, true},
		{"IPFIX", "10", nil, true},
		{"IPFIX both ways in one", "10", []string{"-b"}, true},
		{"IPFIX in milliseconds", "10", []string{"-A", "milli"}, true},
	} {
		t.Run(x.name, func(t *testing.T) { compare(t, x.version, x.six, x.more...) })
	}
}

func compare(t *testing.T, version string, six bool, more ...string) {
	set := connectors.Settings{Values: map[string]string{optExporter: "127.0.0.1", optPort: "2055", optInterval: "0.1"}}
	ses := in(t, "rtr", func() (connectors.Session, error) { return New().Open(context.Background(), set, host()) }).(*Session)
	t.Cleanup(func() { _ = ses.Close() })
	w := observe(t, ses)
	soft := export(t, "2055", version, more...)
	began := time.Now()
	const flows = 40
	for i := range flows {
		send(t, net.JoinHostPort(labOut, "4433"), 10_000+i*1000)
		if six {
			send(t, net.JoinHostPort(labOut6, "4433"), 5_000+i*500)
		}
	}
	own := map[string][2]uint64{} // the sender's own, by device address
	t.Log(soft.ask("dump-flows")); until(t, "softflowd to have seen all", func() bool {
		clear(own)
		n := 0
		for _, m := range tracked.FindAllStringSubmatch(soft.ask("dump-flows"), -1) {
			a, b := netip.MustParseAddr(m[1]), netip.MustParseAddr(m[3])
			ab, _ := strconv.ParseUint(m[6], 10, 64)
			ba, _ := strconv.ParseUint(m[7], 10, 64)
			if m[2] != "4433" && m[4] != "4433" {
				continue
			}
			dev, up, down := a, ab, ba
			if m[2] == "4433" {
				dev, up, down = b, ba, ab
			}
			x := own[dev.String()]
			own[dev.String()] = [2]uint64{x[0] + up, x[1] + down}
			n++
		}
		return n >= flows && (!six || n >= 2*flows)
	})
	time.Sleep(300 * time.Millisecond) // the last acknowledgements of the last flow, which nothing announces
	soft.ask("expire-all")
	until(t, "what was exported", func() bool {
		up, _ := w.byDevice(labDev)
		up6, _ := w.byDevice(labDev6)
		return up >= own[labDev][0] && (!six || up6 >= own[labDev6][0])
	})
	for _, dev := range []string{labDev, labDev6} {
		up, down := w.byDevice(dev)
		if !six && dev == labDev6 {
			continue
		}
		t.Logf("%s: sent %d, received %d; softflowd %d and %d", dev, up, down, own[dev][0], own[dev][1])
		if up != own[dev][0] || down != own[dev][1] {
			t.Errorf("%s: %d up and %d down arrived, softflowd counted %v", dev, up, down, own[dev])
		}
	}
	for _, r := range w.all() {
		if r.Port == 4433 && (r.First.Before(began.Add(-2*time.Second)) || r.Last.After(time.Now()) || r.Last.Before(r.First)) {
			t.Errorf("a flow of now is placed at %s to %s", r.First, r.Last)
		}
	}
	c, err := ses.Coverage(context.Background())
	if err != nil || c.Lost != 0 || strings.Contains(c.Text, "could not") {
		t.Errorf("%+v, %v", c, err)
	}
	t.Logf("%s; %s", exported.FindString(soft.ask("statistics")), c.Text)
}
