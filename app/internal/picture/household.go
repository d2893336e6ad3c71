package picture

import (
	"fmt"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The household of the pictures, as an engine would tell it: what is shown of it
// is the presenter's, so that no picture says what the program cannot.

// household are its devices: those with a name, and others until there are 23.
func household() []engine.DeviceInfo {
	named := []engine.DeviceInfo{
		bellDevice(), tvDevice(), member("heat", "Thermostat", "Warm Home", discovery.KindThermostat),
		member("robot", "Robot cleaner", "Clean Cloud", discovery.KindVacuum), member("speaker", "Kitchen speaker", "Talking Speakers", discovery.KindSpeaker),
		member("phone", "Phone", "", discovery.KindPhone),
	}
	for i, week := range map[int]uint64{2: 38_000_000, 4: 9_000_000} {
		named[i].BytesWeek, named[i].Recipients, named[i].LastFlow = week, []string{named[i].Guess.Vendor}, pictureNow().Add(-12*time.Minute)
	}
	for i := len(named); i < 23; i++ {
		lamp := member(discovery.DeviceID(fmt.Sprintf("lamp%d", i)), fmt.Sprintf("Lamp %d", i), "Lamp Co", discovery.KindLight)
		if i >= 17 { // beside the router
			lamp.CoveredBy = nil
		}
		named = append(named, lamp)
	}
	named[22].FirstSeen = pictureNow().AddDate(0, 0, -2)
	return named
}

func member(id discovery.DeviceID, name, maker string, kind discovery.Kind) engine.DeviceInfo {
	d := engine.DeviceInfo{CoveredBy: []string{"Linux router"}}
	d.ID, d.FirstSeen, d.LastSeen = id, pictureNow().AddDate(-1, 0, 0), pictureNow()
	d.Guess = discovery.Guess{Name: name, Vendor: maker, Kind: kind, Confidence: 0.8}
	return d
}

// permission is one of a device that ends when the day until is over.
func permission(d engine.DeviceInfo, to, until string, h consent.Headline, data ...consent.Category) engine.ConsentInfo {
	day, _ := time.Parse(time.DateOnly, until) // the pictures' own dates
	c := engine.ConsentInfo{DeviceName: d.Name(), DeviceKind: d.Guess.Kind, Headline: h, LastSent: pictureNow().Add(-12 * time.Minute)}
	c.ID, c.Version, c.Device, c.Recipient, c.Data = consent.ID("c-"+string(d.ID)), 1, d.ID, consent.Recipient{Name: to}, data
	c.Decided, c.Given, c.Term = consent.Given, day.AddDate(0, -6, 0), consent.Term{Kind: consent.ForPeriod, Rule: "P6M"}
	c.Expires, c.ExpiresCivil, c.Zone, c.Remedy, c.Seen = day.AddDate(0, 0, 1), until, "UTC", consent.Block, consent.NotChecked
	switch h {
	case consent.EndedStill:
		c.Decided, c.Ended, c.Seen, c.SeenAt = consent.Expired, c.Expires, consent.Flowing, c.LastSent
		c.Actions = []consent.Action{{Kind: consent.ActBlock, State: consent.Done, Level: consent.Configured, Connection: "k1"}}
	case consent.EndedStopped:
		c.Decided, c.Ended, c.LastSent, c.Seen, c.SeenAt = consent.Expired, c.Expires, c.Expires, consent.Stopped, pictureNow()
		c.Actions = []consent.Action{{Kind: consent.ActBlock, State: consent.Done, Level: consent.Effective, Connection: "k1"}}
	default:
		c.HeldBy = "Linux router"
	}
	return c
}

// permissionInfos are the household's, one of each sort.
func permissionInfos() []engine.ConsentInfo {
	ds := household()
	return []engine.ConsentInfo{
		permission(ds[1], "Example Ads", "2026-11-14", consent.EndedStill, "viewing"),
		bellConsent(),
		permission(ds[2], "Warm Home", "2027-05-31", consent.Fresh, "temperature", "presence"),
		permission(ds[3], "Clean Cloud", "2026-11-01", consent.EndedStopped, "floor_plan", "usage"),
		permission(ds[4], "Talking Speakers", "2027-02-28", consent.Fresh, "audio"),
	}
}

func overviewFixture() engine.Overview {
	return engine.Overview{
		Now: pictureNow(), Devices: 23, Covered: 17, Live: 3, EndingSoon: 1, Still: 1, HeldDates: 3, LastLook: pictureNow(), OwnNames: 6,
		SeenBy: []string{"Linux router since 3 May", "Pi-hole since 3 May"}, Depth: connectors.SeesTraffic, NewSince: pictureNow().AddDate(0, 0, -3),
		New: []engine.News{
			{Kind: "question", Device: "phone", Ref: "q1", Text: "It announces the same name as your phone, with a new address."},
			{Kind: view.NewsRecipients, Device: "tv", Names: []string{"Metrics Co"}, Text: "Living room TV sends to Metrics Co."},
			{Kind: "device", Device: "lamp22", Text: "Lamp 22 was seen for the first time."},
		},
	}
}

func homeInput() view.HomeInput {
	total := func(name, country, purpose string, up uint64) engine.Total {
		return engine.Total{Name: name, Known: true, Up: up, Receiver: engine.Receiver{Company: name, Country: country, Purpose: purpose, Basis: "curated"}}
	}
	in := view.HomeInput{
		Overview: overviewFixture(), Devices: household(), Consents: permissionInfos(),
		Totals: []engine.Total{
			total("Bell Maker", "US", "maker", 4_100_000_000), total("TV maker", "KR", "maker", 1_700_000_000), total("Example Ads", "IE", "ads", 620_000_000),
			total("Warm Home", "DE", "maker", 38_000_000), total("Talking Speakers", "US", "maker", 9_000_000),
			{Name: "198.51.100.7", Up: 140_000_000, Receiver: engine.Receiver{AddressCountry: "DE", Network: "Some Hosting", Basis: "registry"}},
			{Name: "cdn.example", Up: 70_000_000},
			{Name: "203.0.113.123", Up: 30_000_000},
		},
	}
	in.Totals[2].Ended = true
	return in
}

func homeFixture() view.Home { return presenter().Home(homeInput()) }

func frameFixture() view.Frame { return presenter().Frame(overviewFixture(), permissionInfos()) }

func permissionsFixture() view.Permissions {
	return presenter().Permissions(permissionInfos(), view.Query{})
}

// freshOverview is the household an hour after the program was installed.
func freshOverview() engine.Overview {
	return engine.Overview{
		Now: pictureNow(), Devices: 11, LastLook: pictureNow(), Found: []string{"FRITZ!Box"}, NewSince: pictureNow().Add(-time.Hour),
		Problems: []engine.Problem{{ID: "keystore", Text: "This computer's key store does not open.", Fix: "Unlock it, or start it; it is looked at again by itself."}},
	}
}

// freshFixture is the home page of a new installation.
func freshFixture() view.Home {
	return presenter().Home(view.HomeInput{Devices: household()[:11], Overview: freshOverview()})
}

func freshFrame() view.Frame { return presenter().Frame(freshOverview(), nil) }

func reviewFixture() view.Review {
	all := permissionInfos()
	c := bellConsent()
	c.Support = &engine.Support{Until: "2027-06-30", Source: "The maker's page says so."}
	p := presenter()
	return p.Review(view.ReviewInput{
		Device: bellDevice(), Waiting: view.Waiting(all), Last: c.LastSent, Info: engine.ReviewInfo{
			Consent: c, Observed: true, Since: c.Given, NewRecipients: []string{"Example Analytics", "Cloud Storage"}, NewCountries: []string{"NL"},
			BytesThen: 1_400_000_000, BytesNow: 4_100_000_000, Renewable: true,
			IfLapses: engine.Preview{
				Lines: []string{"When that day is over Linux router stops what Front door bell sends to Bell Maker.", "Running uploads and downloads stop at once.", "What it sends to others goes on."},
				Holds: "Linux router keeps the date by itself, also with this computer off.",
			},
		},
	})
}
