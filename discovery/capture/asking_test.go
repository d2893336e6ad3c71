package capture

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"

	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

const lampURL = "https://lamp.maker.example/lamp2000"

// option is one of DHCP; a longer value than one can hold comes in parts (RFC 3396).
func option(code byte, value string) (b []byte) {
	for {
		n := min(len(value), 255)
		b = append(append(b, code, byte(n)), value[:n]...)
		if value = value[n:]; value == "" {
			return b
		}
	}
}

// request asks for an address with options.
func request(who mac, options ...[]byte) []byte {
	b := make([]byte, dhcpHead)
	b[0], b[1], b[2] = 1, 1, 6
	copy(b[28:], who[:])
	b = append(b, 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 0)
	for _, o := range options {
		b = append(b, o...)
	}
	return append(b, optionEnd4)
}

var (
	everybody = mac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	nowhere   = netip.IPv4Unspecified()
	allOnes   = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	servers6  = netip.MustParseAddr("ff02::1:2")
	linkLocal = netip.MustParseAddr("fe80::20")
)

func asked(body []byte) frame {
	return frame{began, ether(bellMAC, everybody, nowhere, allOnes, protoUDP, udp(68, 67, body))}
}

func asked6(options []byte) frame {
	return frame{began, ether(bellMAC, mac{0x33, 0x33, 0, 1, 0, 2}, linkLocal, servers6, protoUDP, udp(546, 547, append([]byte{1, 0, 0, 1}, options...)))}
}

func option6(code uint16, value string) []byte {
	b := binary.BigEndian.AppendUint16(nil, code)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(value))), value...)
}

// toSwitch is what a device tells the switch: its name, and its own words.
func toSwitch(own string) frame {
	b := append(append(append([]byte{1, 0x80, 0xc2, 0, 0, 0x0e}, bellMAC[:]...), 0x88, 0xcc), 2, 7, 4)
	b = append(append(b, bellMAC[:]...), 0x0a, 4, 'b', 'e', 'l', 'l')
	b = binary.BigEndian.AppendUint16(b, uint16(tlvOwn<<9|len(own)+4))
	return frame{began, append(append(append(b, 0, 0, 0x5e, 1), own...), 0, 0)}
}

// saidIn are the facts that a file tells of the bell.
func saidIn(t *testing.T, frames ...frame) map[string]string {
	t.Helper()
	out := map[string]string{}
	_, sum := read(t, file(t, frames...))
	for _, d := range sum.Devices {
		for _, f := range d.Said {
			if d.MAC != bellMAC.text() || f.Source != "capture test" {
				t.Errorf("%s says %+v", d.MAC, f)
			}
			out[f.Key] = f.Value
		}
	}
	return out
}

func TestWhatADeviceSaysOfItself(t *testing.T) {
	all := map[string]string{mud.FactURL: lampURL}
	v6 := func(s string) []byte { return option6(optionMUD6, s) }
	for name, c := range map[string]struct {
		frame frame
		want  map[string]string
	}{
		"all three": {asked(request(bellMAC, option(12, "lamp-1"), option(60, "udhcp 1.36.1"), option(161, lampURL))), map[string]string{
			"hostname": "lamp-1", "vendor_class": "udhcp 1.36.1", mud.FactURL: lampURL,
		}},
		"with something for later (section 10)": {asked(request(bellMAC, option(161, lampURL+" v=2"))), all},
		"over IPv6":                             {asked6(append(option6(1, "duid"), v6(lampURL)...)), all},
		"the class over IPv6":                   {asked6(option6(optionClass6, "\x00\x00\x00\x09\x00\x04lamp")), map[string]string{"vendor_class": "lamp"}},
		"to the switch (section 12)":            {toSwitch(lampURL), all},
		"a long one in two parts":               {asked(request(bellMAC, option(161, lampURL+"?"+strings.Repeat("x", 300)))), map[string]string{}}, // no URL of a description is as long

		"not encrypted":     {asked(request(bellMAC, option(161, "http://lamp.maker.example/x"))), map[string]string{}},
		"an address":        {asked(request(bellMAC, option(161, "https://192.168.1.1/x"))), map[string]string{}},
		"hidden":            {asked(request(bellMAC, option(161, "https://lamp.maker.example/\u202ex"))), map[string]string{}},
		"cut off":           {asked(request(bellMAC, []byte{161, 200, 'h', 't'})), map[string]string{}},
		"of another device": {asked(request(routMAC, option(161, lampURL))), map[string]string{}},
		"a server's answer": {asked(append([]byte{2}, request(bellMAC, option(161, lampURL))[1:]...)), map[string]string{}},
		"passed on": {asked(func() []byte {
			b := request(bellMAC, option(161, lampURL))
			b[24] = 192
			return b
		}()), map[string]string{}},
		"passed on, IPv6": {frame{began, ether(bellMAC, routMAC, linkLocal, servers6, protoUDP, udp(546, 547, append([]byte{12, 0, 0, 1}, v6(lampURL)...)))}, map[string]string{}},
		"somewhere else":  {frame{began, ether(bellMAC, routMAC, bell, maker, protoUDP, udp(68, 68, request(bellMAC, option(161, lampURL))))}, map[string]string{}},
		"a name with traps": {asked(request(bellMAC, option(12, "la\x00mp\x1b[31m\u202e"+strings.Repeat("x", 100)))), map[string]string{
			"hostname": string(discovery.Clean("la\x00mp\x1b[31m\u202e" + strings.Repeat("x", 100))),
		}},
	} {
		if diff := cmp.Diff(c.want, saidIn(t, c.frame)); diff != "" {
			t.Errorf("%s: want -, got +\n%s", name, diff)
		}
	}
}

// The last word counts, and what is said is bounded.
func TestTheLastWordCounts(t *testing.T) {
	got := saidIn(t, asked(request(bellMAC, option(12, "old"))), asked(request(bellMAC, option(12, "new"))), toSwitch(lampURL))
	if diff := cmp.Diff(map[string]string{"hostname": "new", mud.FactURL: lampURL}, got); diff != "" {
		t.Error(diff)
	}
	var frames []frame
	for n := range maxDevices + 50 {
		who := mac{0, 0x11, 0x22, 0, byte(n >> 8), byte(n)}
		frames = append(frames, frame{began, ether(who, everybody, nowhere, allOnes, protoUDP, udp(68, 67, request(who, option(12, "x"))))})
	}
	_, sum := read(t, file(t, frames...))
	if len(sum.Devices) > maxDevices+1 || sum.Dropped == 0 {
		t.Errorf("%d devices, %d dropped", len(sum.Devices), sum.Dropped)
	}
	for _, d := range sum.Devices {
		if d.MAC == "" && len(d.Said) > 0 {
			t.Errorf("what had no room is told of nobody: %+v", d)
		}
	}
}

// FuzzAsking gives the readers of what a device says of itself anything.
func FuzzAsking(f *testing.F) {
	f.Add(request(bellMAC, option(12, "lamp"), option(60, "udhcp"), option(161, lampURL)))
	f.Add(append([]byte{1, 0, 0, 1}, append(option6(optionMUD6, lampURL), option6(optionClass6, "\x00\x00\x00\x09\x00\x04lamp")...)...))
	f.Add(toSwitch(lampURL).data)
	f.Fuzz(func(t *testing.T, b []byte) {
		tab := newTable(Config{Source: "fuzz"})
		asks(&seen{from: bellMAC, proto: protoUDP, srcPort: 68, dstPort: 67, payload: b}, tab.say)
		asks(&seen{from: bellMAC, src: linkLocal, proto: protoUDP, srcPort: 546, dstPort: 547, payload: b}, tab.say)
		neighbourly(layers.LinkTypeEthernet, b, tab.say)
		for _, d := range tab.devices {
			for _, x := range d.Said {
				if x.Value == "" || x.Value != string(discovery.CleanLong(x.Value)) || x.Key == mud.FactURL && mudURL(x.Value) != x.Value {
					t.Fatalf("%+v", x)
				}
			}
			if len(d.Said) > maxSaid {
				t.Fatalf("%d facts", len(d.Said))
			}
		}
	})
}

// The same from real programs: dhcpcd 9.4.1 and lldpd 1.0.16, recorded with
// tcpdump between two network namespaces.
func TestWhatRealProgramsSay(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"dhcpcd4.pcap": {"hostname": "lamp-1", "vendor_class": "lampos 4.2", mud.FactURL: lampURL},
		"dhcpcd6.pcap": {"vendor_class": "dhcpcd-9.4.1:Linux-6.12.00-lamp-01:armv7l:BCM2835-lamp", mud.FactURL: lampURL},
		"lldpd.pcap":   {mud.FactURL: "https://lamp.maker.example/lamp3000"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		_, sum := read(t, b)
		got := map[string]string{}
		for _, d := range sum.Devices {
			for _, f := range d.Said {
				if d.MAC != "00:11:22:33:44:55" {
					t.Errorf("%s: %s says %+v", name, d.MAC, f)
				}
				got[f.Key] = f.Value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", name, diff)
		}
	}
}
