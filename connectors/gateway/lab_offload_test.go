//go:build lab && linux

package gateway

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"

	"bestbefore/connectors"
)

// Established flows on a fast path pass by every rule. A block now takes them
// off it; for a start that the kernel keeps by itself that is said.
func TestLabFastPathIsLeft(t *testing.T) {
	s := open(t, nil)
	script := exec.Command("nft", "-f", "-")
	script.Stdin = strings.NewReader(`table inet fast {
	flowtable f { hook ingress priority 0; devices = { br0, wan0 }; }
	chain through { type filter hook forward priority 10; meta l4proto tcp flow add @f; }
}`)
	if out, err := script.CombinedOutput(); err != nil {
		t.Skipf("SKIP: this kernel has no flowtables: %v %s", err, out)
	}
	t.Cleanup(func() { nft(t, "delete", "table", "inet", "fast") })
	if note := s.Traits().Note; !strings.Contains(note, "fast path") {
		t.Errorf("traits' note %q", note)
	}
	flows := map[string]*stream{"IPv4": download(t, "dev", acme4), "IPv6": download(t, "dev", acme6)}
	for name, f := range flows {
		flowing(t, name, f)
	}
	until(t, "both flows are on the fast path", 5*time.Second, func() bool { return offloaded(t) == 2 })
	// Twin: the rules alone do not reach them.
	if err := s.set(mustPlan(t, connectors.BlockRequest{Mark: "m", Target: target(devMAC)}), mustHome(t, s)); err != nil {
		t.Fatal(err)
	}
	for name, f := range flows {
		flowing(t, name+" on the fast path past the rules", f)
	}
	clicked := time.Now()
	block(t, s, connectors.BlockRequest{Mark: "m", Target: target(devMAC)})
	for name, f := range flows {
		quiet(t, name, f, 2*time.Second)
		t.Logf("figure: %s download on the fast path: last packet %v after the click", name, f.lastAt().Sub(clicked))
	}
}

func offloaded(t testing.TB) (n int) {
	t.Helper()
	flows, err := dumpAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if f.Status&conntrack.StatusOffload != 0 {
			n++
		}
	}
	return n
}

func mustPlan(t testing.TB, r connectors.BlockRequest) plan {
	t.Helper()
	p, err := planFor(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustHome(t testing.TB, s *Session) home {
	t.Helper()
	h, err := s.home()
	if err != nil {
		t.Fatal(err)
	}
	return h
}
