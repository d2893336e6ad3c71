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
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery/flow"
)

// The lab: a device, a router that exports, and the outside, each in a network
// namespace of its own.
const (
	labDev, labOut = "10.77.1.20", "198.51.100.77"
	labDev6        = "fd77::20"
	labOut6        = "2001:db8:77::1"

	flows        = 40
	sent4, sent6 = flows * 10_000, flows * 5_000
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

// in runs f in the namespace of one of the lab's computers.
func in[T any](t testing.TB, where string, f func() (T, error)) T {
	t.Helper()
	v, err := connectortest.In(labName(where), f)
	if err != nil {
		t.Fatalf("in %s: %v", where, err)
	}
	return v
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

// record writes what passes the router's side to the home to a file while f runs.
// softflowd reads that: its own live capture sees nothing on some kernels.
func record(t *testing.T, f func()) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "traffic.pcap")
	c := exec.Command("ip", "netns", "exec", labName("rtr"), "tcpdump", "-i", "lan0", "-B", "32768", "-U", "--immediate-mode", "-Z", "root", "-w", file, "tcp port 4433")
	err, e := c.StderrPipe()
	if e != nil {
		t.Fatal(e)
	}
	if e := c.Start(); e != nil {
		t.Fatal(e)
	}
	first := make([]byte, 1)
	if _, e := err.Read(first); e != nil { // it says that it listens
		t.Fatal(e)
	}
	go func() { _, _ = io.Copy(io.Discard, err) }()
	f()
	size := int64(-1)
	until(t, "the capture to be written", func() bool { // acknowledgements follow unasked
		time.Sleep(200 * time.Millisecond)
		st, e := os.Stat(file)
		grown := e == nil && st.Size() != size
		if e == nil {
			size = st.Size()
		}
		return !grown
	})
	_ = c.Process.Signal(os.Interrupt)
	_ = c.Wait()
	return file
}

// export lets softflowd send what is in file, and gives what it says about it.
func export(t *testing.T, file, port, version string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{
		"netns", "exec", labName("rtr"), "softflowd", "-d", "-r", file, "-n", "127.0.0.1:" + port, "-v", version,
		"-p", filepath.Join(dir, "pid"), "-c", "none",
	}, more...)
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("softflowd: %v\n%s", err, out)
	}
	return string(out)
}

// TestLabSoftflowd compares what arrives with what softflowd itself counted, for
// each format that it speaks.
func TestLabSoftflowd(t *testing.T) {
	lab(t)
	sink(t, net.JoinHostPort(labOut, "4433"))
	sink(t, net.JoinHostPort(labOut6, "4433"))
	file := record(t, func() {
		for range flows {
			send(t, net.JoinHostPort(labOut, "4433"), 10_000)
			send(t, net.JoinHostPort(labOut6, "4433"), 5_000)
		}
	})
	for _, x := range []struct {
		name, version string
		more          []string
		six           bool
	}{
		{"version 5", "5", nil, false},
		{"version 9", "9", nil, true},
		{"IPFIX", "10", nil, true},
		{"IPFIX both ways in one", "10", []string{"-b"}, true},
	} {
		t.Run(x.name, func(t *testing.T) { compare(t, file, x.version, x.six, x.more...) })
	}
}

// counted are the octets of TCP that softflowd says it exported.
var counted = regexp.MustCompile(`(?m)^\s*tcp \(6\):\s+(\d+)`)

func compare(t *testing.T, file, version string, six bool, more ...string) {
	set := connectors.Settings{Values: map[string]string{optExporter: "127.0.0.1", optPort: "2055", optInterval: "0.1"}}
	ses := in(t, "rtr", func() (connectors.Session, error) { return New().Open(context.Background(), set, host()) }).(*Session)
	t.Cleanup(func() { _ = ses.Close() })
	w := observe(t, ses)
	said := export(t, file, "2055", version, more...)
	found := counted.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("softflowd does not say what it counted:\n%s", said)
	}
	own, _ := strconv.ParseUint(found[1], 10, 64)
	sum := func() uint64 {
		up, down := w.byDevice(labDev)
		up6, down6 := w.byDevice(labDev6)
		return up + down + up6 + down6
	}
	if six {
		until(t, "all that was exported", func() bool { return sum() >= own })
	} else { // version 5 has no words for IPv6, and softflowd counts it all the same
		until(t, "all that was exported", func() bool { up, _ := w.byDevice(labDev); return up >= sent4 })
	}
	up, down := w.byDevice(labDev)
	up6, down6 := w.byDevice(labDev6)
	t.Logf("IPv4 %d up %d down, IPv6 %d up %d down; softflowd counted %d", up, down, up6, down6, own)
	if six && sum() != own {
		t.Errorf("%d bytes arrived, softflowd counted %d", sum(), own)
	}
	for what, x := range map[string]struct{ got, sent uint64 }{"IPv4 up": {up, sent4}, "IPv4 down": {down, 3 * sent4}, "IPv6 up": {up6, sent6}, "IPv6 down": {down6, 3 * sent6}} {
		if (six || strings.HasPrefix(what, "IPv4")) && (x.got < x.sent || x.got > x.sent*12/10) {
			t.Errorf("%s: %d with headers of %d without", what, x.got, x.sent)
		}
	}
	c, err := ses.Coverage(context.Background())
	if err != nil || c.Lost != 0 || strings.Contains(c.Text, "could not") || strings.Contains(c.Text, "not plausible") {
		t.Errorf("%+v, %v", c, err)
	}
}

// byDevice adds up what one device exchanged with the lab's port.
func (w *seen) byDevice(addr string) (up, down uint64) {
	for _, r := range w.all() {
		if r.Local.Address == netip.MustParseAddr(addr) && r.Port == 4433 {
			up, down = up+r.Up, down+r.Down
		}
	}
	return up, down
}

func (w *seen) all() []flow.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]flow.Record(nil), w.records...)
}
