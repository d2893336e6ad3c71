package picture

import (
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/view"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/mud"
)

// unusualFixture is what the front door bell did in the night.
func unusualFixture() []engine.Unusual {
	night := pictureNow().Truncate(24 * 3600e9)
	one := func(id string, f behaviour.Finding) engine.Unusual {
		f.Day, f.Days = pictureNow().Format("2006-01-02"), 35
		return engine.Unusual{ID: id, Device: "bell", DeviceName: "Front door bell", Finding: f, Seen: pictureNow()}
	}
	return []engine.Unusual{
		one("u1", behaviour.Finding{Kind: behaviour.Volume, From: night.Add(2 * 3600e9), To: night.Add(4 * 3600e9), Bytes: 4_100_000_000, UsualBytes: 102_000_000, MostlyTo: "Some Hosting", New: true}),
		one("u2", behaviour.Finding{Kind: behaviour.Search, Hosts: 311, Port: 23, Protocol: "tcp"}),
	}
}

// behave fills in how the front door bell behaves.
func behave(in *view.DeviceInput) {
	in.Unusual = unusualFixture()
	in.Device.Services = append(in.Device.Services, discovery.Service{Type: "_hap._tcp", TXT: discovery.TXT{"ci=18"}})
	in.Device.Sight = engine.Sight{
		By:       []engine.SeenBy{{Name: "Linux router", Since: routerConnection().Created, Sees: []string{"bytes", "destinations"}}},
		Missing:  []engine.Missing{engine.MissingNames},
		OwnNames: []engine.NameServer{{Resolver: behaviour.Resolver{How: behaviour.Encrypted, Name: "Google Public DNS"}, Last: pictureNow()}},
	}
	row := func(name, company string, port uint16, up uint64) engine.DeclaredRow {
		return engine.DeclaredRow{Name: name, Protocol: "tcp", Port: port, Up: up, Count: 12, Last: pictureNow().Add(-720e9), Receiver: engine.Receiver{Company: company}}
	}
	in.Said = &engine.Declaration{
		Basis: engine.BasisFile, Source: "front-door-bell.json", Taken: pictureNow().AddDate(0, 0, -19), Since: pictureNow().AddDate(0, 0, -28),
		Said: &mud.Profile{SystemInfo: "Bell 4F", Supported: true},
		Seen: engine.DeclaredRows{Rows: []engine.DeclaredRow{row("video.bell-maker.example", "Bell Maker", 443, 4_100_000_000)}},
		Never: engine.DeclaredRows{Rows: []engine.DeclaredRow{
			{Name: "update.bell-maker.example", Entry: &mud.Entry{DNS: "update.bell-maker.example", Protocol: "tcp", Remote: mud.Ports{Low: 443, High: 443}}},
		}},
		Undeclared: engine.DeclaredRows{Rows: []engine.DeclaredRow{row("metrics.example", "Metrics Co", 443, 99_000_000), row("eu.cloud-of-bells.example", "Bells Cloud", 443, 38_000_000)}},
		Unclear:    engine.DeclaredRows{Rows: []engine.DeclaredRow{row("198.51.100.7", "", 443, 2_000_000)}},
	}
}

// behaviourCommands do nothing.
func behaviourCommands() devices.BehaviourCommands {
	return devices.BehaviourCommands{Fine: func(...string) {}, Give: func(string) {}, Fetch: func(string) {}, Forget: func(string) {}, Copy: func(string) {}, Visit: func(string) {}}
}
