package view

import (
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// What the engine offers stands on the page as buttons, with what else would
// stop; the steps by hand stand beneath. The twin: without an offer no button.
func TestTheNextRungStandsOnThePage(t *testing.T) {
	c := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-20", consent.EndedPerson)
	c.Actions = []consent.Action{{ID: "a1", Kind: consent.ActRevoke, State: consent.Stuck}}
	for _, next := range []*engine.Next{
		nil,
		{Action: "a1", Steps: []engine.Step{engine.StepGuide}},
		{Action: "a1", Steps: []engine.Step{engine.StepBlock, engine.StepGuide}, Lines: []string{"Now Gateway stops it.", "At once."}},
		{Action: "a1", Steps: []engine.Step{engine.StepWhole, engine.StepGuide}, Lines: []string{"Now Router cuts it."}, AlsoStops: []string{"Time", "Bell Maker"}},
	} {
		c.Next = next
		r := presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
		var want []Way
		if next != nil && len(next.Lines) > 0 {
			want = []Way{{string(next.Steps[0]), map[engine.Step]string{engine.StepBlock: "Block it", engine.StepWhole: "Cut all of it"}[next.Steps[0]]}}
		}
		l := r.Ladder
		if !slices.Equal(l.Ways, want) || (l.Title != "") != (want != nil) || want != nil && (l.Action != "a1" || l.Text != strings.Join(next.Lines, " ")) {
			t.Errorf("%+v: %+v", next, l)
		}
		if whole := len(want) > 0 && want[0].Step == string(engine.StepWhole); whole != slices.Equal(l.Stops, []string{"Time"}) {
			t.Errorf("also stops %q", l.Stops)
		}
		if len(r.Steps) == 0 || r.Retry.ID != "a1" {
			t.Errorf("steps %q, retry %+v", r.Steps, r.Retry)
		}
	}
}

// What can be ended is judged by what a connection's account may do: a token that
// can only be taken back is no block, and who may not block may still revoke.
func TestAbilitiesAreJudgedNotKinds(t *testing.T) {
	none, revokes, blocks := []string(nil), []string{engine.AbleToRevoke}, []string{engine.AbleToBlock, engine.AbleToRevoke}
	for name, c := range map[string]struct {
		can      []string
		grain    connectors.Grain
		sentence string
		stops    string
		tested   string
		remedy   string
	}{
		"an online account":     {revokes, connectors.GrainToken, "An access can be ended", "Stops: one access", "may end", "guide"},
		"a hub's ordinary user": {revokes, "", "An access can be ended", "Stops: one access", "may end", "guide"},
		"a broker's admin":      {blocks, connectors.GrainAccount, "Dates can be kept", "Stops: an account", "may end", "block"},
		"a gateway":             {blocks, connectors.GrainRecipient, "Dates can be kept", "Stops: one recipient", "may end", "block"},
		"who only watches":      {none, connectors.GrainRecipient, "nothing here can end it", "Stops nothing", "only watch", "guide"},
	} {
		conn := engine.ConnectionInfo{Open: true, Can: c.can, Traits: connectors.Traits{Grain: c.grain, IPv4: true, IPv6: true}}
		p := presenter(t)
		page := p.Connectors(ConnectorsInput{Info: engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{conn}}})
		lines := strings.Join(page.Rows[0].Lines, " ")
		if !strings.Contains(page.Sentence, c.sentence) || !strings.Contains(lines, c.stops) || !strings.Contains(p.Tested(conn).Line, c.tested) {
			t.Errorf("%s: %q, %q, %q", name, page.Sentence, lines, p.Tested(conn).Line)
		}
		for _, way := range p.remedies(GiveInput{Connections: []engine.ConnectionInfo{conn}}) {
			if way.Chosen != (way.ID == c.remedy) {
				t.Errorf("%s: %s is chosen: %v", name, way.ID, way.Chosen)
			}
		}
		if r := p.Request(GiveInput{Connections: []engine.ConnectionInfo{conn}}); string(r.Then) != c.remedy {
			t.Errorf("%s: asked for %s", name, r.Then)
		}
	}
}

// Who may only revoke is offered that, and no block after it.
func TestWhoMayOnlyRevokeIsOfferedThat(t *testing.T) {
	in := GiveInput{
		Connections: []engine.ConnectionInfo{{Open: true, Can: []string{engine.AbleToRevoke}, Traits: connectors.Traits{Grain: connectors.GrainToken}}},
		Preview:     engine.Preview{Lines: []string{"x"}, Revocable: true},
	}
	var got []string
	for _, way := range presenter(t).remedies(in) {
		if !way.Disabled {
			got = append(got, way.ID)
		}
	}
	if !slices.Equal(got, []string{"revoke", "warn", "guide"}) {
		t.Errorf("offered %v", got)
	}
}

// What gets past a block is said before and after it, and the title claims no
// more. The twin: nothing gets past a whole one.
func TestADisconnectInPartSaysWhatGoesOn(t *testing.T) {
	done := &consent.Action{Kind: consent.ActBlock, State: consent.Done, Level: consent.Configured}
	for _, partly := range []bool{true, false} {
		in := DisconnectInput{Preview: engine.Preview{Lines: []string{"Now Pi-hole refuses names."}, Partly: partly}}
		if partly {
			in.Preview.Limits = []string{"What runs goes on."}
			in.Preview.Lines = append(in.Preview.Lines, in.Preview.Limits...)
		}
		if d := presenter(t).Disconnect(in); strings.Contains(d.Text, "What runs goes on.") != partly {
			t.Errorf("before: %q", d.Text)
		}
		in.Action = done
		d := presenter(t).Disconnect(in)
		if strings.Contains(d.Title, "in part") != partly || strings.Contains(d.Text, "What runs goes on.") != partly || !strings.Contains(d.Text, "your other devices") {
			t.Errorf("after: %q, %q", d.Title, d.Text)
		}
		in.Preview.AtHome = true
		if d := presenter(t).Disconnect(in); len(d.Stays) > 0 || strings.Contains(d.Text, "your other devices") {
			t.Errorf("cut off at home too: %q, %q", d.Stays, d.Text)
		}
	}
}

// What is sent past a block has the steps by hand beside it; the twin, a block that
// holds, has none.
func TestWhatIsSentPastABlockHasTheSteps(t *testing.T) {
	c := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-20", consent.EndedStill)
	c.Actions = []consent.Action{{ID: "a1", Kind: consent.ActBlock, State: consent.Done}}
	for _, next := range []*engine.Next{nil, {Action: "a1", Steps: []engine.Step{engine.StepGuide}}} {
		c.Next = next
		r := presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
		if got := len(r.Steps) > 0 && r.StepsFor == "Or end it by hand" && r.Confirm.ID == "a1"; got != (next != nil) {
			t.Errorf("%+v: %q, %q, %+v", next, r.StepsFor, r.Steps, r.Confirm)
		}
	}
}
