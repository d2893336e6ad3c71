package picture

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// The dialogs over the pages, made by the presenter as well.

// routerConnection is the household's router, connected in May.
func routerConnection() engine.ConnectionInfo {
	c := engine.ConnectionInfo{
		Open: true, Alive: pictureNow().Add(-10 * time.Second), Holds: 3, Can: []string{engine.AbleToBlock, engine.AbleToKeep},
		Traits:   connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, IPv4: true, IPv6: true, CutsOpenFlows: true},
		Coverage: connectors.Coverage{Text: "every flow that passes it, with bytes and destination", Sees: []string{"bytes", "destinations"}},
	}
	c.ID, c.Kind, c.Name, c.Created = "k1", "gateway", "Linux router", time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)
	return c
}

// giveFixture is the form, filled in, for the front door bell.
func giveFixture() view.Give {
	draft := view.GiveDraft{
		DeviceID: "bell", Recipients: []string{"to:Bell Maker", "at:cdn.bell-maker.example"}, Added: []string{"cdn.bell-maker.example"},
		Data: []string{"video", "presence"}, PresetID: "6m", Until: view.Day{Year: 2027, Month: time.May, Day: 22}, Remedy: string(consent.Block),
	}
	return presenter().Give(view.GiveInput{
		Device: bellDevice(), Flows: bellFlows(), Connections: []engine.ConnectionInfo{routerConnection()}, Draft: draft,
		Preview: engine.Preview{
			Then:      consent.Block,
			Lines:     []string{"When that day is over Linux router stops what Front door bell sends to Bell Maker and 1 other.", "Running uploads and downloads stop at once.", "What it sends to others goes on."},
			Holds:     "Linux router keeps the date by itself, also with this computer off.",
			AlsoStops: []string{"Doorbell Events"},
		},
	})
}

func disconnectInput() view.DisconnectInput {
	return view.DisconnectInput{Device: bellDevice(), Preview: engine.Preview{
		Lines:     []string{"Linux router cuts Front door bell from the internet.", "Running uploads and downloads stop at once."},
		AlsoStops: []string{"Front door bell → Bell Maker"},
	}}
}

func disconnectFixture() view.Disconnect { return presenter().Disconnect(disconnectInput()) }

func disconnectedFixture() view.Disconnect {
	in := disconnectInput()
	in.Action = &consent.Action{Kind: consent.ActBlock, State: consent.Done, Level: consent.Effective, Connection: "k1", Finished: pictureNow()}
	return presenter().Disconnect(in)
}
