package view

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestSize(t *testing.T) {
	p := Presenter{}
	for n, want := range map[uint64]string{
		0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 9_949: "9.9 kB", 9_951: "10 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 4_100_000_000: "4.1 GB", 620_000_000: "620 MB",
	} {
		if got := p.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	p.Translate = func(k string) string { return strings.ReplaceAll(k, "1.5", "1,5") }
	if got := p.Size(4_100_000_000); got != "4,1 GB" {
		t.Errorf("with a decimal comma: %q", got)
	}
}

func TestDatesAsAPersonSaysThem(t *testing.T) {
	p := presenter(t)
	for _, c := range []struct{ got, want string }{
		{p.date(Day{2026, time.November, 30}), "30 November"},
		{p.date(Day{2027, time.May, 31}), "31 May 2027"},
		{p.Stamp(Day{2026, time.November, 3}), "03 NOV 26"},
		{p.Stamp(Day{2027, time.May, 31}), "31 MAY 27"},
		{p.moment(at(t, "2026-11-22 00:00:00")), "today 00:00"},
		{p.moment(at(t, "2026-11-21 23:59:59")), "yesterday 23:59"},
		{p.moment(at(t, "2026-05-03 09:05:00")), "3 May 09:05"},
		{p.sinceDay(at(t, "2026-11-19 09:05:00")), "Thursday"},
		{p.sinceDay(at(t, "2025-05-03 09:05:00")), "3 May 2025"},
		{p.Words("%s device", "%s devices", 3), "Three devices"},
		{p.Words("%s device", "%s devices", 23), "23 devices"},
		{p.List([]string{"a", "b", "c"}), "a, b and c"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestADayThatLosesAnHourIsStillADay(t *testing.T) {
	p := presenter(t)
	p.Now = at(t, "2027-03-27 23:30:00")
	if got := p.sinceDay(at(t, "2027-03-26 23:45:00")); got != "yesterday" {
		t.Errorf("got %q", got)
	}
	p.Now = at(t, "2027-03-29 00:10:00")
	if got := p.moment(at(t, "2027-03-28 01:00:00")); got != "yesterday 01:00" {
		t.Errorf("got %q", got)
	}
}

func TestMonthsClamp(t *testing.T) {
	if got := (Day{2026, time.January, 31}).addMonths(1); got != (Day{2026, time.February, 28}) {
		t.Errorf("31 January and a month is %v", got)
	}
	if got := (Day{2028, time.February, 29}).addMonths(12); got != (Day{2029, time.February, 28}) {
		t.Errorf("29 February and a year is %v", got)
	}
}

// What was not checked is never green, wherever it is shown.
func TestNothingUncheckedIsGreen(t *testing.T) {
	p := presenter(t)
	decided := []consent.Decided{consent.Expired, consent.Withdrawn, consent.Revoked, consent.Refused, consent.Requested, consent.Unknown}
	seen := []consent.Seen{"", consent.NotChecked, consent.CannotTell, consent.Flowing}
	states := []consent.ActionState{consent.Pending, consent.Running, consent.Done, consent.Waiting, consent.NeedsPerson, consent.Stuck}
	levels := []consent.Level{consent.NoLevel, consent.Accepted, consent.Configured, consent.Effective}
	rapid.Check(t, func(t *rapid.T) {
		a := consent.Action{
			Kind: consent.ActBlock, State: rapid.SampledFrom(states).Draw(t, "state"), Level: rapid.SampledFrom(levels).Draw(t, "level"), Connection: "k1",
		}
		s := rapid.SampledFrom(seen).Draw(t, "seen")
		if s != "" {
			a.Evidence = []consent.Evidence{{At: p.Now, Seen: s}}
		}
		c := engine.ConsentInfo{Actions: []consent.Action{a}, DeviceName: "x"}
		c.Decided, c.Seen = rapid.SampledFrom(decided).Draw(t, "decided"), s
		c.Expires, c.Ended = p.Now.Add(-time.Hour), p.Now.Add(-time.Hour)
		c.Headline = consent.HeadlineOf(c.Consent, c.Actions, p.Now)
		card := p.Card(c, time.Time{})
		if card.Severity == Fresh || card.Truths.SeenSeverity == Fresh || card.Truths.DoneSeverity == Fresh {
			t.Fatalf("green although %q: %+v", s, card)
		}
		if line, sev := p.Result(engine.DeviceInfo{}, a); sev == Fresh {
			t.Fatalf("result green although %q: %s", s, line)
		}
		pill, sev := p.pill(engine.DeviceInfo{Strays: 1}, []engine.ConsentInfo{c})
		if sev == Fresh || pill == "" {
			t.Fatalf("pill %q is %v", pill, sev)
		}
	})
}

// The twin of the property: what was seen to stop may be green.
func TestWhatStoppedIsGreen(t *testing.T) {
	p := presenter(t)
	a := consent.Action{Kind: consent.ActBlock, State: consent.Done, Level: consent.Effective, Evidence: []consent.Evidence{{At: p.Now, Seen: consent.Stopped}}}
	if _, sev := p.Result(engine.DeviceInfo{}, a); sev != Fresh {
		t.Errorf("severity %v", sev)
	}
}

// Banned on screen (product.md), whatever the state of things.
func TestWordsOfTheScreen(t *testing.T) {
	p := presenter(t)
	var keys []string
	p.Translate = func(k string) string { keys = append(keys, k); return k }
	in := home(t)
	p.Home(in)
	p.Permissions(in.Consents, Query{})
	p.Devices(in.Devices, in.Consents, Query{})
	p.Device(oneDevice(t))
	p.Connectors(ConnectorsInput{Info: engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{gateway(t)}}})
	for _, k := range keys {
		for _, w := range strings.FieldsFunc(strings.ToLower(k), func(r rune) bool { return r < 'a' || r > 'z' }) {
			switch w {
			case "host", "node", "client", "endpoint", "grant", "rule", "policy", "ttl", "lease", "quarantine", "ban", "integration", "driver", "adapter", "audit":
				t.Errorf("%q says %q", k, w)
			}
		}
	}
}

// What devices say about themselves is cleaned before it is shown.
func TestHostileNames(t *testing.T) {
	p := presenter(t)
	d := device("d1", "Bell\u202egnp.exe\x00\x1b[31m", "Ma\nker", discovery.KindDoorbell, 0.9)
	d.Recipients, d.CoveredBy = []string{"evil\u2066.example"}, []string{"Gateway"}
	page := p.Device(DeviceInput{Device: d, Flows: []engine.FlowInfo{{Destination: "a\tb\u202e.example", Protocol: "tcp"}}})
	for _, s := range []string{page.Name, page.Line, page.Sends[0].To, p.Devices([]engine.DeviceInfo{d}, nil, Query{}).Rows[1].Receives} {
		if strings.ContainsAny(s, "\u202e\u2066\x00\x1b\n\t") {
			t.Errorf("not cleaned: %q", s)
		}
	}
}

func TestShortTermsAreCountedInSecondsAndMinutes(t *testing.T) {
	p := presenter(t)
	c := consent.Consent{Decided: consent.Given, Expires: p.Now.Add(90 * time.Second), ExpiresCivil: "2026-11-22T14:05:10"}
	if got := p.left(c); got != "90 seconds" {
		t.Errorf("got %q", got)
	}
	c.Expires = p.Now.Add(40 * time.Minute)
	if got := p.endsIn(c); got != "It ends in 40 minutes." {
		t.Errorf("got %q", got)
	}
}
