//go:build lab && linux

package neighbor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
)

// inside is the environment variable under which this test runs itself in a
// namespace; it holds for how long to scan.
const inside = "NEIGHBOR_LAB_INSIDE"

// TestLab builds a network of three namespaces and reads the kernel's real table.
func TestLab(t *testing.T) {
	if d := os.Getenv(inside); d != "" {
		scanInside(t, d)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("namespaces need root")
	}
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, out)
		}
	}
	name := func(s string) string { return fmt.Sprintf("nbr%d-%s", os.Getpid(), s) }
	for _, ns := range []string{"lan", "me", "gw", "phone"} {
		ip("netns", "add", name(ns))
		t.Cleanup(func() { exec.Command("ip", "netns", "del", name(ns)).Run() })
	}
	ip("-n", name("lan"), "link", "add", "br0", "type", "bridge")
	ip("-n", name("lan"), "link", "set", "br0", "up")
	for i, h := range []struct{ ns, mac, last string }{{"me", "02:00:00:00:00:fa", "250"}, {"gw", router, "1"}, {"phone", "f0:18:98:00:00:22", "22"}} {
		port := fmt.Sprintf("p%d", i)
		ip("-n", name("lan"), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name(h.ns))
		ip("-n", name("lan"), "link", "set", port, "master", "br0", "up")
		ip("-n", name(h.ns), "link", "set", "eth0", "address", h.mac)
		ip("-n", name(h.ns), "link", "set", "lo", "up")
		ip("-n", name(h.ns), "link", "set", "eth0", "up")
		ip("-n", name(h.ns), "addr", "add", "192.168.78."+h.last+"/24", "dev", "eth0")
		ip("-n", name(h.ns), "addr", "add", "fd78::"+h.last+"/64", "dev", "eth0", "nodad")
	}
	ip("-n", name("me"), "route", "add", "default", "via", "192.168.78.1")

	run := func(env ...string) []discovery.Sighting {
		t.Helper()
		cmd := exec.Command("ip", "netns", "exec", name("me"), os.Args[0], "-test.run=^TestLab$")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("inside: %v\n%s", err, out)
		}
		var got []discovery.Sighting
		for line := range strings.Lines(string(out)) {
			var s discovery.Sighting
			if json.Unmarshal([]byte(line), &s) == nil {
				got = append(got, s)
			}
		}
		return got
	}
	find := func(all []discovery.Sighting, mac string) *discovery.Sighting {
		i := slices.IndexFunc(all, func(s discovery.Sighting) bool {
			return slices.Contains(s.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: mac})
		})
		if i < 0 {
			return nil
		}
		return &all[i]
	}

	// The twin: a reader that nobody helps sees only itself on a silent network.
	got := run(inside + "=1500ms")
	if me := find(got, "02:00:00:00:00:fa"); me == nil || me.Role != discovery.RoleThisComputer || !slices.Contains(me.Addresses, mustAddr("192.168.78.250")) {
		t.Errorf("this computer: %+v", me)
	}
	if find(got, "f0:18:98:00:00:22") != nil {
		t.Error("the phone is in the table although nobody spoke to it")
	}
	began := time.Now()
	got = run(inside+"=4s", "NEIGHBOR_LAB_SWEEP=1")
	if gw := find(got, router); gw == nil || gw.Role != discovery.RoleRouter {
		t.Errorf("router: %+v", gw)
	}
	if phone := find(got, "f0:18:98:00:00:22"); phone == nil || !slices.Contains(phone.Addresses, mustAddr("192.168.78.22")) {
		t.Errorf("phone: %+v", phone)
	}
	t.Logf("%d sightings in %v", len(got), time.Since(began).Round(time.Millisecond))
}

func scanInside(t *testing.T, d string) {
	long, err := time.ParseDuration(d)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Now: time.Now, Report: func(err error) { t.Error(err) }}
	if os.Getenv("NEIGHBOR_LAB_SWEEP") != "" {
		c.Knock, c.Sweep = Knock, true
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := s.Scan(ctx, func(s discovery.Sighting) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Error(err)
		}
		fmt.Println(string(b))
	}); err != nil {
		t.Error(err)
	}
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }
