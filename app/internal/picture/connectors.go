package picture

import (
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/view"
	contract "bestbefore/connectors"
	"bestbefore/connectors/builtin"
	"bestbefore/connectors/openwrt"
	"bestbefore/consent"
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

// kinds are the connectors that we ship, as the form and the list show them.
func kinds() []contract.Spec {
	all, err := builtin.All()
	if err != nil {
		return nil // the tests of that list say so
	}
	return all.Specs()
}

func connectorsInput() view.ConnectorsInput {
	var some []contract.Spec
	for _, s := range kinds() {
		if slices.Contains([]string{"gateway", "mqtt", "pihole"}, s.Kind) {
			some = append(some, s)
		}
	}
	return view.ConnectorsInput{
		Info: engine.ConnectorsInfo{Kinds: some, Connections: []engine.ConnectionInfo{routerConnection()}},
		Held: heldDates(), Files: view.FilesInput{All: recipeFixtures()}, Key: engine.KeyInfo{Provider: "key store"},
	}
}

// heldDates are what the router keeps: the end of each permission that still runs.
func heldDates() []engine.HeldInfo {
	var out []engine.HeldInfo
	for _, c := range permissionInfos() {
		if c.Decided != consent.Given {
			continue
		}
		hold := engine.HeldInfo{Connection: "k1", Known: true, Device: c.DeviceName, Recipient: c.Recipient}
		hold.Mark, hold.From = "consent-"+string(c.ID), c.Expires
		out = append(out, hold)
	}
	return out
}

func connectorsFixture() view.Connectors { return presenter().Connectors(connectorsInput()) }

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
	look := engine.RecipeInfo{
		State: "changed", Approved: pictureNow().AddDate(0, -2, 0), Author: "An example", Places: []string{"www.strava.com", "the address that you type as Address"}, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Spec: contract.Spec{
			Kind: "strava", Name: "Strava access of one app", Sees: "Whether an app's access to your Strava account still works.", Stops: "All access of that app to your Strava account.",
			Access: "app access", Needs: []string{"an access token of that app"}, Options: []contract.Option{{Key: "address", Label: "Address", Required: true}, {Key: "token", Label: "Access token", Secret: true, Required: true}},
		},
	}
	in := connectorsInput()
	in.Files.Look, in.Files.File = &look, "strava.yaml"
	return presenter().Connectors(in)
}

// fileFaultsFixture is a file that cannot be used.
func fileFaultsFixture() view.Connectors {
	in := connectorsInput()
	in.Info.Connections, in.Held, in.Files = nil, nil, view.FilesInput{Look: &recipeFixtures()[2], File: "mine.yaml"}
	return presenter().Connectors(in)
}

// setupFixture is a form that needs something done at the peer first.
func setupFixture() view.Connectors {
	return presenter().Connectors(view.ConnectorsInput{
		Info: engine.ConnectorsInfo{Kinds: kinds()}, Form: openwrt.Kind, Saved: presenter().SetupSaved("best-before-openwrt.txt"), Key: engine.KeyInfo{Provider: "key store"},
	})
}
