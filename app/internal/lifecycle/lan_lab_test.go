//go:build lab && linux

package lifecycle

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"bestbefore/connectors/connectortest"
)

// lan is a home's network in namespaces: this computer, and boxes beside it.
type lan struct{ t *testing.T }

const lanBridge = "bblan"

// newLan makes one in which this computer has the address us.
func newLan(t *testing.T, us string) lan {
	t.Helper()
	l := lan{t}
	l.ip("link", "add", lanBridge, "type", "bridge")
	l.ip("link", "set", lanBridge, "up")
	l.ip("addr", "add", us+"/24", "dev", lanBridge)
	return l
}

func (l lan) ip(args ...string) {
	l.t.Helper()
	connectortest.Command(l.t, nil, "ip", args...)
}

// box adds a computer of its own.
func (l lan) box(name, mac, addr string) {
	l.t.Helper()
	l.ip("netns", "add", name)
	l.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
	l.ip("link", "set", name, "master", lanBridge, "up")
	l.ip("-n", name, "link", "set", "lo", "up")
	l.ip("-n", name, "link", "set", "eth0", "address", mac, "up")
	l.moves(name, addr)
}

// moves gives a box another address in place of what it had.
func (l lan) moves(name, addr string) {
	l.t.Helper()
	l.ip("-n", name, "addr", "flush", "dev", "eth0", "scope", "global")
	l.ip("-n", name, "addr", "add", addr+"/24", "dev", "eth0")
}

// try does one command on a box.
func (l lan) try(name string, args ...string) (string, error) {
	out, err := exec.CommandContext(l.t.Context(), "ip", append([]string{"netns", "exec", name}, args...)...).CombinedOutput()
	return string(out), err
}

// looksUp says whether a box is told by a name server where a name is.
func (l lan) looksUp(name, server, what string) bool {
	out, err := l.try(name, "busybox", "nslookup", "-type=a", what, server)
	return err == nil && strings.Contains(out, connectortest.RealAnswer)
}

// told writes down the name servers of this computer.
func (l lan) told(servers ...string) {
	l.t.Helper()
	text := ""
	for _, s := range servers {
		text += "nameserver " + s + "\n"
	}
	if err := os.WriteFile("/etc/resolv.conf", []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// counts has a box count each new connection to some of its ports.
func (l lan) counts(name string, ports []int) {
	l.t.Helper()
	var all []string
	for _, p := range ports {
		all = append(all, strconv.Itoa(p))
	}
	rules := fmt.Sprintf("table inet seen {\n counter doors { }\n chain in { type filter hook prerouting priority -300;\n tcp dport { %s } tcp flags & (syn|ack) == syn counter name doors\n }\n}\n", strings.Join(all, ", "))
	connectortest.Command(l.t, strings.NewReader(rules), "ip", "netns", "exec", name, "nft", "-f", "-")
}

// counted is how many there were.
func (l lan) counted(name string) (n int) {
	l.t.Helper()
	out, err := l.try(name, "nft", "list", "counter", "inet", "seen", "doors")
	_, rest, ok := strings.Cut(out, "packets ")
	if _, bad := fmt.Sscan(rest, &n); err != nil || !ok || bad != nil {
		l.t.Fatalf("what %s counted: %v %s", name, err, out)
	}
	return n
}

// open says whether somebody answers at a port.
func (l lan) open(addr string, port uint16) bool {
	c, err := net.Dial("tcp", netip.AddrPortFrom(netipOf(addr), port).String())
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// pihole runs a real Pi-hole on a box; it was installed inside.
func (l lan) pihole(program, name, addr string) (page string) {
	l.t.Helper()
	connectortest.Upstream(l.t, name)
	connectortest.Keep(l.t, name, program, "-f")
	until(l.t, "Pi-hole answers", func() bool {
		return l.open(addr, 80) && l.looksUp(name, addr, "some.where.example")
	})
	return "http://" + addr
}

func netipOf(addr string) netip.Addr { return netip.MustParseAddr(addr) }
