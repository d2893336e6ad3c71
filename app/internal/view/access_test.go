package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

func accesses(t *testing.T) []engine.AccessInfo {
	return []engine.AccessInfo{
		{ID: "k1/a", Name: "Phone app", Kind: "login", ConnectionName: "Hub", LastUsed: at(t, "2026-11-21 09:00:00"), Created: at(t, "2026-01-01 09:00:00"), Scopes: []string{"everything"}, DeviceName: "Phone", Device: "d5", Revocable: true, Consents: []consent.ID{"c1"}},
		{ID: "k1/b", Name: "old tablet", Kind: "login", ConnectionName: "Hub", LastUsed: at(t, "2025-11-21 09:00:00"), Created: at(t, "2025-01-01 09:00:00"), Revocable: true},
		{ID: "k2/c", Name: "Dashboard", Kind: "token", ConnectionName: "Account", Expires: at(t, "2026-11-30 09:00:00")},
		{ID: "k2/d", Name: "", Kind: "token", ConnectionName: "Account", Expires: at(t, "2026-11-01 09:00:00")},
	}
}

func names(a Access) []string {
	var out []string
	for _, r := range a.Rows {
		out = append(out, r.Name)
	}
	return out
}

func TestAccessIsSearchedSortedAndFiltered(t *testing.T) {
	p, in := presenter(t), AccessInput{All: accesses(t)}
	golden(t, "access", p.Access(in, Query{}))
	for _, c := range []struct {
		q    Query
		want []string
	}{
		{Query{}, []string{"Dashboard", "old tablet", "Phone app", "without a name"}},
		{Query{Order: OrderUsed}, []string{"Dashboard", "without a name", "old tablet", "Phone app"}},
		{Query{Order: OrderEnds}, []string{"without a name", "Dashboard", "old tablet", "Phone app"}},
		{Query{Order: OrderNew}, []string{"Phone app", "old tablet", "Dashboard", "without a name"}},
		{Query{Filter: AccessIdle}, []string{"old tablet"}},
		{Query{Filter: AccessEnding}, []string{"Dashboard", "without a name"}},
		{Query{Filter: AccessNobody, Text: "HUB"}, []string{"old tablet"}},
		{Query{Text: "of phone"}, []string{"Phone app"}},
	} {
		if got := names(p.Access(in, c.q)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
	if a := p.Access(in, Query{Text: "nowhere"}); len(a.Rows) != 0 || a.Empty.Title == "" || len(a.Filters) == 0 {
		t.Errorf("%+v", a)
	}
}

// What stands in no list says what could be connected, by name.
func TestWithoutAccessItSaysWhatToConnect(t *testing.T) {
	p := presenter(t)
	kinds := []connectors.Spec{{Kind: "mqtt", Name: "Broker", Access: "its accounts"}, {Kind: "gateway", Name: "Router"}}
	a := p.Access(AccessInput{Kits: engine.ConnectorsInfo{Kinds: kinds}}, Query{})
	if !strings.Contains(a.Empty.Text, "Broker: its accounts") || strings.Contains(a.Empty.Text, "Router") || a.Empty.Action.ID != string(PageConnectors) {
		t.Errorf("%+v", a.Empty)
	}
	c := engine.ConnectionInfo{}
	c.Kind, c.Name = "mqtt", "My broker"
	a = p.Access(AccessInput{Kits: engine.ConnectorsInfo{Kinds: kinds, Connections: []engine.ConnectionInfo{c}}}, Query{})
	if !strings.Contains(a.Empty.Text, "My broker was asked") {
		t.Errorf("%+v", a.Empty)
	}
}

// What was ended here is told in its row while it is listed, and above after that.
func TestAnEndedAccessStaysInSightWithItsResult(t *testing.T) {
	p, in := presenter(t), AccessInput{All: accesses(t)}
	p.Peers = map[string]string{"k1": "Hub"}
	act := consent.Action{Kind: consent.ActRevoke, State: consent.Running, Connection: "k1"}
	in.Endings = []Ending{{ID: "k1/b", Name: "old tablet", Peer: "Hub", Action: act}}
	a := p.Access(in, Query{Text: "tablet"})
	if r := a.Rows[0]; r.Result != "Asking Hub now" || !r.Busy || len(a.Ended) != 0 {
		t.Errorf("%+v, %+v", r, a.Ended)
	}
	in.All = slices.Delete(in.All, 1, 2)
	in.Endings[0].Action.State, in.Endings[0].Action.Level = consent.Done, consent.Configured
	a = p.Access(in, Query{})
	if len(a.Ended) != 1 || a.Ended[0].Line != "old tablet at Hub: its access was taken back; Hub confirms." || a.Ended[0].Severity != Fresh {
		t.Errorf("%+v", a.Ended)
	}
	in.Endings[0].Action.State, in.Endings[0].Action.RetryAt = consent.Stuck, p.Now.Add(time.Hour)
	if a = p.Access(in, Query{}); a.Ended[0].Severity != Still { // the twin: what was not done is not green
		t.Errorf("%+v", a.Ended)
	}
}

func TestEndingAnAccessAsksTwice(t *testing.T) {
	p := presenter(t)
	e := Ending{ID: "k1/a", Name: "Phone app", Peer: "Hub"}
	d := p.EndAccess(e, engine.Preview{Lines: []string{"It is deleted."}, AlsoStops: []string{"Phone → Hub"}}, false, false, "")
	if d.Second == "" || d.Result != "" || d.DeviceID != "k1/a" || len(d.AlsoStops) != 1 || d.Undo.Label != "" {
		t.Errorf("%+v", d)
	}
	e.Action = consent.Action{Kind: consent.ActRevoke, State: consent.Done, Level: consent.Configured, Connection: "k1"}
	if d = p.EndAccess(e, engine.Preview{}, true, false, ""); d.ResultSev != Fresh || !strings.Contains(d.Title, "is ended") {
		t.Errorf("%+v", d)
	}
	if d = p.EndAccess(e, engine.Preview{}, false, false, "no"); d.ResultSev != Still || d.Result != "no" {
		t.Errorf("%+v", d)
	}
}
