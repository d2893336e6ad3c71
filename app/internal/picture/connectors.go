package picture

import (
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/view"
	contract "bestbefore/connectors"
)

func connectorsPage(s view.Connectors, adapt func(any)) ui.Page {
	p := connectors.New(connectors.Commands{
		OpenForm: func(string) {}, OpenFound: func(string, map[string]string) {}, Connect: func(string, map[string]string, map[string]string) {},
		AskRemove: func(string) {}, Remove: func(string) {}, EndAndRemove: func(string) {}, Abandon: func(string) {}, ChangeForm: func(string) {}, Change: func(string, map[string]string, map[string]string) {}, Trust: func(string, string) {}, Test: func(string) {}, ShowLog: func(string) {}, Copy: func(string) {}, Save: func(string, string) {},
		Captures: func() {}, Files: connectors.FileCommands{Choose: func() {}, Approve: func(string) {}, Close: func() {}, Remove: func(string) {}},
	})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func connectorsFixture() view.Connectors {
	return view.Connectors{
		Loaded: true, Sentence: "Dates can be kept: something can end a flow on its day.",
		Subline: "Only what you connect yourself is asked. Passwords stay in this computer's key store.",
		Rows: []view.ConnectionRow{{
			ID: "k1", Name: "Linux router", KindLine: "Linux router · connected 3 May", Pill: "working", State: view.Fresh,
			Lines:  []string{"Sees: every flow that passes this box, with bytes and destination", "Stops: one recipient of a device, or the whole device, at once", "Keeps 4 dates for you now"},
			Remove: view.ActionLink{ID: "k1", Label: "Remove"}, Test: view.ActionLink{ID: "k1", Label: "Test"}, Log: view.ActionLink{ID: "k1", Label: "Show log"},
			Held: []string{"Front door bell to Bell Maker from 1 December."},
		}},
		Kinds: []view.KindRow{{
			Kind: "mqtt", Name: "MQTT broker", Sees: "Which kinds of data each device publishes.", Stops: "A device's account at the broker.",
			Needs: "Mosquitto with dynamic security", Connect: view.ActionLink{ID: "mqtt", Label: "Connect"},
		}},
		Files:    presenter().Files(view.FilesInput{All: recipeFixtures()}),
		Captures: view.ActionLink{ID: "capture", Label: "Read a capture file …"},
	}
}

// recipeFixtures are connector files in each state.
func recipeFixtures() []engine.RecipeInfo {
	spec := func(kind, name string) contract.Spec { return contract.Spec{Kind: kind, Name: name} }
	return []engine.RecipeInfo{
		{File: "strava.yaml", State: "approved", Approved: pictureNow().AddDate(0, 0, -2), Spec: spec("strava", "Strava access of one app"), Places: []string{"www.strava.com"}},
		{File: "plug.yaml", State: "changed", Approved: pictureNow().AddDate(0, -2, 0), Spec: spec("plug", "Smart plug")},
		{File: "mine.yaml", State: "broken", Faults: []string{"line 7, column 3: sees is needed", "line 21, column 9: a path is written as data.items, list[0] or *, not \"a..b\""}},
	}
}

// fileQuestionFixture is a file that waits for a yes.
func fileQuestionFixture() view.Connectors {
	s := connectorsFixture()
	look := engine.RecipeInfo{
		State: "changed", Approved: pictureNow().AddDate(0, -2, 0), Author: "An example", Places: []string{"www.strava.com", "the address that you type as Address"}, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Spec: contract.Spec{
			Kind: "strava", Name: "Strava access of one app", Sees: "Whether an app's access to your Strava account still works.", Stops: "All access of that app to your Strava account.",
			Access: "app access", Needs: []string{"an access token of that app"}, Options: []contract.Option{{Key: "address", Label: "Address", Required: true}, {Key: "token", Label: "Access token", Secret: true, Required: true}},
		},
	}
	s.Files = presenter().Files(view.FilesInput{All: recipeFixtures(), Look: &look, File: "strava.yaml"})
	return s
}

// fileFaultsFixture is a file that cannot be used.
func fileFaultsFixture() view.Connectors {
	s := connectorsFixture()
	s.Rows = nil
	s.Files = presenter().Files(view.FilesInput{Look: &recipeFixtures()[2], File: "mine.yaml"})
	return s
}

// setupFixture is a form that needs something done at the peer first.
func setupFixture() view.Connectors {
	spec := contract.Spec{
		Kind: "openwrt", Name: "OpenWrt router", Sees: "Which devices are in the home, and every flow between them and the outside, with addresses and bytes.",
		Stops: "A device, or what it sends to one recipient.",
		Needs: []string{"OpenWrt 22.03 or newer with the web interface", "an account on it; the text below makes one with no more rights than needed"},
		Setup: "# Paste this on your OpenWrt router (ssh root@192.168.1.1). It makes an account\n# \"bestbefore\" that may read who is in the home and what goes out, and may set\n# firewall rules.\nopkg install rpcd-mod-luci uhttpd-mod-ubus conntrack || apk add rpcd-mod-luci uhttpd-mod-ubus conntrack\ncat > /usr/share/rpcd/acl.d/bestbefore.json <<'END'\n{\n  \"bestbefore\": {\n    \"description\": \"Best Before: see devices and flows, set named firewall rules\"\n  }\n}\nEND\n",
		Options: []contract.Option{
			{Key: "address", Label: "Address of the router", Default: "https://192.168.1.1", Required: true, Address: true},
			{Key: "username", Label: "User name", Default: "bestbefore", Required: true},
			{Key: "password", Label: "Password", Required: true, Secret: true},
		},
	}
	return presenter().Connectors(view.ConnectorsInput{Info: engine.ConnectorsInfo{Kinds: []contract.Spec{spec}}, Form: spec.Kind, Saved: presenter().SetupSaved("best-before-openwrt.txt")})
}
