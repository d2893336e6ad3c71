//go:build lab && linux

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The lab: two devices on a bridge of the gateway, and the outside with two
// companies, each in a network namespace of its own. The tests run inside the
// gateway's. IPv4 is translated there, IPv6 is not.
const (
	devMAC  = "02:00:00:77:00:02"
	dev2MAC = "02:00:00:77:00:03"
	acme4   = "203.0.113.10"
	acme6   = "2001:db8:1::10"
	other4  = "203.0.113.20"
	other6  = "2001:db8:1::20"
)

const labScript = `set -e
P=$1
ip netns add $P-gw; ip netns add $P-dev; ip netns add $P-dev2; ip netns add $P-net
for n in gw dev dev2 net; do ip -n $P-$n link set lo up; done
ip netns exec $P-gw sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad'
for n in dev dev2 net; do ip netns exec $P-$n sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad'; done
ip -n $P-gw link add br0 type bridge mcast_snooping 0
ip -n $P-gw addr add 10.77.1.1/24 dev br0; ip -n $P-gw addr add fd77:1::1/64 dev br0 nodad; ip -n $P-gw link set br0 up
i=2
for n in dev dev2; do
  ip -n $P-gw link add p$n type veth peer name eth0 netns $P-$n
  ip -n $P-gw link set p$n master br0 up
  ip -n $P-$n link set eth0 address 02:00:00:77:00:0$i; ip -n $P-$n link set eth0 up
  ip -n $P-$n addr add 10.77.1.$i/24 dev eth0; ip -n $P-$n addr add fd77:1::$i/64 dev eth0 nodad
  ip -n $P-$n route add default via 10.77.1.1; ip -n $P-$n -6 route add default via fd77:1::1
  i=$((i+1))
done
ip -n $P-gw link add wan0 type veth peer name eth0 netns $P-net
ip -n $P-gw link set wan0 up; ip -n $P-net link set eth0 up
ip -n $P-gw addr add 203.0.113.1/24 dev wan0; ip -n $P-gw addr add 2001:db8:1::1/64 dev wan0 nodad
for a in 203.0.113.10/24 203.0.113.20/24; do ip -n $P-net addr add $a dev eth0; done
for a in 2001:db8:1::10/64 2001:db8:1::20/64; do ip -n $P-net addr add $a dev eth0 nodad; done
ip -n $P-net -6 route add fd77:1::/64 via 2001:db8:1::1
ip -n $P-gw route add default via 203.0.113.10; ip -n $P-gw -6 route add default via 2001:db8:1::10
ip netns exec $P-gw nft -f - <<NFT
table ip nat { chain post { type nat hook postrouting priority 100; oifname "wan0" masquerade; }; }
table inet filter { chain through { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "br0" accept; }; }
NFT
`

// TestMain builds the lab, runs the tests inside the gateway's namespace and
// takes the lab down again.
func TestMain(m *testing.M) {
	if prefix := os.Getenv("BBGW_LAB"); prefix != "" {
		if os.Getenv("BBGW_AGENT") != "" {
			os.Exit(agentMain())
		}
		goleak.VerifyTestMain(m)
		return
	}
	os.Exit(runInLab())
}

func runInLab() int {
	if os.Geteuid() != 0 {
		fmt.Println("SKIP: the gateway lab needs root and network namespaces")
		return 0
	}
	prefix := fmt.Sprintf("bbgw-%d", os.Getpid())
	defer func() {
		for _, n := range []string{"gw", "dev", "dev2", "net"} {
			_ = exec.Command("ip", "netns", "del", prefix+"-"+n).Run()
		}
	}()
	build := exec.Command("sh", "-s", prefix)
	build.Stdin = strings.NewReader(labScript)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Printf("building the lab: %v\n%s", err, out)
		return 1
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	run := exec.Command("ip", append([]string{"netns", "exec", prefix + "-gw", self}, os.Args[1:]...)...)
	run.Env = append(os.Environ(), "BBGW_LAB="+prefix)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		return 1
	}
	return 0
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

func labName(where string) string { return os.Getenv("BBGW_LAB") + "-" + where }

// nft runs nft in the gateway.
func nft(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("nft", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("nft %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// open opens a session as the program does, and undoes everything at the end.
func open(t testing.TB, values map[string]string) *Session {
	t.Helper()
	s, dir := openIn(t, t.TempDir(), values)
	_ = dir
	t.Cleanup(func() {
		if err := s.Leave(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openIn(t testing.TB, dir string, values map[string]string) (*Session, string) {
	t.Helper()
	ses, err := New().Open(context.Background(), connectors.Settings{Values: values},
		&connectors.Host{Connection: "gw", Now: time.Now, StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return ses.(*Session), dir
}

func target(hw string, to ...string) connectors.Target {
	return connectors.Target{
		Device:      "d1",
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: hw}},
		Recipient:   consent.Recipient{Name: "Acme", Any: len(to) == 0, Destinations: to},
	}
}

func block(t testing.TB, s *Session, r connectors.BlockRequest) connectors.Receipt {
	t.Helper()
	rc, err := s.Block(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

func unblock(t testing.TB, s *Session, rc connectors.Receipt) {
	t.Helper()
	if _, err := s.Unblock(context.Background(), rc); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, s *Session, rc connectors.Receipt) connectors.Finding {
	t.Helper()
	f, err := s.Verify(context.Background(), rc)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// stream is a flow that one side sends on all the time; it notes when the
// other side last received and how much.
type stream struct {
	bytes atomic.Uint64
	sent  atomic.Uint64
	last  atomic.Int64 // nanoseconds
	port  uint16       // of an upload
	stop  func()
}

func (s *stream) got(n int) {
	s.bytes.Add(uint64(n))
	s.last.Store(time.Now().UnixNano())
}

func (s *stream) lastAt() time.Time { return time.Unix(0, s.last.Load()) }

// download opens a TCP flow from a device to addr in the outside, on which the
// outside sends chunk bytes every few milliseconds for ever.
func download(t testing.TB, device, addr string) *stream {
	t.Helper()
	ln := in(t, "net", func() (net.Listener, error) { return net.Listen("tcp", net.JoinHostPort(addr, "0")) })
	s := &stream{}
	var wg sync.WaitGroup
	accepted := make(chan net.Conn, 1)
	wg.Add(1)
	go func() {
		defer wg.Done()
		c, err := ln.Accept()
		if err != nil {
			close(accepted)
			return
		}
		accepted <- c
		buf := make([]byte, 8000)
		for {
			if n, err := c.Write(buf); err != nil {
				return
			} else {
				s.sent.Add(uint64(n))
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	c := in(t, device, func() (net.Conn, error) { return net.DialTimeout("tcp", ln.Addr().String(), 5*time.Second) })
	server := <-accepted
	wg.Add(1)
	go func() {
		defer wg.Done()
		buf := make([]byte, 65536)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			s.got(n)
		}
	}()
	s.stop = sync.OnceFunc(func() {
		for _, x := range []io.Closer{ln, c, server} {
			if tc, ok := x.(*net.TCPConn); ok {
				_ = tc.SetLinger(0)
			}
			_ = x.Close()
		}
		wg.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

// upload sends one UDP packet every step from a device to addr; the stream
// counts what arrives.
func upload(t testing.TB, device, addr string, step time.Duration) *stream {
	t.Helper()
	return uploadTo(t, "net", device, net.JoinHostPort(addr, "0"), step)
}

// uploadTo is upload to any computer of the lab.
func uploadTo(t testing.TB, where, device, to string, step time.Duration) *stream {
	t.Helper()
	pc := in(t, where, func() (net.PacketConn, error) { return net.ListenPacket("udp", to) })
	c := in(t, device, func() (net.Conn, error) { return net.Dial("udp", pc.LocalAddr().String()) })
	s := &stream{port: netip.MustParseAddrPort(pc.LocalAddr().String()).Port()}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		buf := make([]byte, 2048)
		for {
			n, _, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			s.got(n)
		}
	}()
	go func() {
		defer wg.Done()
		msg := bytes.Repeat([]byte("x"), 500)
		for ctx.Err() == nil {
			if _, err := c.Write(msg); err == nil {
				s.sent.Add(500)
			}
			select {
			case <-ctx.Done():
			case <-time.After(step):
			}
		}
	}()
	s.stop = sync.OnceFunc(func() { cancel(); _ = pc.Close(); wg.Wait(); _ = c.Close() })
	t.Cleanup(s.stop)
	return s
}

// push is a UDP stream that the outside sends to a device for ever, once asked.
// The device asks again now and then, as a player does.
func push(t testing.TB, device, addr string) *stream {
	t.Helper()
	pc := in(t, "net", func() (net.PacketConn, error) { return net.ListenPacket("udp", net.JoinHostPort(addr, "0")) })
	c := in(t, device, func() (net.Conn, error) { return net.Dial("udp", pc.LocalAddr().String()) })
	s := &stream{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	each := func(step time.Duration, f func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for ctx.Err() == nil {
				f()
				select {
				case <-ctx.Done():
				case <-time.After(step):
				}
			}
		}()
	}
	each(100*time.Millisecond, func() { _, _ = c.Write([]byte("go on")) })
	buf := make([]byte, 100)
	_, asker, err := pc.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	each(5*time.Millisecond, func() { _, _ = pc.WriteTo(make([]byte, 500), asker) })
	each(0, func() {
		in := make([]byte, 2048)
		if n, err := c.Read(in); err == nil {
			s.got(n)
		}
	})
	s.stop = sync.OnceFunc(func() { cancel(); _ = pc.Close(); _ = c.Close(); wg.Wait() })
	t.Cleanup(s.stop)
	return s
}

// until polls until ok or the time is over.
func until(t testing.TB, what string, within time.Duration, ok func() bool) {
	t.Helper()
	end := time.Now().Add(within)
	for !ok() {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func flowing(t testing.TB, what string, s *stream) {
	t.Helper()
	from := s.bytes.Load()
	until(t, what+" flows", 5*time.Second, func() bool { return s.bytes.Load() > from+4000 })
}

// quiet waits until s has received nothing for d.
func quiet(t testing.TB, what string, s *stream, d time.Duration) {
	t.Helper()
	until(t, what+" is quiet", d+5*time.Second, func() bool { return time.Since(s.lastAt()) > d })
}

// agentMain is a child that sets one block and then waits to be killed.
func agentMain() int {
	ses, err := New().Open(context.Background(), connectors.Settings{}, &connectors.Host{Connection: "gw", Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	from, err1 := time.Parse(time.RFC3339Nano, os.Getenv("BBGW_FROM"))
	to, err2 := netip.ParseAddr(os.Getenv("BBGW_TO"))
	to6, err3 := netip.ParseAddr(os.Getenv("BBGW_TO6"))
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := ses.(*Session).Block(context.Background(), connectors.BlockRequest{
		Mark: "consent-killed", From: from,
		Target: target(devMAC, to.String(), to6.String()),
	}); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("set")
	select {}
}

// selfCopy gives the test program where any user may run it.
func selfCopy(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp("/tmp", "bbgw-*.test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(f.Name()) })
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o755), f.Close()); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
