package picture

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/access"
	"bestbefore/app/internal/ui/guides"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func accessPage(s view.Access, adapt func(any)) ui.Page {
	p := access.New(access.Commands{Open: func(view.Route) {}, Find: func(view.Query) {}, End: func(string) {}})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

// accessFixture has one access of each sort: in use, long unused, soon over, of
// nobody known, out of reach, being ended, and one that is gone already.
func accessFixture() view.Access {
	ago := func(days int) time.Time { return pictureNow().AddDate(0, 0, -days) }
	all := []engine.AccessInfo{
		{ID: "k1/1", Name: "Phone app of Anna", Kind: "login", ConnectionName: "Home Assistant", Created: ago(400), LastUsed: ago(0), Scopes: []string{"everything"}, Device: "d1", DeviceName: "Anna's phone", Revocable: true},
		{ID: "k1/2", Name: "Old tablet", Kind: "login", ConnectionName: "Home Assistant", Created: ago(900), LastUsed: ago(411), Scopes: []string{"everything"}, Revocable: true},
		{ID: "k1/3", Name: "Energy dashboard", Kind: "long-lived token", ConnectionName: "Home Assistant", Created: ago(350), LastUsed: ago(1), Expires: pictureNow().AddDate(0, 0, 8), Scopes: []string{"everything"}, Revocable: true},
		{ID: "k2/cam", Name: "cam", Kind: "account", ConnectionName: "Mosquitto", Device: "d2", DeviceName: "Front door bell", Scopes: []string{"what its role “cameras” allows", "topic doorbell/#"}, Consents: []consent.ID{"c1"}, Revocable: true},
		{ID: "k2/plug", Name: "plug", Kind: "account", ConnectionName: "Mosquitto", Scopes: []string{"what its role “plugs” allows"}, Revocable: true},
		{ID: "k3/s", Name: "Running watch", Kind: "app access", ConnectionName: "Strava", Created: ago(30), LastUsed: ago(2)},
	}
	gone := view.Ending{ID: "k1/9", Name: "TV remote", Peer: "Home Assistant", Action: consent.Action{Kind: consent.ActRevoke, State: consent.Done, Level: consent.Configured, Connection: "k1"}}
	stuck := view.Ending{ID: "k2/plug", Name: "plug", Peer: "Mosquitto", Action: consent.Action{Kind: consent.ActRevoke, State: consent.Waiting, Reason: "The broker does not answer.", RetryAt: pictureNow().Add(time.Minute), Connection: "k2"}}
	return accessPresenter().Access(view.AccessInput{
		All: all, Endings: []view.Ending{gone, stuck}, Kinds: map[discovery.DeviceID]view.Kind{"d1": discovery.KindPhone, "d2": discovery.KindDoorbell},
	}, view.Query{})
}

func guidesPage(s view.Guides, adapt func(any)) ui.Page {
	p := guides.New(guides.Commands{Open: func(view.Route) {}, Find: func(view.Query) {}, Visit: func(string) {}})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

// guidesFixture is the list of the steps by hand, or those for one account.
func guidesFixture(arg string) view.Guides {
	return presenter().Guides(view.GuidesInput{Arg: arg, Book: []connectors.Guide{
		{
			ID: "google", Name: "Google account", Page: "https://myaccount.google.com/connections", Where: "Google account, Security, Your connections to third-party apps and services.",
			Steps: []string{"Sign in and open the list of connections.", "Choose the app or service, then “See details” and delete the connection."},
			Stops: "The app's access to your Google account, at once.", Keeps: "What the app has copied stays with it.", Sign: "The connection is gone from that list.",
		},
		{ID: "spotify", Name: "Spotify", Stops: "The app's access to what you hear.", Only: "Spotify offers no revocation at all."},
		{ID: "hue", Name: "Philips Hue", Stops: "The apps that you remove can no longer control or read your lights."},
	}}, view.Query{})
}

// noAccessFixture is the page while nothing lists access.
func noAccessFixture() view.Access {
	return presenter().Access(view.AccessInput{Kits: engine.ConnectorsInfo{Kinds: []connectors.Spec{
		{Kind: "mqtt", Name: "MQTT broker (Mosquitto)", Access: "its accounts"}, {Kind: "hue", Name: "Hue bridge", Access: "app key"},
	}}}, view.Query{})
}

func endAccessFixture() view.Disconnect {
	return accessPresenter().EndAccess(view.Ending{ID: "k2/cam", Name: "cam", Peer: "Mosquitto"}, engine.Preview{
		Lines: []string{
			"The access \"cam\" is deleted at Mosquitto now. This cannot be undone: whatever used it must be set up anew.",
			"It is taken for that of Front door bell.",
		},
		AlsoStops: []string{"Front door bell → Home server"}, Confirm: true,
	}, false, false, "")
}

func accessPresenter() view.Presenter {
	p := presenter()
	p.Peers = map[string]string{"k1": "Home Assistant", "k2": "Mosquitto"}
	return p
}
