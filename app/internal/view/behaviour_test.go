package view

import (
	"net/netip"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/mud"
)

func unusual(t testing.TB) []engine.Unusual {
	f := func(id string, f behaviour.Finding) engine.Unusual {
		f.Day, f.Days = "2026-11-22", 35
		return engine.Unusual{ID: id, Device: "d1", DeviceName: "Front door bell", Finding: f}
	}
	from, to := at(t, "2026-11-22 02:00:00"), at(t, "2026-11-22 04:00:00")
	return []engine.Unusual{
		f("u1", behaviour.Finding{Kind: behaviour.Volume, From: from, To: to, Bytes: 4_100_000_000, UsualBytes: 100_000_000, MostlyTo: "203.0.113.7", New: true}),
		f("u2", behaviour.Finding{Kind: behaviour.Search, From: from, To: to, Hosts: 3000, Port: 23, Protocol: "tcp"}),
		f("u3", behaviour.Finding{Kind: behaviour.Strangers, Hosts: 300, UsualHosts: 12}),
		f("u4", behaviour.Finding{Kind: behaviour.Doors, Ports: 900, MostlyTo: "router", AtHome: true}),
		f("u5", behaviour.Finding{Kind: behaviour.OddHours, From: from, To: to, Bytes: 15_000_000, UsualBytes: 2000, MostlyTo: "Bell Maker"}),
	}
}

func declaration(t testing.TB) *engine.Declaration {
	row := func(name, company string, port uint16, up uint64) engine.DeclaredRow {
		return engine.DeclaredRow{Name: name, Protocol: "tcp", Port: port, Up: up, Count: 1, Last: at(t, "2026-11-22 12:00:00"), Receiver: engine.Receiver{Company: company}}
	}
	return &engine.Declaration{
		Basis: engine.BasisFile, Source: "bell.json", Taken: at(t, "2026-11-03 09:00:00"), Since: at(t, "2026-10-25 12:00:00"),
		Announced: "https://bell-maker.example/bell.json",
		Said:      &mud.Profile{SystemInfo: "Bell 4F", Skipped: 2},
		Seen:      engine.DeclaredRows{Rows: []engine.DeclaredRow{row("video.bell.example", "Bell Maker", 443, 4_000_000_000), row("events.bell.example", "Bell Maker", 8883, 1_000_000)}},
		Never: engine.DeclaredRows{Rows: []engine.DeclaredRow{
			{Name: "update.bell.example", Entry: &mud.Entry{DNS: "update.bell.example", Protocol: "tcp", Remote: mud.Ports{Low: 443, High: 443}}},
			{Entry: &mud.Entry{Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}},
			{Entry: &mud.Entry{LocalNetworks: true}},
		}},
		Undeclared: engine.DeclaredRows{Rows: []engine.DeclaredRow{row("metrics.example", "", 443, 99_000_000)}, More: 3},
		Unclear:    engine.DeclaredRows{Rows: []engine.DeclaredRow{row("198.51.100.7", "", 123, 0)}},
	}
}

func behaving(t testing.TB) DeviceInput {
	in := oneDevice(t)
	in.Unusual, in.Said = unusual(t), declaration(t)
	in.Device.Services = []discovery.Service{{Type: "_hap._tcp", TXT: discovery.TXT{"ci=18"}}}
	in.Flows[0].Categories, in.Flows[0].Source = nil, "connector:k1"
	in.Device.Sight = engine.Sight{
		By:      []engine.SeenBy{{Name: "Gateway", Since: at(t, "2026-05-03 10:00:00"), Sees: []string{"bytes", "destinations"}}, {Name: "Router's export", Sees: []string{"bytes"}, Claim: true, Away: true}},
		Missing: []engine.Missing{engine.MissingNames},
		OwnNames: []engine.NameServer{
			{Resolver: behaviour.Resolver{How: behaviour.Encrypted, Name: "Google Public DNS"}, Last: at(t, "2026-11-22 12:00:00")},
			{Resolver: behaviour.Resolver{How: behaviour.Plain, Name: "9.9.9.9"}, Last: at(t, "2026-11-21 12:00:00")},
		},
	}
	return in
}

func TestHowADeviceBehaves(t *testing.T) {
	golden(t, "behaviour", presenter(t).Device(behaving(t)).Behaviour)
}

func TestAllBases(t *testing.T) {
	p := presenter(t)
	for basis, want := range map[engine.Basis]string{
		engine.BasisFile: "the file lamp.json that you gave on 3 November", engine.BasisFetched: "fetched from lamp.json on 3 November",
		engine.BasisWeek: "first quiet week, 1 November to 7 November", engine.BasisLearning: "is learned: 1 November to 7 November",
		engine.BasisPerson: "stands for a person", engine.BasisNone: "Nothing was seen of it yet",
	} {
		in := oneDevice(t)
		in.Said = &engine.Declaration{Basis: basis, Source: "lamp.json", Taken: at(t, "2026-11-03 09:00:00"), From: "2026-11-01", To: "2026-11-07"}
		said := p.Device(in).Behaviour.Said
		if !strings.Contains(said.Basis, want) {
			t.Errorf("%s: %q", basis, said.Basis)
		}
		if held := basis == engine.BasisFile || basis == engine.BasisFetched || basis == engine.BasisWeek; held != (len(said.Groups) == 4) {
			t.Errorf("%s: %d lists", basis, len(said.Groups))
		}
	}
	in := oneDevice(t)
	in.Device.Role, in.Said = discovery.RoleRouter, &engine.Declaration{Basis: engine.BasisNone}
	if b := p.Device(in).Behaviour; b.Said.Title != "" || b.SightTitle != "" {
		t.Errorf("of the router: %+v", b)
	}
}

// The home page has one notice a device, and its answer names all of it.
func TestUnusualOnTheHomePage(t *testing.T) {
	p := presenter(t)
	in := home(t)
	in.Overview.Unusual = unusual(t)
	got := p.Home(in).Problems
	last := got[len(got)-1]
	if len(got) != len(in.Overview.Problems)+1 || !strings.HasPrefix(last.Text, "Front door bell. Today it sent 4.1 GB, 41 times as much") || !strings.HasSuffix(last.Text, "And more.") || last.Severity != Soon {
		t.Fatalf("%+v", got)
	}
	dev, ids, ok := UnusualRef(last.ID)
	if !ok || dev != "d1" || strings.Join(ids, " ") != "u1 u2 u3 u4 u5" || last.Also.ID != AnswerFine {
		t.Errorf("%q %v %v", dev, ids, ok)
	}
	for _, other := range []string{"clock", "connection/k1", "unusual/d1", "review/c1,x"} {
		if _, _, ok := UnusualRef(other); ok {
			t.Errorf("%q was taken for one", other)
		}
	}
	if n := p.WithUnusual(Notice{}, in.Overview.Unusual); n.Count != 1 || n.Body != "Front door bell did something out of the ordinary; the home page says what." {
		t.Errorf("%+v", n)
	}
	if n := p.WithUnusual(Notice{Title: "x", Count: 2}, nil); n.Count != 2 || n.Title != "x" {
		t.Errorf("%+v", n)
	}
}
