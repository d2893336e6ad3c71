package view

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func maker() engine.Receiver {
	return engine.Receiver{Company: "Bell Maker", Country: "DE", Purpose: "maker", AddressCountry: "IE", Network: "Some Cloud", Basis: "curated"}
}

func TestWhoReceivesIsSaidAsFarAsItIsKnown(t *testing.T) {
	for want, r := range map[string]engine.Receiver{
		"its maker's cloud · Germany": maker(),
		"":                            {Basis: "unknown"},
		"in the network of Some Cloud · address registered in Ireland": {AddressCountry: "IE", Network: "Some Cloud", Basis: "registry"},
		"perhaps: tells the time": {Hint: "time"},
		"another device at home":  {Purpose: "home", Basis: "home"},
		"Switzerland":             {Company: "X", Country: "CH", Purpose: "nothing that we know"},
	} {
		if got := presenter(t).who(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	german := presenter(t)
	german.Language = "de"
	if got := german.country("DE"); got != "Deutschland" {
		t.Errorf("in German it is %q", got)
	}
}

// TestOnlyTheMakerTypicallyGetsSomething: what was seen or said goes before it,
// and of others nothing is guessed.
func TestOnlyTheMakerTypicallyGetsSomething(t *testing.T) {
	in := oneDevice(t)
	in.Consents = nil
	in.Flows = []engine.FlowInfo{
		{Device: "d1", Destination: "a.example", Receiver: maker(), Count: 1},
		{Device: "d1", Destination: "ads.example", Receiver: engine.Receiver{Company: "Ads", Purpose: "ads"}, Count: 1},
		{Device: "d1", Destination: "b.example", Receiver: engine.Receiver{Company: "Other Maker", Purpose: "maker"}, Categories: []consent.Category{"energy"}, Count: 1},
	}
	var got []string
	for _, s := range presenter(t).sends(in) {
		got = append(got, s.What+" / "+s.Basis)
	}
	want := []string{"video, sound, who comes and goes / typical, not seen", "not known / ", "energy use / seen"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFigureLeadsToWhatLiesBehindIt(t *testing.T) {
	for _, f := range []FlowFilter{
		{},
		{Device: "d1", To: "Bell & Söhne = x"},
		{Country: "DE", Span: SpanYear},
		{Purpose: engine.Unknown},
		{Device: "d1", From: time.Unix(1_700_000_000, 0).UTC(), Until: time.Unix(1_700_003_600, 0).UTC()},
	} {
		r := f.Route()
		if got := ParseFlowFilter(r.Arg); r.Page != PageFlows || got != f {
			t.Errorf("%+v became %+v", f, got)
		}
	}
	if got := ParseFlowFilter("%zz&;"); got != (FlowFilter{}) {
		t.Errorf("nonsense selects %+v", got)
	}
	now := time.Unix(1_700_000_000, 0)
	if from, until := (FlowFilter{}).Period(now); now.Sub(from) != 7*24*time.Hour || !until.IsZero() {
		t.Errorf("a week is %s to %s", from, until)
	}
}

func TestFlowsSayTheirSource(t *testing.T) {
	p := presenter(t)
	in := FlowsInput{Filter: FlowFilter{Device: "d1", To: "Bell Maker"}, Device: home(t).Devices[0], Flows: []engine.FlowInfo{
		{Device: "d1", DeviceName: "Front door bell", Destination: "video.bell.example", Protocol: "tcp", Port: 443, BytesUp: 4_000_000, Receiver: maker(), Source: "connector:k1", Categories: []consent.Category{"video"}, Last: at(t, "2026-11-22 14:03:22")},
		{Device: "d1", DeviceName: "Front door bell", Recipient: "Bell Maker", Destination: "198.51.100.9", Protocol: "udp", Count: 12, Refused: true, Source: "connector:k1", First: at(t, "2026-11-21 12:00:00"), Last: at(t, "2026-11-21 12:00:00")},
	}}
	got := p.Flows(in)
	if got.Sentence != "What Front door bell sent to Bell Maker" || got.Subline != "2 entries · 4.0 MB · seen by Gateway" || got.Save.Label == "" {
		t.Errorf("%q, %q", got.Sentence, got.Subline)
	}
	want := []FlowRow{
		{Device: "Front door bell", DeviceID: "d1", To: "Bell Maker", Who: "its maker's cloud · Germany", Way: "video.bell.example · tcp 443", What: "video, seen", Amount: "4.0 MB", When: "today 14:03", Source: "seen by Gateway · from our table of makers"},
		{Device: "Front door bell", DeviceID: "d1", To: "Bell Maker", Way: "198.51.100.9 · udp", Amount: "12 turned away", When: "yesterday", Source: "seen by Gateway · named by you", Refused: true},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	if none := p.Flows(FlowsInput{}); none.Empty.Title == "" || none.Save.Label != "" {
		t.Errorf("without rows: %+v", none)
	}
}

// TestAPhoneHasNoHours: nothing finer than a day is offered of what stands for a person.
func TestAPhoneHasNoHours(t *testing.T) {
	in := oneDevice(t)
	spans := func() string {
		var out []string
		for _, s := range presenter(t).Device(in).Spans {
			out = append(out, s.ID)
		}
		return strings.Join(out, " ")
	}
	if got := spans(); got != "day week year" {
		t.Errorf("of a doorbell: %s", got)
	}
	in.Device.Guess.Kind, in.Span = discovery.KindPhone, SpanDay
	if got := spans(); got != "week year" {
		t.Errorf("of a phone: %s", got)
	}
}

func TestTheYearIsAddedUpByMonth(t *testing.T) {
	in := oneDevice(t)
	in.Span, in.Days = SpanYear, nil
	for d := (Day{2026, 10, 25}); d != (Day{2026, 11, 23}); d = d.addDays(1) {
		in.Days = append(in.Days, engine.Day{Date: d.String(), Up: 1000})
	}
	page := presenter(t).Device(in)
	if len(page.Chart) != 2 || page.Chart[0].Value != "7.0 kB" || page.Chart[1].Value != "22 kB" || page.Chart[1].Label != "Nov" || !strings.Contains(page.ChartNote, "22 kB a month") {
		t.Errorf("%+v, %s", page.Chart, page.ChartNote)
	}
	if f := ParseFlowFilter(page.Chart[1].Flows.Arg); f.From.In(berlin(t)).Format(time.DateOnly) != "2026-11-01" || f.Until.In(berlin(t)).Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("November is %+v", f)
	}
}
