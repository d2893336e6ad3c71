package view

import (
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// at reads a moment in Berlin, where the home of these tests stands.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04:05", s, berlin(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func presenter(t testing.TB) Presenter {
	return Presenter{Zone: berlin(t), Now: at(t, "2026-11-22 14:03:40"), Peers: map[string]string{"k1": "Gateway"}, Revision: 7}
}

func permission(t testing.TB, id, device, name string, kind discovery.Kind, to, until string, h consent.Headline) engine.ConsentInfo {
	end := at(t, until+" 00:00:00").AddDate(0, 0, 1)
	c := engine.ConsentInfo{DeviceName: name, DeviceKind: kind, Headline: h}
	c.ID, c.Version, c.Device = consent.ID(id), 1, discovery.DeviceID(device)
	c.Recipient = consent.Recipient{Name: to, Destinations: []string{to}}
	c.Data = []consent.Category{"video", "presence"}
	c.Decided, c.Given = consent.Given, at(t, "2026-05-03 10:00:00")
	c.Term = consent.Term{Kind: consent.ForPeriod, Rule: "P6M"}
	c.Expires, c.ExpiresCivil, c.Zone, c.Remedy, c.Seen = end, until, "Europe/Berlin", consent.Block, consent.NotChecked
	if h != consent.Fresh && h != consent.Soon {
		c.Decided, c.Ended = consent.Expired, end
	}
	return c
}

// sentLast has what the flows of the fixture show of each permission.
func sentLast(t testing.TB, cs ...engine.ConsentInfo) []engine.ConsentInfo {
	for _, f := range flows(t) {
		for i := range cs {
			if f.Consent == cs[i].ID && !f.Refused && f.Last.After(cs[i].LastSent) {
				cs[i].LastSent = f.Last
			}
		}
	}
	return cs
}

// home is a home with something of everything.
func home(t testing.TB) HomeInput {
	bell := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-30", consent.Soon)
	bell.HeldBy, bell.HeldUntilRestart = "Gateway", true
	tv := permission(t, "c2", "d2", "Living room TV", discovery.KindTelevision, "Example Ads", "2026-11-14", consent.EndedStill)
	tv.Data, tv.Seen, tv.SeenAt = []consent.Category{"viewing"}, consent.Flowing, at(t, "2026-11-22 13:58:00")
	tv.Actions = []consent.Action{{Kind: consent.ActBlock, State: consent.Done, Level: consent.Accepted, Connection: "k1"}}
	heat := permission(t, "c3", "d3", "Thermostat", discovery.KindThermostat, "Warm Home", "2027-05-31", consent.Fresh)
	heat.Data = []consent.Category{"temperature", "presence"}
	return HomeInput{
		Overview: engine.Overview{
			Now: at(t, "2026-11-22 14:03:40"), Devices: 7, Covered: 5, Live: 2, EndingSoon: 1, Still: 1, HeldDates: 1,
			LastLook: at(t, "2026-11-22 14:03:00"), SeenBy: []string{"Gateway since 3 May"}, Depth: connectors.SeesTraffic, NewSince: at(t, "2026-11-19 08:00:00"),
			New: []engine.News{
				{Kind: "question", Device: "d5", Ref: "q1", Text: "It announces the same name as your phone, with a new address."},
				{Kind: "device", Device: "d4", Text: "Robot was seen for the first time."},
			},
			Problems: []engine.Problem{{ID: "connection/k2", Text: "Pi-hole: it did not answer since 13:00.", Fix: "Open Connectors and test it."}},
		},
		Devices: devices(t), Consents: sentLast(t, bell, heat, tv),
		Totals: []engine.Total{
			{Name: "Bell Maker", Known: true, Up: 4_000_000_000, Down: 100_000_000},
			{Name: "tv.example", Up: 1_700_000_000},
			{Name: "Example Ads", Known: true, Up: 620_000_000, Ended: true},
			{Name: "Warm Home", Known: true, Up: 38_000_000},
			{Name: "198.51.100.7", Up: 9_000_000},
			{Name: "a.example", Up: 1000},
			{Name: "b.example", Up: 999},
			{Name: "c.example"},
		},
	}
}

func device(id, name, vendor string, kind discovery.Kind, sure float64) engine.DeviceInfo {
	d := engine.DeviceInfo{}
	d.ID = discovery.DeviceID(id)
	d.Guess = discovery.Guess{Name: name, Vendor: vendor, Kind: kind, Confidence: sure}
	return d
}

func devices(t testing.TB) []engine.DeviceInfo {
	bell := device("d1", "Bell-4F2A", "Bell Maker", discovery.KindDoorbell, 0.9)
	bell.Label, bell.FirstSeen, bell.LastSeen = "Front door bell", at(t, "2025-05-03 09:00:00"), at(t, "2026-11-22 14:03:00")
	bell.Recipients, bell.BytesWeek, bell.CoveredBy = []string{"Bell Maker", "metrics.example"}, 4_200_000_000, []string{"Gateway"}
	bell.Coverage = "What it sends out of the home is seen by Gateway."
	bell.NextEnd, bell.LastFlow = at(t, "2026-12-01 00:00:00"), at(t, "2026-11-22 14:03:22")
	bell.Guess.Evidence = []discovery.Evidence{
		{What: "kind", Value: "doorbell", Because: "it says so itself (_bell._tcp)", Confidence: 0.9},
		{What: "maker", Value: "Bell Maker", Because: "its hardware address belongs to Bell Maker", Confidence: 0.95},
	}
	bell.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:5e:10:00:01"}, {Type: discovery.Hostname, Value: "bell-4f2a.local"}}
	bell.Addresses = []discovery.Address{{Addr: netip.MustParseAddr("192.0.2.17")}}
	bell.Sources = []discovery.Source{discovery.SourceMDNS, "connector:k1"}
	tv := device("d2", "Living room TV", "Tele Co", discovery.KindTelevision, 0.8)
	tv.Recipients, tv.BytesWeek, tv.CoveredBy = []string{"tv.example"}, 1_700_000_000, []string{"Gateway"}
	heat := device("d3", "Thermostat", "Warm Home", discovery.KindThermostat, 0.8)
	heat.CoveredBy, heat.NextEnd = []string{"Gateway"}, at(t, "2027-06-01 00:00:00")
	robot := device("d4", "Robot", "Clean Co", discovery.KindVacuum, 0.3)
	robot.Guess.Evidence = []discovery.Evidence{{What: "kind", Value: "vacuum", Because: "its name sounds like a robot cleaner", Confidence: 0.3}}
	robot.BytesWeek, robot.Recipients, robot.Strays, robot.CoveredBy = 5_000, []string{"clean.example"}, 1, []string{"Gateway"}
	phone := device("d5", "192.0.2.40", "", discovery.KindUnknown, 0)
	router := device("d6", "Router", "Box Co", discovery.KindRouter, 0.9)
	router.Role = discovery.RoleRouter
	self := device("d7", "desk", "", discovery.KindComputer, 1)
	self.Role = discovery.RoleThisComputer
	return []engine.DeviceInfo{bell, tv, heat, robot, phone, router, self}
}

func flows(t testing.TB) []engine.FlowInfo {
	return []engine.FlowInfo{
		{Device: "d1", Recipient: "Bell Maker", Destination: "video.bell.example", Protocol: "tcp", Port: 443, BytesUp: 4_000_000_000, BytesDown: 100_000_000, Count: 212, Last: at(t, "2026-11-22 14:03:22"), Consent: "c1"},
		{Device: "d1", Recipient: "Bell Maker", Destination: "events.bell.example", Protocol: "tcp", Port: 8883, BytesUp: 1_000_000, Count: 12, Last: at(t, "2026-11-22 12:00:00"), Consent: "c1"},
		{Device: "d1", Destination: "metrics.example", Protocol: "tcp", Port: 443, BytesUp: 99_000_000, Count: 1904, Last: at(t, "2026-11-21 09:30:00")},
		{Device: "d1", Destination: "198.51.100.7", Protocol: "udp", Port: 123, Count: 336, Last: at(t, "2026-11-22 14:00:00")},
	}
}

func oneDevice(t testing.TB) DeviceInput {
	h := home(t)
	var days []engine.Day
	for i := range 14 {
		days = append(days, engine.Day{Date: at(t, "2026-11-09 12:00:00").AddDate(0, 0, i).Format(time.DateOnly), Up: uint64(i) * 47_000_000})
	}
	return DeviceInput{Device: h.Devices[0], Consents: h.Consents[:1], Flows: flows(t), Days: days, Diary: diary(t)}
}

func diary(t testing.TB) []engine.DiaryEntry {
	entry := func(seq uint64, when string, k ledger.Kind, device, name, text string) engine.DiaryEntry {
		e := engine.DiaryEntry{Text: text, DeviceName: name}
		e.Seq, e.Time, e.Kind, e.Device = seq, at(t, when), k, device
		return e
	}
	return []engine.DiaryEntry{
		entry(5, "2026-11-22 13:58:00", consent.NoteRelapse, "d2", "Living room TV", "It sends again."),
		entry(4, "2026-11-22 13:00:02", consent.NoteVerified, "d2", "Living room TV", "12 packets were turned away since the block."),
		entry(3, "2026-11-22 13:00:01", consent.NoteAction, "d2", "Living room TV", "Gateway confirms the block."),
		entry(2, "2026-11-21 09:00:00", consent.NoteGiven, "d1", "Front door bell", "You allowed it to send video to Bell Maker until 30 November."),
		entry(1, "2026-05-03 10:00:00", consent.NoteStart, "", "", "(deleted)"),
	}
}

func gateway(t testing.TB) engine.ConnectionInfo {
	c := engine.ConnectionInfo{
		Open: true, Alive: at(t, "2026-11-22 14:03:30"), Holds: 1,
		Can:      []string{engine.AbleToBlock},
		Traits:   connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, IPv4: true, IPv6: true, CutsOpenFlows: true},
		Coverage: connectors.Coverage{Text: "every flow that passes it, with bytes and destination", Sees: []string{"bytes", "destinations"}},
	}
	c.ID, c.Kind, c.Name, c.Created = "k1", "gateway", "Gateway", at(t, "2026-05-03 10:00:00")
	return c
}
