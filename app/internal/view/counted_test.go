package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
)

// TestAHomeOfNamesIsDrawnByHowOftenItAsked: where nobody sees bytes, look-ups are drawn,
// with their unit; the twin, where bytes are known, is drawn by those alone.
func TestAHomeOfNamesIsDrawnByHowOftenItAsked(t *testing.T) {
	p := presenter(t)
	in := HomeInput{Overview: engine.Overview{Devices: 1, Depth: connectors.SeesNames, SeenBy: []string{"Pi-hole"}}, Totals: []engine.Total{
		{Name: "often.example", Count: 500, Receiver: engine.Receiver{Country: "DE"}}, {Name: "once.example", Count: 1},
	}}
	h := p.Home(in)
	if len(h.Bars) != 2 || h.Bars[0].Value != "500 times" || h.Bars[1].Value != "1 time" || h.Bars[0].Fraction != 1 || h.FlowEmpty != "" || !strings.Contains(h.FlowTitle, "how often") {
		t.Errorf("%q: %+v, %q", h.FlowTitle, h.Bars, h.FlowEmpty)
	}
	if len(h.Countries) != 2 || h.Countries[0].Value != "500 times" {
		t.Errorf("%+v", h.Countries)
	}
	in.Totals = append(in.Totals, engine.Total{Name: "sent.example", Up: 2000, Count: 1})
	if h := p.Home(in); len(h.Bars) != 1 || h.Bars[0].Label != "sent.example" || strings.Contains(h.FlowTitle, "how often") {
		t.Errorf("the twin: %q, %+v", h.FlowTitle, h.Bars)
	}
	in.Totals = nil
	if h := p.Home(in); !strings.HasPrefix(h.FlowEmpty, "No name was asked for") {
		t.Errorf("nothing asked: %q", h.FlowEmpty)
	}
}

// TestTheChartOfADeviceThatOnlyAsks: it is not empty above a row that says 500 times.
func TestTheChartOfADeviceThatOnlyAsks(t *testing.T) {
	in := oneDevice(t)
	for i := range in.Days {
		in.Days[i].Up, in.Days[i].Down, in.Days[i].Count = 0, 0, uint64(10*i)
	}
	d := presenter(t).Device(in)
	if len(d.Chart) == 0 || !strings.HasSuffix(d.Chart[len(d.Chart)-1].Value, " times") || !strings.Contains(d.ChartNote, "nobody sees how much") {
		t.Errorf("%q: %+v", d.ChartNote, d.Chart)
	}
	in.Days[len(in.Days)-1].Up = 5000
	if d := presenter(t).Device(in); d.Chart[len(d.Chart)-1].Value != presenter(t).Size(5000) || strings.Contains(d.ChartNote, "nobody") {
		t.Errorf("the twin: %q: %+v", d.ChartNote, d.Chart)
	}
}

// TestWhereAnAddressIsRegisteredIsSaidWhereNoCompanyIsKnown: as its own bar, marked.
func TestWhereAnAddressIsRegisteredIsSaidWhereNoCompanyIsKnown(t *testing.T) {
	got := presenter(t).countryBars([]engine.Total{
		{Name: "Maker", Up: 30, Receiver: engine.Receiver{Country: "DE", AddressCountry: "IE"}},
		{Name: "198.51.100.9", Up: 20, Receiver: engine.Receiver{AddressCountry: "DE"}},
		{Name: "192.0.2.1", Up: 10},
	})
	var labels []string
	for _, b := range got {
		labels = append(labels, b.Label)
	}
	if strings.Join(labels, "; ") != "Germany; address registered in Germany; not known" || ParseFlowFilter(got[1].Flows.Arg).Country != engine.Registered+"DE" {
		t.Errorf("%q, %+v", labels, got)
	}
}

// TestEveryFigureLeadsToItsFlows: what is out of the ordinary, and what changed since it
// was agreed, with the device, the period and the recipient set.
func TestEveryFigureLeadsToItsFlows(t *testing.T) {
	p := presenter(t)
	u := engine.Unusual{ID: "u1", Device: "d1", Finding: behaviour.Finding{Kind: behaviour.Volume, Day: "2026-11-20", Bytes: 9, MostlyTo: "thief.example"}}
	f := ParseFlowFilter(p.unusualRows([]engine.Unusual{u})[0].Flows.Arg)
	if f.Device != "d1" || f.To != "thief.example" || !f.From.Equal(at(t, "2026-11-20 00:00:00")) || !f.Until.Equal(at(t, "2026-11-21 00:00:00")) {
		t.Errorf("out of the ordinary: %+v", f)
	}
	c := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-11-30", consent.Soon)
	for _, x := range p.since(engine.ReviewInfo{Consent: c, Since: c.Given, Observed: true, NewRecipients: []string{"new.example"}, BytesNow: 9, BytesThen: 1, NewCountries: []string{"US"}}) {
		f := ParseFlowFilter(x.Flows.Arg)
		want := map[string]string{"+1 recipient.": "new.example", "9 × as much.": "Maker", "+1 country.": ""}
		if to, known := want[x.Lead]; !known || x.Flows.Page != PageFlows || f.Device != "d1" || f.To != to || !f.From.Equal(c.Given) {
			t.Errorf("%s: %+v", x.Lead, f)
		}
	}
}
