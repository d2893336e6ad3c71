package neighbor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func prefixes(in ...string) (out []netip.Prefix) {
	for _, p := range in {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// table is a small home as one reading shows it.
func table() Table {
	return Table{
		Hostname: "desk.home.arpa",
		Cards: []Card{
			{Name: "eth0", MAC: "02:00:00:00:00:fa", Prefixes: prefixes("192.168.77.250/24", "fd77:77:77:1::250/64", "fe80::ff:fe00:fa/64")},
			{Name: "docker0", MAC: "02:42:00:00:00:01", Prefixes: prefixes("172.17.0.1/16")},
			{Name: "wg0"},
		},
		Rows: []Row{
			{router, ip("192.168.77.1"), "eth0", true},
			{speaker, ip("192.168.77.10"), "eth0", true},
			{speaker, ip("fd77:77:77:1::10"), "eth0", false},
			{speaker, ip("fe80::ba27:ebff:fe00:10%eth0"), "eth0", false},
			{"f0:18:98:00:00:22", ip("192.168.77.22"), "eth0", false},
			{"02:42:ac:11:00:02", ip("172.17.0.2"), "docker0", true},
			{"02:00:00:00:00:fa", ip("192.168.77.250"), "eth0", true},
		},
		Gateways: []Gateway{{ip("192.168.77.1"), "eth0"}},
	}
}

func show(s discovery.Sighting) string {
	out := fmt.Sprintf("%s %s", s.Source, s.Role)
	for _, i := range s.Identifiers {
		out += " " + i.Value
	}
	for _, a := range s.Addresses {
		out += " " + a.String()
	}
	if s.Quiet {
		out += " quiet"
	}
	return strings.Join(strings.Fields(out), " ")
}

func TestSightings(t *testing.T) {
	var got []string
	for _, s := range Sightings(table()) {
		got = append(got, show(s))
	}
	want := []string{
		"self this_computer 02:00:00:00:00:fa desk.local 192.168.77.250 fd77:77:77:1::250 fe80::ff:fe00:fa%eth0 172.17.0.1",
		"neighbor router 44:4e:6d:00:00:01 192.168.77.1",
		"neighbor b8:27:eb:00:00:10 192.168.77.10 fd77:77:77:1::10 fe80::ba27:ebff:fe00:10%eth0",
		"neighbor f0:18:98:00:00:22 192.168.77.22 quiet",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestOneHardwareAddressThatAnswersForEverybodyNamesNobody(t *testing.T) {
	tab := table()
	tab.Rows = nil
	for i := range 5 {
		tab.Rows = append(tab.Rows, Row{router, netip.AddrFrom4([4]byte{192, 168, 77, byte(i + 1)}), "eth0", true})
	}
	got := Sightings(tab)
	if len(got) != 2 || show(got[1]) != "neighbor router "+router+" 192.168.77.1" {
		t.Errorf("%v", got)
	}
	tab.Rows = tab.Rows[:4] // the twin: four addresses are a server
	if got := Sightings(tab); len(got[1].Addresses) != 4 {
		t.Errorf("%v", got)
	}
}

func TestNothingToSayAboutAComputerWithoutACard(t *testing.T) {
	if got := Sightings(Table{Cards: []Card{{Name: "wg0", Prefixes: prefixes("10.0.0.1/32")}}}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// scan runs a Scanner in a bubble for d and returns what it emitted.
func scan(t *testing.T, d time.Duration, c Config) (out []discovery.Sighting) {
	t.Helper()
	c.Now = time.Now
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := s.Scan(ctx, func(s discovery.Sighting) { out = append(out, s) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUnchangedNeighboursAreQuietAndForgottenOnesSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := scan(t, 61*time.Second, Config{Read: func(context.Context) (Table, error) { return table(), nil }})
		loud, quiet := map[string]int{}, map[string]int{}
		for _, s := range got {
			if s.Quiet {
				quiet[value(s)]++
			} else {
				loud[value(s)]++
			}
		}
		// Fifteen readings a second apart, then one every ten seconds.
		if loud[speaker] != 1 || quiet[speaker] != 19 {
			t.Errorf("the speaker came %d times loud and %d times quiet", loud[speaker], quiet[speaker])
		}
		if loud["f0:18:98:00:00:22"] != 1 || quiet["f0:18:98:00:00:22"] != 0 {
			t.Errorf("a neighbour that is only remembered came %d and %d times", loud["f0:18:98:00:00:22"], quiet["f0:18:98:00:00:22"])
		}
	})
}

func TestANewAddressIsLoud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		got := scan(t, 3500*time.Millisecond, Config{Read: func(context.Context) (Table, error) {
			tab := table()
			if n++; n >= 3 {
				tab.Rows = append(tab.Rows, Row{speaker, ip("192.168.77.110"), "eth0", true})
			}
			return tab, nil
		}})
		loud := 0
		for _, s := range got {
			if value(s) == speaker && !s.Quiet {
				loud++
			}
		}
		if loud != 2 {
			t.Errorf("the speaker was loud %d times", loud)
		}
	})
}

func TestTroubleIsReportedOnceAndEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []error
		n := 0
		denied := errors.New("reading neighbour table: permission denied")
		got := scan(t, 5500*time.Millisecond, Config{
			Read: func(context.Context) (Table, error) {
				if n++; n <= 3 {
					return Table{Cards: table().Cards}, denied
				}
				return table(), nil
			},
			Report: func(err error) { reports = append(reports, err) },
		})
		if len(reports) != 2 || !errors.Is(reports[0], denied) || reports[1] != nil {
			t.Errorf("reports: %v", reports)
		}
		if !slices.ContainsFunc(got, func(s discovery.Sighting) bool { return value(s) == speaker }) {
			t.Error("nothing came after the trouble")
		}
		if got[0].Source != discovery.SourceSelf {
			t.Errorf("what could be read was not used: %v", got[0])
		}
	})
}

func TestKnocking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		count := map[netip.Addr]int{}
		scan(t, 129*time.Second, Config{
			Read: func(context.Context) (Table, error) { return table(), nil },
			Wanted: func() []netip.Addr {
				return []netip.Addr{
					ip("192.168.77.99"), ip("8.8.8.8"), ip("fe80::99%eth0"), ip("fe80::99%wlan7"), ip("192.168.77.255"), ip("192.168.77.250"),
					ip("127.0.0.1"), ip("ff02::fb%eth0"), ip("172.17.0.9"),
					{},
					ip("192.168.77.10"),
				}
			},
			Knock: func(a netip.Addr) error {
				mu.Lock()
				defer mu.Unlock()
				count[a]++
				return errors.New("refused")
			},
		})
		want := map[netip.Addr]int{ip("192.168.77.99"): 3, ip("fe80::99%eth0"): 3, ip("192.168.77.22"): 3, ip("fd77:77:77:1::10"): 3, ip("fe80::ba27:ebff:fe00:10%eth0"): 3}
		if diff := cmp.Diff(want, count); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
	})
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := map[netip.Addr]int{}
		c := Config{Read: func(context.Context) (Table, error) { return table(), nil }, Knock: func(a netip.Addr) error { count[a]++; return nil }}
		scan(t, 30*time.Second, c)
		if count[ip("192.168.77.200")] != 0 {
			t.Error("swept without being told to")
		}
		clear(count)
		c.Sweep = true
		scan(t, 30*time.Second, c)
		// 254 addresses less this computer and the two that answer, and three more of IPv6 and the phone that is remembered.
		if n := len(count); n != 254-1-2+2 || count[ip("192.168.77.200")] != 1 || count[ip("192.168.77.255")] != 0 {
			t.Errorf("knocked at %d addresses", n)
		}
	})
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{Every: -1, Sweep: true}); err == nil || strings.Count(err.Error(), "neighbor:") != 3 {
		t.Errorf("a wrong config: %v", err)
	}
}

func TestVirtual(t *testing.T) {
	for name, want := range map[string]bool{
		"eth0": false, "en0": false, "wlp3s0": false, "br0": false, "br-lan": false, "br-0123456789ab": true, "lo": true, "lo0": true, "local": false, "docker0": true, "vethab12": true,
		"wg0": true, "wgate": false, "utun3": true, "tun0": true, "tunnel": true, "Ethernet": false, "vEthernet (WSL)": true, "Wi-Fi 2": false, "hb-lan": false,
	} {
		if virtual(name) != want {
			t.Errorf("virtual(%q) = %v", name, !want)
		}
	}
}

func TestKnockOnLoopback(t *testing.T) {
	if err := Knock(ip("127.0.0.1")); err != nil {
		t.Error(err)
	}
	if err := Knock(netip.Addr{}); err == nil {
		t.Error("knocked at no address")
	}
}

func TestThisSystemsOwnTable(t *testing.T) {
	tab, err := readSystem(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tab.Hostname == "" {
		t.Error("no name of this computer")
	}
}
