package view

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

func TestHome(t *testing.T) {
	golden(t, "home", presenter(t).Home(home(t)))
}

func TestAFreshInstallSaysWhatItCannotSeeYet(t *testing.T) {
	in := HomeInput{Overview: engine.Overview{Devices: 4, NewSince: at(t, "2026-11-22 14:00:00")}, Devices: devices(t)[:4]}
	got := presenter(t).Home(in)
	golden(t, "home_fresh", got)
	if got.Sentence != "I can see who is here, not yet what they send." {
		t.Errorf("sentence %q", got.Sentence)
	}
}

func TestPermissions(t *testing.T) {
	in := home(t)
	golden(t, "permissions", presenter(t).Permissions(in.Consents, Query{}))
	golden(t, "permissions_none", presenter(t).Permissions(nil, Query{}))
	if got := presenter(t).Permissions(in.Consents, Query{Filter: FilterFresh, Text: "WARM"}); len(got.Cards) != 1 || got.Cards[0].ID != "c3" {
		t.Errorf("filter and search gave %+v", got.Cards)
	}
}

func TestDevices(t *testing.T) {
	in := home(t)
	golden(t, "devices", presenter(t).Devices(in.Devices, in.Consents, Query{}))
}

func TestDevicesSearchFilterAndOrder(t *testing.T) {
	in := home(t)
	names := func(q Query) string {
		var out []string
		for _, r := range presenter(t).Devices(in.Devices, in.Consents, q).Rows {
			if r.Heading == "" {
				out = append(out, r.Name)
			}
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"by name within the groups", Query{}, "desk, Front door bell, Living room TV, Router, Thermostat, Robot, Unknown device"},
		{"what ends first stands first", Query{Order: OrderEnds}, "Front door bell, Thermostat, Living room TV, desk, Router, Robot, Unknown device"},
		{"what sends most stands first", Query{Order: OrderBytes}, "Front door bell, Living room TV, desk, Router, Thermostat, Robot, Unknown device"},
		{"words in any order, without case", Query{Text: "bell FRONT"}, "Front door bell"},
		{"an address finds its device", Query{Text: "192.0.2.17"}, "Front door bell"},
		{"who receives finds its sender", Query{Text: "tv.example"}, "Living room TV"},
		{"without a permission", Query{Filter: DevicesNoPermission}, "Robot"},
		{"nothing fits", Query{Text: "submarine"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := names(c.q); got != c.want {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestDevice(t *testing.T) {
	golden(t, "device", presenter(t).Device(oneDevice(t)))
}

// What a hub knows of a device stands on its page: the room beside its name, the
// integration among the technical lines; nothing stands there for one without.
func TestWhatAHubKnows(t *testing.T) {
	for _, known := range []bool{true, false} {
		d := device("d9", "Lamp", "Lamp Co", discovery.KindUnknown, 0)
		if known {
			d.Facts = []discovery.Fact{{Key: "room", Value: "Hall"}, {Key: "integration", Value: "Hue"}}
		}
		page := presenter(t).Device(DeviceInput{Device: d})
		through := slices.ContainsFunc(page.Technical, func(l EvidenceLine) bool { return l.What == "Reached by its hub through" && l.Value == "Hue" })
		if strings.Contains(page.Line, "room: Hall") != known || through != known {
			t.Errorf("known %v: %q, %v", known, page.Line, page.Technical)
		}
	}
}

func TestNoDeviceIsCalledByItsAddress(t *testing.T) {
	p := presenter(t)
	for _, name := range []string{"192.0.2.40", "2001:db8::1", "fe80::1%eth0", ""} {
		d := device("d9", name, "", discovery.KindUnknown, 0)
		if got := p.name(d); got != "Unknown device" {
			t.Errorf("a device that calls itself %q is shown as %q", name, got)
		}
		d.Guess.Vendor = "Box Co"
		if got := p.name(d); got != "Box Co device" {
			t.Errorf("a device of Box Co that calls itself %q is shown as %q", name, got)
		}
	}
}

func TestReview(t *testing.T) {
	in := home(t)
	info := engine.ReviewInfo{
		Consent: in.Consents[0], Since: in.Consents[0].Given, Observed: true, Renewable: true,
		NewRecipients: []string{"analytics.example", "198.51.100.7"}, BytesThen: 1_400_000_000, BytesNow: 4_100_000_000,
		IfLapses: engine.Preview{Lines: []string{"When that day is over Gateway stops what Front door bell sends to Bell Maker."}, Holds: "Gateway keeps the date by itself."},
	}
	golden(t, "review", presenter(t).Review(ReviewInput{Info: info, Device: in.Devices[0], Waiting: []string{"c2", "c1", "c9"}, Last: at(t, "2026-11-22 14:03:22")}))
	info.Consent, info.Observed = in.Consents[2], false
	golden(t, "review_still", presenter(t).Review(ReviewInput{Info: info, Device: in.Devices[1], Waiting: []string{"c2", "c1"}}))
}

func TestGive(t *testing.T) {
	in := GiveInput{Device: devices(t)[0], Flows: flows(t), Connections: []engine.ConnectionInfo{gateway(t)}}
	golden(t, "give_empty", presenter(t).Give(in))
	in.Draft = GiveDraft{DeviceID: "d1", Recipients: []string{"to:Bell Maker"}, Data: []string{"video"}, PresetID: "6m", Until: Day{2027, time.May, 22}}
	in.Preview = engine.Preview{Lines: []string{"When that day is over Gateway stops it."}, AlsoStops: []string{"Bell events"}}
	got := presenter(t).Give(in)
	golden(t, "give_complete", got)
	r := presenter(t).Request(in)
	if r.Until != "P6M" || r.Then != consent.Block || len(r.Recipient.Destinations) != 2 || r.Recipient.Any {
		t.Errorf("request %+v", r)
	}
}

func TestGiveOffersBlockingOnlyWhereSomethingCanBlock(t *testing.T) {
	p, in := presenter(t), GiveInput{Device: devices(t)[0], Flows: flows(t)}
	choice := func(id string) (Choice, bool) {
		for _, c := range p.Give(in).Remedies {
			if c.ID == id {
				return c, true
			}
		}
		return Choice{}, false
	}
	if c, _ := choice("block"); !c.Disabled || c.Chosen {
		t.Errorf("without a connection: %+v", c)
	}
	coarse := gateway(t)
	coarse.Traits.Grain = connectors.GrainDevice
	in.Connections = []engine.ConnectionInfo{coarse}
	if _, ok := choice(blockDevice); !ok {
		t.Error("with a coarse grain the whole device must be a choice of its own")
	}
	in.Draft.Remedy = blockDevice
	if r := p.Request(in); !r.Coarse || r.Then != consent.Block {
		t.Errorf("request %+v", r)
	}
	in.Connections = []engine.ConnectionInfo{gateway(t)}
	if _, ok := choice(blockDevice); ok {
		t.Error("with a fine grain the whole device must not be offered")
	}
}

func TestDisconnectResults(t *testing.T) {
	p, d := presenter(t), devices(t)[0]
	now := p.Now
	action := func(s consent.ActionState, l consent.Level, e ...consent.Evidence) consent.Action {
		return consent.Action{Kind: consent.ActBlock, State: s, Level: l, Connection: "k1", Evidence: e}
	}
	for _, c := range []struct {
		name string
		a    consent.Action
		want string
		sev  Severity
	}{
		{"written, not yet asked", action(consent.Pending, ""), "about to be done", Soon},
		{"a yes is not seen", action(consent.Done, consent.Accepted), "asked Gateway · it said yes, not confirmed yet · last data 14:03:22, looking whether it stopped", Soon},
		{
			"read back, and it has not tried", action(consent.Done, consent.Configured, consent.Evidence{At: now, Seen: consent.NotChecked}),
			"asked Gateway · Gateway confirms · last data 14:03:22, it has not tried since", Soon,
		},
		{
			"seen to have stopped", action(consent.Done, consent.Effective, consent.Evidence{At: now, Seen: consent.Stopped, Count: 12}),
			"asked Gateway · Gateway confirms · last data 14:03:22, none since · 12 tries turned away", Fresh,
		},
		{
			"still sending in spite of a yes", action(consent.Done, consent.Configured, consent.Evidence{At: now, Seen: consent.Flowing}),
			"asked Gateway · Gateway confirms · still sending, seen 14:03:40", Still,
		},
		{
			"nobody can tell", action(consent.Done, consent.Accepted, consent.Evidence{At: now, Seen: consent.CannotTell}),
			"asked Gateway · it said yes, not confirmed yet · last data 14:03:22, nobody can see whether it still sends", Soon,
		},
		{
			"in force, and nothing to be told by", action(consent.Done, consent.Configured, consent.Evidence{At: now, Seen: consent.CannotTell}),
			"asked Gateway · Gateway confirms · last data 14:03:22, it has not tried since, as far as can be seen", Soon,
		},
		{
			"stuck",
			consent.Action{Kind: consent.ActBlock, State: consent.Stuck, Reason: "No route to it.", RetryAt: now.Add(time.Hour)},
			"could not be done; still tried, next today 15:03 (No route to it)", Still,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, sev := p.Result(d, c.a)
			if got != c.want || sev != c.sev {
				t.Errorf("got  %q %d\nwant %q %d", got, sev, c.want, c.sev)
			}
		})
	}
}

func TestDisconnect(t *testing.T) {
	in := DisconnectInput{Device: devices(t)[0], Preview: engine.Preview{
		Lines:     []string{"Gateway cuts Front door bell from the internet now, until you reconnect it."},
		AlsoStops: []string{"Bell Maker"}, Confirm: true, Pause: "If you choose an end, Gateway gives it back by itself, also with this computer off.",
	}}
	golden(t, "disconnect", presenter(t).Disconnect(in))
	in.Action = &consent.Action{Kind: consent.ActBlock, State: consent.Done, Level: consent.Configured, Connection: "k1"}
	golden(t, "disconnected", presenter(t).Disconnect(in))
}

// The result says until when it is cut off, and who gives it back: the peer only
// where its own receipt says that it keeps the end.
func TestAPauseSaysUntilWhenAndWhoEndsIt(t *testing.T) {
	p := presenter(t)
	a := consent.Action{Kind: consent.ActBlock, State: consent.Done, Level: consent.Configured, Connection: "k1", Until: p.Now.Add(time.Hour)}
	held := a
	held.Receipt, _ = json.Marshal(connectors.Receipt{Until: a.Until})
	for want, a := range map[string]consent.Action{
		"until today " + p.clock(a.Until) + ", given back by this program while this computer is on": a,
		"until today " + p.clock(a.Until) + ", Gateway gives it back by itself":                      held,
	} {
		if got, _ := p.Result(devices(t)[0], a); !strings.Contains(got, " · "+want+" · ") {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	a.Until = time.Time{}
	if got, _ := p.Result(devices(t)[0], a); strings.Contains(got, "until") {
		t.Errorf("without an end: %q", got)
	}
	if got, want := p.PauseTerm(pauseMorning), p.today().addDays(1).String()+"T07:00"; !strings.HasPrefix(got, want) {
		t.Errorf("tomorrow morning is %q, want %q", got, want)
	}
}

// That something was decided by a click in this window is nobody's question; that
// it came from elsewhere may be one.
func TestTheDiarySaysNothingOfClicks(t *testing.T) {
	p := presenter(t)
	for written, want := range map[string]string{
		"You said that Bell may go on (clicked).":      "You said that Bell may go on.",
		"You said that Bell may go on (command line).": "You said that Bell may go on (command line).",
		"Bell (clicked) was renamed.":                  "Bell (clicked) was renamed.",
	} {
		if got := p.diaryRow(engine.DiaryEntry{Text: written}).Text; got != want {
			t.Errorf("%q is shown as %q", written, got)
		}
	}
}

func TestDiary(t *testing.T) {
	golden(t, "diary", presenter(t).Diary(DiaryInput{Entries: diary(t), More: true}, Query{}))
}

func TestCheckedDiary(t *testing.T) {
	p := presenter(t)
	for _, c := range []struct {
		name string
		r    ledger.Report
		want string
		sev  Severity
	}{
		{"whole and sealed", ledger.Report{Entries: 118, Sealed: true, Erased: 1}, "118 lines checked, none altered or missing. 1 was deleted by you.", Fresh},
		{"whole but not sealed", ledger.Report{Entries: 118}, "118 lines checked, none altered or missing. Not sealed: if the end had been cut off, it could not be noticed.", Soon},
		{"altered", ledger.Report{Entries: 4, Fault: &ledger.Fault{Seq: 5, Why: ledger.Altered}}, "Not as it was written: line 5 was altered. 4 lines before it are sound.", Still},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Checked(c.r); got.Line != c.want || got.Severity != c.sev {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestConnectors(t *testing.T) {
	spec := connectors.Spec{
		Kind: "gateway", Name: "Linux gateway", Sees: "Every flow with bytes and destination.", Stops: "A device, or one recipient of it.",
		Options: []connectors.Option{{Key: "interface", Label: "Home side", Default: "lan0", Required: true}, {Key: "password", Label: "Password", Secret: true}},
		Needs:   []string{"root on this computer"},
	}
	in := ConnectorsInput{Info: engine.ConnectorsInfo{Kinds: []connectors.Spec{spec}, Connections: []engine.ConnectionInfo{gateway(t)}}}
	golden(t, "connectors", presenter(t).Connectors(in))
	in.Form, in.Error, in.Answers = "gateway", "lan9 is not an interface of this computer", map[string]string{"interface": "lan9", "password": "x"}
	got := presenter(t).Connectors(in).Form
	golden(t, "connectors_form", got)
	if got.Fields[1].Value != "" {
		t.Error("a secret was shown")
	}
}

func TestFrame(t *testing.T) {
	in := home(t)
	golden(t, "frame", presenter(t).Frame(in.Overview, in.Consents))
}

func TestPhonesAndUnknownDevicesKeepNoTimesFinerThanADay(t *testing.T) {
	p, in := presenter(t), home(t)
	last := at(t, "2026-11-22 14:03:22")
	for _, k := range []discovery.Kind{discovery.KindPhone, discovery.KindUnknown} {
		c, d := in.Consents[0], in.Devices[0]
		c.DeviceKind, d.Guess.Kind = k, k
		page := p.Device(DeviceInput{Device: d, Flows: flows(t)})
		result, _ := p.Result(d, consent.Action{Kind: consent.ActBlock, State: consent.Done})
		for _, s := range []string{p.Truths(c, last).Seen, page.Sends[0].ToLine, result} {
			if strings.Contains(s, ":") {
				t.Errorf("%q tells when somebody was at home", s)
			}
		}
	}
	if s := p.Truths(in.Consents[0], last).Seen; !strings.Contains(s, "14:03") {
		t.Errorf("the twin: a doorbell keeps its times, got %q", s)
	}
}
