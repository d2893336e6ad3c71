package mud

import (
	"net/netip"
	"testing"

	"bestbefore/discovery/flow"
)

func rec(domain, addr string, proto flow.Protocol, port uint16) flow.Record {
	d := flow.Destination{Domain: domain}
	if addr != "" {
		d.Address = netip.MustParseAddr(addr)
	}
	return flow.Record{Key: flow.Key{Device: "d", Destination: d, Protocol: proto, Port: port}, Up: 1, Count: 1}
}

func records() []flow.Record {
	return []flow.Record{
		rec("test.example.com", "2001:db8::1", "tcp", 443), rec("", "203.0.113.5", "udp", 5001), rec("ads.example", "198.51.100.1", "tcp", 80),
		rec("", "192.168.1.9", "tcp", 0), rec("test.example.com", "", "dns", 0), rec("", "fe80::1%eth0", "icmp", 0),
		{},
	}
}

// whole checks that every record is in exactly one place and every entry in one at most.
func whole(t *testing.T, p Profile, in []flow.Record, r Result) {
	t.Helper()
	n := len(r.Undeclared) + len(r.Unclear)
	for _, s := range r.Declared {
		if !s.Entry.Accept || len(s.Records) == 0 {
			t.Fatalf("declared without permission or traffic: %+v", s)
		}
		n += len(s.Records)
	}
	if n != len(in) || len(r.Declared)+len(r.Never) > len(p.From) {
		t.Fatalf("%d of %d records, %d of %d entries", n, len(in), len(r.Declared)+len(r.Never), len(p.From))
	}
}

func TestCompare(t *testing.T) {
	bulb := Entry{Name: "cloud", Accept: true, Family: 6, DNS: "test.example.com", Protocol: "tcp", Remote: Ports{Low: 443, High: 443}}
	for _, c := range []struct {
		name    string
		entries []Entry
		rec     flow.Record
		want    string
	}{
		{"as declared", []Entry{bulb}, rec("Test.Example.com.", "2001:db8::1", "tcp", 443), "declared"},
		{"another name", []Entry{bulb}, rec("ads.example", "2001:db8::1", "tcp", 443), "undeclared"},
		{"another port", []Entry{bulb}, rec("test.example.com", "2001:db8::1", "tcp", 80), "undeclared"},
		{"another protocol", []Entry{bulb}, rec("test.example.com", "2001:db8::1", "udp", 443), "undeclared"},
		{"another family", []Entry{bulb}, rec("test.example.com", "203.0.113.1", "tcp", 443), "undeclared"},
		{"nobody saw the name", []Entry{bulb}, rec("", "2001:db8::1", "tcp", 443), "unclear"},
		{"nobody saw the name, but the port is wrong", []Entry{bulb}, rec("", "2001:db8::1", "tcp", 80), "undeclared"},
		{"nobody saw the port", []Entry{bulb}, rec("test.example.com", "2001:db8::1", "tcp", 0), "unclear"},
		{"a name looked up", []Entry{bulb}, rec("test.example.com", "", "dns", 0), "declared"},
		{"another name looked up", []Entry{bulb}, rec("ads.example", "", "dns", 0), "undeclared"},
		{"an application instead of a transport", []Entry{bulb}, rec("test.example.com", "2001:db8::1", "mqtt", 443), "unclear"},
		{"an empty description declares nothing", nil, rec("a.example", "203.0.113.1", "tcp", 443), "undeclared"},
		{"a network", []Entry{{Accept: true, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}}, rec("", "203.0.113.9", "udp", 1), "declared"},
		{"outside the network", []Entry{{Accept: true, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}}, rec("", "203.0.114.9", "udp", 1), "undeclared"},
		{"at home", []Entry{{Accept: true, LocalNetworks: true}}, rec("", "192.168.1.5", "tcp", 80), "declared"},
		{"not at home", []Entry{{Accept: true, LocalNetworks: true}}, rec("", "203.0.113.9", "tcp", 80), "undeclared"},
		{"who made the other one is not known", []Entry{{Accept: true, SameManufacturer: true}}, rec("", "192.168.1.5", "tcp", 80), "unclear"},
		{"no device of this home", []Entry{{Accept: true, Manufacturer: "a.example"}}, rec("", "203.0.113.9", "tcp", 80), "undeclared"},
		{"a controller may be anywhere", []Entry{{Accept: true, MyController: true}}, rec("", "203.0.113.9", "tcp", 80), "unclear"},
		{"refused first", []Entry{{Protocol: "tcp"}, {Accept: true}}, rec("", "203.0.113.9", "tcp", 80), "undeclared"},
		{"perhaps refused first", []Entry{{DNS: "a.example"}, {Accept: true}}, rec("", "203.0.113.9", "tcp", 80), "unclear"},
		{"perhaps allowed, surely allowed", []Entry{{Accept: true, DNS: "a.example"}, {Accept: true}}, rec("", "203.0.113.9", "tcp", 80), "declared"},
		{"perhaps allowed, surely refused", []Entry{{Accept: true, DNS: "a.example"}, {}}, rec("", "203.0.113.9", "tcp", 80), "unclear"},
		{"only if the other side begins", []Entry{{Accept: true, Initiated: "to-device"}}, rec("", "203.0.113.9", "tcp", 80), "unclear"},
		{"the device's own port is in no record", []Entry{{Accept: true, Local: Ports{Low: 80, High: 80}}}, rec("", "203.0.113.9", "tcp", 80), "unclear"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Profile{From: c.entries}
			r := Compare(p, []flow.Record{c.rec})
			whole(t, p, []flow.Record{c.rec}, r)
			got := map[bool]string{len(r.Declared) == 1: "declared", len(r.Undeclared) == 1: "undeclared", len(r.Unclear) == 1: "unclear"}[true]
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// An entry is "never seen" only if nothing that was seen could be it.
func TestNeverSeen(t *testing.T) {
	p := Profile{From: []Entry{{Name: "a", Accept: true, DNS: "a.example"}, {Name: "b", Accept: true, DNS: "b.example"}, {Name: "no", DNS: "c.example"}}}
	never := func(recs ...flow.Record) (out string) {
		for _, e := range Compare(p, recs).Never {
			out += e.Name
		}
		return out
	}
	for _, c := range []struct {
		name string
		in   []flow.Record
		want string
	}{
		{"nothing was seen", nil, "ab"},
		{"one was seen", []flow.Record{rec("a.example", "203.0.113.1", "tcp", 1)}, "b"},
		{"something without a name was seen", []flow.Record{rec("", "203.0.113.1", "tcp", 1)}, ""},
	} {
		if got := never(c.in...); got != c.want {
			t.Errorf("%s: never %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPorts(t *testing.T) {
	for _, c := range []struct {
		p    Ports
		port uint16
		want bool
	}{{Ports{}, 0, true}, {Ports{Low: 5, High: 7}, 6, true}, {Ports{Low: 5, High: 7}, 8, false}, {Ports{Low: 5, High: 7, Not: true}, 6, false}, {Ports{Low: 5, High: 7, Not: true}, 8, true}} {
		if got := c.p.Has(c.port); got != c.want {
			t.Errorf("%+v has %d: %v", c.p, c.port, got)
		}
	}
}
