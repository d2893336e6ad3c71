package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestTheWaysToEndAnAccount(t *testing.T) {
	conn := engine.ConnectionInfo{Open: true, Can: []string{engine.AbleToBlock, engine.AbleToRevoke}, Traits: connectors.Traits{Grain: connectors.GrainAccount}}
	for name, c := range map[string]struct {
		preview engine.Preview
		want    string
	}{
		"its own":   {engine.Preview{Lines: []string{"x"}, Revocable: true}, "block revoke revoke-then-block warn guide"},
		"shared":    {engine.Preview{Lines: []string{"x"}, Coarse: true}, "block " + blockDevice + " warn guide"},
		"elsewhere": {engine.Preview{Lines: []string{"x"}}, "block warn guide"},
	} {
		in := GiveInput{Connections: []engine.ConnectionInfo{conn}, Preview: c.preview}
		var got []string
		for _, x := range presenter(t).remedies(in) {
			got = append(got, x.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestWhatWasSeenIsShownBeforeWhatWasAllowed(t *testing.T) {
	in := DeviceInput{
		Consents: []engine.ConsentInfo{{Consent: consent.Consent{ID: "c1", Data: []consent.Category{"video"}, Decided: consent.Given}}},
		Flows: []engine.FlowInfo{
			{Destination: "192.0.2.5", Consent: "c1", Count: 1, Categories: []consent.Category{"temperature", "presence"}},
			{Destination: "192.0.2.6", Consent: "c1", Count: 1},
		},
	}
	for i, want := range []string{"temperature", "video"} {
		in := in
		in.Flows = in.Flows[i : i+1]
		rows := presenter(t).sends(in)
		if len(rows) != 1 || !strings.Contains(strings.ToLower(rows[0].What), want) || (rows[0].Basis == "seen") != (i == 0) {
			t.Errorf("%+v", rows)
		}
	}
}
