package picture

import (
	"net/netip"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/flows"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The pages about devices are made by the presenter, of what an engine would
// answer in the household of the pictures.

func pictureNow() time.Time { return time.Date(2026, 11, 22, 14, 3, 0, 0, time.UTC) }

func presenter() view.Presenter {
	return view.Presenter{Now: pictureNow(), Revision: 1, Peers: map[string]string{"k1": "Linux router"}}
}

func bellDevice() engine.DeviceInfo {
	d := engine.DeviceInfo{
		Device: discovery.Device{
			ID: "bell", Label: "Front door bell", FirstSeen: pictureNow().AddDate(-1, -6, 0), LastSeen: pictureNow(),
			Addresses: []discovery.Address{{Addr: netip.MustParseAddr("192.0.2.17")}},
			Guess: discovery.Guess{Name: "Bell-4F2A", Vendor: "Bell Maker", Kind: discovery.KindDoorbell, Confidence: 0.9, Evidence: []discovery.Evidence{
				{What: "maker", Value: "Bell Maker", Because: "its hardware address belongs to Bell Maker", Confidence: 0.95},
				{What: "kind", Value: "doorbell", Because: "it says so itself (_bell._tcp)", Confidence: 0.9},
			}},
		},
		LastFlow: pictureNow(), BytesWeek: 4_200_000_000, Recipients: []string{"Bell Maker"}, Strays: 4, CoveredBy: []string{"Linux router"},
		Coverage: "What it sends out of the home is seen by Linux router.",
	}
	return d
}

func tvDevice() engine.DeviceInfo {
	d := engine.DeviceInfo{BytesWeek: 1_700_000_000, Recipients: []string{"TV maker", "Example Ads"}, Strays: 1, CoveredBy: []string{"Linux router"}}
	d.ID, d.FirstSeen, d.LastSeen, d.LastFlow = "tv", pictureNow().AddDate(-2, 0, 0), pictureNow(), pictureNow().Add(-5*time.Minute)
	d.Guess = discovery.Guess{Name: "Living room TV", Vendor: "Tele Co", Kind: discovery.KindTelevision, Confidence: 0.8}
	return d
}

func bellConsent() engine.ConsentInfo {
	end := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	return engine.ConsentInfo{
		DeviceName: "Front door bell", DeviceKind: discovery.KindDoorbell, Headline: consent.Soon, HeldBy: "Linux router", LastSent: pictureNow().Add(-12 * time.Minute),
		Consent: consent.Consent{
			ID: "c1", Version: 1, Device: "bell", Recipient: consent.Recipient{Name: "Bell Maker"}, Data: []consent.Category{"video", "presence"},
			Decided: consent.Given, Given: pictureNow().AddDate(0, -6, 0), Term: consent.Term{Kind: consent.ForPeriod, Rule: "P6M"},
			Expires: end, ExpiresCivil: "2026-11-30", Zone: "UTC", Remedy: consent.Block, Seen: consent.NotChecked,
		},
	}
}

func bellFlows() []engine.FlowInfo {
	flow := func(to, recipient string, up uint64, r engine.Receiver, kinds ...consent.Category) engine.FlowInfo {
		f := engine.FlowInfo{
			Device: "bell", DeviceName: "Front door bell", Recipient: recipient, Destination: to, Protocol: "tcp", Port: 443,
			BytesUp: up, Count: 12, First: pictureNow().Add(-time.Hour), Last: pictureNow().Add(-12 * time.Minute), Source: "connector:k1", Receiver: r, Categories: kinds,
		}
		if recipient != "" {
			f.Consent = "c1"
		}
		return f
	}
	return []engine.FlowInfo{
		flow("video.bell-maker.example", "Bell Maker", 4_100_000_000, engine.Receiver{Company: "Bell Maker", Country: "US", Purpose: "maker", Basis: "curated"}, "video"),
		flow("eu.cloud-of-bells.example", "", 38_000_000, engine.Receiver{Company: "Bells Cloud", Country: "IE", Purpose: "maker", Basis: "curated"}),
		flow("metrics.example", "", 99_000_000, engine.Receiver{Company: "Metrics Co", Country: "US", Purpose: "analytics", Basis: "seed"}),
		flow("198.51.100.7", "", 2_000_000, engine.Receiver{AddressCountry: "DE", Network: "Some Hosting", Basis: "registry"}),
		flow("203.0.113.123", "", 1000, engine.Receiver{Basis: "unknown", Hint: "time"}),
	}
}

func deviceFixture() view.DevicePage {
	in := view.DeviceInput{Device: bellDevice(), Consents: []engine.ConsentInfo{bellConsent()}, Flows: bellFlows(), Others: []engine.DeviceInfo{tvDevice()}}
	for i, n := range []uint64{310, 420, 280, 611, 350, 590, 440} {
		in.Days = append(in.Days, engine.Day{Date: pictureNow().AddDate(0, 0, i-6).Format(time.DateOnly), Up: n * 1_000_000})
	}
	behave(&in)
	return presenter().Device(in)
}

func devicePage(adapt func(any)) ui.Page {
	p := devices.NewDevice(devices.DeviceCommands{
		Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Give: func(string, ...string) {}, Disconnect: func(string) {}, Reconnect: func(string) {},
		Rename: func(string, string) {}, Confirm: func(string) {}, Chart: func(string) {}, Depends: func(string, string) {}, Split: func(string) {}, Merge: func(string, string) {}, Behaviour: behaviourCommands(),
	})
	s := deviceFixture()
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func devicesPage(adapt func(any)) ui.Page {
	p := devices.New(devices.Commands{
		Open: func(view.Route) {}, Find: func(view.Query) {}, Disconnect: func(string) {}, Reconnect: func(string) {}, Confirm: func(string) {},
	})
	s := presenter().Devices(household(), permissionInfos(), view.Query{})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func flowsPage(adapt func(any)) ui.Page {
	p := flows.New(flows.Commands{Open: func(view.Route) {}, Find: func(view.Query) {}, Save: func() {}})
	s := presenter().Flows(view.FlowsInput{Filter: view.FlowFilter{Device: "bell"}, Device: bellDevice(), Flows: bellFlows()})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}
