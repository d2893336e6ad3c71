package view

import (
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// "Advertisers only" is one choice: it stands for those that the device was seen
// to talk to, names them before anything is given, and leaves the others alone.
func TestAllAdvertisersAreOneChoice(t *testing.T) {
	p, in := presenter(t), GiveInput{Device: devices(t)[0], Connections: []engine.ConnectionInfo{gateway(t)}}
	to := func(company, purpose, destination string) {
		in.Flows = append(in.Flows, engine.FlowInfo{Device: "d1", Destination: destination, Receiver: engine.Receiver{Company: company, Purpose: purpose}, BytesUp: 10, Count: 1})
	}
	to("Ad One", "ads", "ads.one.example")
	to("Maker", "maker", "cloud.maker.example")
	offers := func() bool {
		return slices.ContainsFunc(p.Give(in).Recipients, func(c Choice) bool { return c.ID == RecipientAds })
	}
	if offers() {
		t.Error("a single one is offered as a set") // its own tick is enough
	}
	to("Watch Two", "audience", "watch.two.example")
	to("Follow Three", "marketing", "198.51.100.3")
	if !offers() {
		t.Fatal("they are not offered together")
	}
	in.Draft = GiveDraft{DeviceID: "d1", Recipients: []string{RecipientAds}, Data: []string{"usage"}, PresetID: "6m"}
	in.Preview = engine.Preview{Lines: []string{"Gateway stops it."}}
	g, r := p.Give(in), p.Request(in).Recipient
	if want := []string{"198.51.100.3", "ads.one.example", "watch.two.example"}; r.Any || r.Name != "Advertisers" || !slices.Equal(slices.Sorted(slices.Values(r.Destinations)), want) {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"Ad One", "Watch Two", "Follow Three"} {
		if !strings.Contains(g.Preview[0].Text, name) {
			t.Errorf("%s is not named before: %+v", name, g.Preview)
		}
	}
	// One that has a permission of its own is not taken in; with one left there is no set.
	for _, name := range []string{"Ad One", "Watch Two"} {
		c := permission(t, "c-"+name, "d1", "Bell", discovery.KindDoorbell, name, "2027-05-31", consent.Fresh)
		in.Consents = append(in.Consents, c)
	}
	if r = p.Request(in).Recipient; offers() || !slices.Equal(r.Destinations, []string{"198.51.100.3"}) {
		t.Errorf("%+v", r)
	}
}

// With sixty devices any two can be joined; a list that is cut says so.
func TestEveryDeviceCanBeTheSame(t *testing.T) {
	for n, cut := range map[int]bool{60: false, sameMax + 1: true} {
		in := oneDevice(t)
		in.Others = nil
		for i := range n {
			in.Others = append(in.Others, engine.DeviceInfo{Device: discovery.Device{ID: discovery.DeviceID("x" + string(rune('0'+i%10)) + strings.Repeat("x", i/10)), Label: "Box"}})
		}
		out := presenter(t).Device(in)
		if len(out.Same) != min(n, sameMax) || strings.Contains(out.SameTitle, "500 of 501") != cut {
			t.Errorf("%d: %d offered, %q", n, len(out.Same), out.SameTitle)
		}
	}
}

func TestACutExportSaysSo(t *testing.T) {
	p := presenter(t)
	whole, cut := p.Exported([]string{"/x/flows.csv"}, "/x"), p.Exported([]string{"/x/flows.csv", "/x/" + engine.CutNote}, "/x")
	if whole.Severity != Fresh || cut.Severity != Soon || !strings.Contains(cut.Line, "only the largest rows") || strings.Contains(whole.Line, "largest") {
		t.Errorf("%+v, %+v", whole, cut)
	}
}
