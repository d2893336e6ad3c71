//go:build lab && linux

package lifecycle

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/adguardhome"
	"bestbefore/connectors/connectortest"
	"bestbefore/connectors/gateway"
	"bestbefore/connectors/pihole"
	"bestbefore/discovery"
)

// The lab's other addresses: this computer, which routes the home, the real name
// servers, where the other device begins, and a maker outside.
const (
	movedUs      = "192.168.77.1"
	movedPihole  = "192.168.77.2"
	movedAdGuard = "192.168.77.3"
	spareAddr    = "192.168.77.31"
	makerAddr    = connectortest.RealAnswer
)

// movedPeer is a real peer, and how a box is seen to pass it.
type movedPeer struct {
	kind   connectors.Connector
	values map[string]string
	to     string // what the permission is for
	passes func(box string) bool
	// knows has the peer itself learn who is where; nil where it need not.
	knows func(t *testing.T)
	alone bool // without knows it meets nobody
}

// movedHome is the network of these tests and its real peers; what is not there
// is left out, loudly.
func movedHome(t *testing.T) (lan, map[string]movedPeer) {
	t.Helper()
	ftl, lists := connectortest.PiholeFiles()
	guard := connectortest.AdGuardProgram()
	var schema []byte
	if ftl != "" {
		var err error
		if schema, err = os.ReadFile(lists); err != nil {
			t.Fatal(err)
		}
	}
	if !connectortest.Inside(t) {
		return lan{}, nil
	}
	l := newLan(t, movedUs)
	l.box("bell", bellMAC, oldAddr)
	l.box("other", otherMAC, spareAddr)
	peers := map[string]movedPeer{"Linux router": l.router()}
	if ftl == "" {
		t.Log(connectortest.NoPihole)
	} else {
		l.box("pihole", "02:00:00:00:77:02", movedPihole)
		connectortest.InstallPihole(t, ftl, schema, movedPihole+":80")
		connectortest.Command(t, nil, ftl, "--config", "database.DBinterval", "10") // its sweep comes as often
		page := l.pihole(ftl, "pihole", movedPihole)
		p := l.blocker(pihole.New(), page, movedPihole)
		p.knows = func(t *testing.T) { // its sweep has met both
			until(t, "Pi-hole knows who is where", func() bool {
				p.passes("bell")
				p.passes("other")
				return strings.HasPrefix(sweptAt(t, ftl, newAddr), bellMAC) && strings.HasPrefix(sweptAt(t, ftl, oldAddr), otherMAC)
			})
		}
		peers["Pi-hole"] = p
	}
	if guard == "" {
		t.Log(connectortest.NoAdGuard)
	} else {
		l.box("adguard", "02:00:00:00:77:03", movedAdGuard)
		page := connectortest.StartAdGuardHome(t, guard, "adguard", movedAdGuard)
		p := l.blocker(adguardhome.New(), page, movedAdGuard)
		p.alone = true
		p.knows = func(t *testing.T) { l.leases(t, page) }
		peers["AdGuard Home"] = p
	}
	return l, peers
}

// settles gives one of the devices another address; its way out stays the same.
func (l lan) settles(name, addr string) {
	l.t.Helper()
	l.moves(name, addr)
	l.ip("-n", name, "route", "replace", "default", "via", movedUs)
}

// blocker is a real DNS blocker.
func (l lan) blocker(kind connectors.Connector, page, server string) movedPeer {
	p := movedPeer{kind: kind, values: map[string]string{"address": page}, to: "maker.example", passes: func(box string) bool { return l.looksUp(box, server, "video.maker.example") }}
	if kind.Spec().Kind == adguardhome.Kind {
		p.values["username"] = connectortest.RealUser
	}
	return p
}

// sweptAt is who Pi-hole's sweep saw last at an address.
func sweptAt(t *testing.T, ftl, addr string) string {
	t.Helper()
	return connectortest.Command(t, nil, ftl, "sqlite3", "/etc/pihole/pihole-FTL.db",
		"SELECT lower(n.hwaddr) FROM network_addresses a JOIN network n ON n.id = a.network_id WHERE a.ip = '"+addr+"' ORDER BY a.lastSeen DESC LIMIT 1;")
}

// leases makes AdGuard Home the home's DHCP server, which gave both their addresses.
func (l lan) leases(t *testing.T, page string) {
	t.Helper()
	if err := os.MkdirAll("/etc/network", 0o755); err != nil {
		t.Fatal(err)
	}
	// It wants to read that its own address never changes.
	if err := os.WriteFile("/etc/network/interfaces", []byte("auto eth0\niface eth0 inet static\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		body map[string]any
	}{
		{"dhcp/set_config", map[string]any{"enabled": true, "interface_name": "eth0", "v4": map[string]any{
			"gateway_ip": movedUs, "subnet_mask": "255.255.255.0", "range_start": "192.168.77.20", "range_end": "192.168.77.90", "lease_duration": 3600,
		}}},
		{"dhcp/add_static_lease", map[string]any{"mac": otherMAC, "ip": oldAddr, "hostname": "other"}},
		{"dhcp/add_static_lease", map[string]any{"mac": bellMAC, "ip": newAddr, "hostname": "bell"}},
	} {
		if err := connectortest.TellAdGuardHome(page, c.path, c.body); err != nil {
			t.Fatal(err)
		}
	}
}

// router makes this computer the one that routes the home, to a maker outside.
func (l lan) router() movedPeer {
	l.t.Helper()
	for _, line := range []string{
		"netns add far", "link add bbwan type veth peer name eth0 netns far", "addr add 203.0.113.2/24 dev bbwan", "link set bbwan up",
		"-n far link set lo up", "-n far addr add 203.0.113.1/24 dev eth0", "-n far addr add " + makerAddr + "/32 dev eth0", "-n far link set eth0 up",
		"-n far route add default via 203.0.113.2", "route add default via 203.0.113.1",
	} {
		l.ip(strings.Fields(line)...)
	}
	connectortest.Command(l.t, nil, "busybox", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	if err := os.WriteFile("/run/index.html", []byte("hello"), 0o644); err != nil {
		l.t.Fatal(err)
	}
	connectortest.Keep(l.t, "far", "busybox", "httpd", "-f", "-p", makerAddr+":80", "-h", "/run")
	return movedPeer{kind: gateway.New(), values: map[string]string{"lan": lanBridge, "wan": "bbwan"}, to: makerAddr, passes: func(box string) bool {
		_, err := l.try(box, "busybox", "timeout", "2", "busybox", "wget", "-q", "-O", "/dev/null", "http://"+makerAddr+"/index.html")
		return err == nil
	}}
}

// at is a whole engine with one of the peers, and the bell as it was last seen.
func (p movedPeer) at(t *testing.T) (h *Home, e engine.Engine, id discovery.DeviceID, conn string) {
	t.Helper()
	h, _ = served(t, Config{Lookup: noNames}, p.kind)
	id = seenAt(h, bellMAC, oldAddr)
	r := engine.ConnectRequest{Kind: p.kind.Spec().Kind, Values: p.values}
	if r.Kind != gateway.Kind {
		r.Secrets = map[string]string{"password": connectortest.RealPassword}
	}
	c, err := h.Engine().Connect(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return h, h.Engine(), id, c.ID
}

func (p movedPeer) allow(id discovery.DeviceID, until string) engine.AllowRequest {
	r := toMaker(id, until)
	r.Recipient.Destinations = []string{p.to}
	return r
}

// T38 at real peers, through the whole engine: a device takes another address while
// it is blocked, and somebody else its old one. The block goes along and hits
// nobody else. The twin stands in the middle: a peer that goes by addresses hits
// the wrong one until the engine has seen the move.
func TestLabT38ABlockFollowsItsDevice(t *testing.T) {
	_, peers := movedHome(t)
	for name, p := range peers {
		t.Run(name, func(t *testing.T) {
			l := lan{t}
			l.settles("other", spareAddr)
			l.settles("bell", oldAddr)
			h, e, id, conn := p.at(t)
			until(t, "both pass", func() bool { return p.passes("bell") && p.passes("other") })
			if _, err := e.Allow(t.Context(), p.allow(id, "1s")); err != nil {
				t.Fatal(err)
			}
			until(t, "it is refused", func() bool { return !p.passes("bell") })
			if !p.passes("other") {
				t.Error("somebody else is refused too")
			}
			l.settles("bell", newAddr)
			l.settles("other", oldAddr)
			if name != "Linux router" && p.passes("other") {
				t.Error("the twin: who took the address is not hit, so this shows nothing")
			}
			seenAt(h, bellMAC, newAddr)
			seenAt(h, otherMAC, oldAddr)
			if err := h.core.WatchMoved(t.Context()); err != nil { // as it is done each minute
				t.Fatal(err)
			}
			until(t, "the block has followed it, and spares who has its address now", func() bool { return !p.passes("bell") && p.passes("other") })
			if told := diaryKinds(t, e); strings.Contains(told, "the block is set anew") == (name == "Linux router") {
				t.Errorf("a block by the hardware address needs no move, one by addresses does: %s", told)
			}
			if err := e.RemoveConnection(t.Context(), conn); err != nil {
				t.Errorf("lifting all: %v", err)
			}
		})
	}
}

// T37 at real peers: when the permission ends, the engine still believes the device
// at an address that another one has by now. The right one is hit and the other
// spared: a router goes by hardware addresses, and a name server that has met both
// says who is where. The twin has met nobody and can only believe the engine.
func TestLabT37AnotherDeviceIsNotHit(t *testing.T) {
	_, peers := movedHome(t)
	for name, p := range peers {
		for _, knows := range []bool{false, true} {
			if !knows && !p.alone {
				continue
			}
			t.Run(fmt.Sprintf("%s, knows %v", name, knows), func(t *testing.T) {
				l := lan{t}
				l.settles("bell", oldAddr)
				l.settles("other", spareAddr)
				_, e, id, conn := p.at(t)
				info, err := e.Allow(t.Context(), p.allow(id, "1h"))
				if err != nil {
					t.Fatal(err)
				}
				l.settles("bell", newAddr)
				l.settles("other", oldAddr)
				if knows && p.knows != nil {
					p.knows(t)
				}
				until(t, "both pass", func() bool { return p.passes("bell") && p.passes("other") })
				if _, err := e.End(t.Context(), info.ID, "test"); err != nil {
					t.Fatal(err)
				}
				hit, spared := "bell", "other"
				if !knows {
					hit, spared = spared, hit
				}
				until(t, hit+" is refused", func() bool { return !p.passes(hit) })
				if !p.passes(spared) {
					t.Errorf("%s is refused too", spared)
				}
				if err := e.RemoveConnection(t.Context(), conn); err != nil {
					t.Errorf("lifting all: %v", err)
				}
			})
		}
	}
}
