//go:build lab && linux

package lifecycle

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors/builtin"
	"bestbefore/connectors/connectortest"
)

// The boxes of the home whose doors are knocked at, and one whose are not.
const (
	knockUs      = "192.168.77.100"
	knockRouter  = "192.168.77.1"
	knockPihole  = "192.168.77.2"
	knockAdGuard = "192.168.77.3"
	knockBeside  = "192.168.77.4"
)

// doorsOf are all ports at which a kind of connector knocks.
func doorsOf(t *testing.T) (ports []int, pages int) {
	t.Helper()
	all, err := builtin.All()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range all.Specs() {
		for _, k := range s.Knocks {
			seen[k.Address("box")+k.Path] = true
			if !slices.Contains(ports, k.Port) {
				ports = append(ports, k.Port)
			}
		}
	}
	return ports, len(seen)
}

// asLuCI has OpenWrt's own web server, where it is named, show what LuCI shows to
// who did not sign in: status 403 and one header (its dispatcher sets both).
func asLuCI(t *testing.T, box string) (there bool) {
	t.Helper()
	root := os.Getenv("OPENWRT_PROGRAMS")
	if root == "" {
		return false
	}
	www := filepath.Join("/run", "www", "cgi-bin")
	if err := os.MkdirAll(www, 0o755); err != nil {
		t.Fatal(err)
	}
	page := "#!/bin/sh\nprintf 'Status: 403 Forbidden\\r\\nContent-Type: text/html\\r\\nX-LuCI-Login-Required: yes\\r\\n\\r\\n<title>OpenWrt - LuCI</title>'\n"
	if err := os.WriteFile(filepath.Join(www, "luci"), []byte(page), 0o755); err != nil {
		t.Fatal(err)
	}
	connectortest.Keep(t, box, "env", "LD_LIBRARY_PATH="+root+"/usr/lib", root+"/usr/sbin/uhttpd", "-f", "-h", "/run/www", "-x", "/cgi-bin", "-p", knockRouter+":80")
	return true
}

// knockBoxes are the boxes by name.
var knockBoxes = map[string]string{"router": knockRouter, "pihole": knockPihole, "adguard": knockAdGuard, "beside": knockBeside}

// knockMAC is the hardware address of the box at addr.
func knockMAC(addr string) string { return "02:00:00:00:77:0" + addr[len(addr)-1:] }

// knockStreet builds the home; want is where each kind is to be found.
func knockStreet(t *testing.T, ftl string, schema []byte, guard string, ports []int) (l lan, want map[string]string) {
	t.Helper()
	l = newLan(t, knockUs)
	l.ip("route", "add", "default", "via", knockRouter)
	for name, addr := range knockBoxes {
		l.box(name, knockMAC(addr), addr)
	}
	want = map[string]string{}
	connectortest.Keep(t, "router", "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--address=/#/"+connectortest.RealAnswer)
	if asLuCI(t, "router") {
		want["openwrt"] = "http://" + knockRouter
	}
	if ftl != "" {
		connectortest.InstallPihole(t, ftl, schema, knockPihole+":80")
		want["pihole"] = l.pihole(ftl, "pihole", knockPihole)
	}
	if guard != "" {
		want["adguardhome"] = connectortest.StartAdGuardHome(t, guard, "adguard", knockAdGuard)
	}
	bystander(t, l)
	l.told(knockPihole, knockAdGuard)
	for name := range knockBoxes {
		l.counts(name, ports)
	}
	return l, want
}

// TestLabKnocks runs the whole engine with its own eyes in a home with a router
// (dnsmasq, miniupnpd, and OpenWrt's uhttpd where it is named), a real Pi-hole and
// a real AdGuard Home as name servers, where they are named, and a Mosquitto beside
// them, and lets each box's own kernel count who comes to a door. The router and
// the name servers are asked once a day, each page once, and offered as what they
// are; nobody else is asked. The twin is the box beside them, which is asked as
// soon as this computer is told that it is a name server.
func TestLabKnocks(t *testing.T) {
	ftl, lists := connectortest.PiholeFiles()
	var schema []byte
	if ftl != "" {
		var err error
		if schema, err = os.ReadFile(lists); err != nil {
			t.Fatal(err)
		}
	}
	guard := connectortest.AdGuardProgram()
	if !connectortest.Inside(t) {
		return
	}
	ports, pages := doorsOf(t)
	l, want := knockStreet(t, ftl, schema, guard, ports)
	s := &slept{reader: clock.NewReader()}
	h, err := Open(t.Context(), Config{Dir: t.TempDir(), Scan: true, Enforce: true, Credentials: credential(t), Clocks: s.read})
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	asked := []string{"router", "pihole", "adguard"}
	found := func() map[string]string {
		info, err := h.Engine().Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, f := range info.Found {
			out[f.Kind] = f.Values["address"]
		}
		return out
	}
	until(t, "the box beside is known, and the others were asked and are offered", func() bool {
		_, known := h.inventory.Resolve(knockMAC(knockBeside), netipOf(knockBeside), "")
		got := found()
		for kind, at := range want {
			if got[kind] != at {
				return false
			}
		}
		return known && !slices.ContainsFunc(asked, func(b string) bool { return l.counted(b) == 0 })
	})
	wait(t, 2*knockLook) // whoever else is to be asked would have been
	first := map[string]int{}
	for name := range knockBoxes {
		first[name] = l.counted(name)
	}
	t.Logf("figure: %d pages of %d doors are looked for; first day %v; offered %v", pages, len(ports), first, found())
	for _, b := range asked {
		if first[b] == 0 || first[b] > pages {
			t.Errorf("%s was asked %d times on its first day, for %d pages", b, first[b], pages)
		}
	}
	if first["beside"] != 0 {
		t.Errorf("a box that is neither router nor name server was asked %d times", first["beside"])
	}
	s.asleep.Store(int64(22 * time.Hour))
	wait(t, 2*knockLook)
	for name := range knockBoxes {
		if n := l.counted(name); n != first[name] {
			t.Errorf("%s was asked %d times more the same day", name, n-first[name])
		}
	}
	s.asleep.Store(int64(26 * time.Hour))
	until(t, "the next day all are asked anew", func() bool {
		return !slices.ContainsFunc(asked, func(b string) bool { return l.counted(b) < 2*first[b] })
	})
	if n := l.counted("beside"); n != 0 {
		t.Errorf("the next day the box beside was asked %d times", n)
	}
	l.told(knockPihole, knockAdGuard, knockBeside)
	until(t, "the twin: as a name server the box beside is asked too", func() bool { return l.counted("beside") > 0 })
}

// knockLook is at least how often the engine looks whether somebody is to be asked.
const knockLook = 16 * time.Second

// bystander runs a real broker that also answers at one of the doors.
func bystander(t *testing.T, l lan) {
	t.Helper()
	conf := "/run/beside.conf"
	if err := os.WriteFile(conf, []byte("user root\nallow_anonymous true\nlistener 1883\nlistener 8080\nprotocol websockets\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	connectortest.Keep(t, "beside", "mosquitto", "-c", conf)
	until(t, "the broker answers", func() bool {
		return l.open(knockBeside, 8080)
	})
}
