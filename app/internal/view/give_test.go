package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/recipient"
)

func giving(t *testing.T, d GiveDraft) GiveInput {
	d.DeviceID = "d1"
	return GiveInput{Device: devices(t)[0], Flows: flows(t), Connections: []engine.ConnectionInfo{gateway(t)}, Draft: d}
}

func TestSeveralDestinationsAreOneNamedRecipient(t *testing.T) {
	p := presenter(t)
	for _, c := range []struct {
		name string
		d    GiveDraft
		want consent.Recipient
	}{
		{
			"one that was seen keeps its name",
			GiveDraft{Recipients: []string{"to:Bell Maker"}},
			consent.Recipient{Name: "Bell Maker", Destinations: []string{"events.bell.example", "video.bell.example"}},
		},
		{
			"two that were seen",
			GiveDraft{Recipients: []string{"to:metrics.example", "to:198.51.100.7"}},
			consent.Recipient{Name: "metrics.example and 1 other", Destinations: []string{"198.51.100.7", "metrics.example"}},
		},
		{
			"a name of the person's own",
			GiveDraft{Recipients: []string{"to:metrics.example", "to:198.51.100.7"}, Name: "Metrics"},
			consent.Recipient{Name: "Metrics", Destinations: []string{"198.51.100.7", "metrics.example"}},
		},
		{
			"typed ones share a domain",
			GiveDraft{Typing: "Video.Bell-Maker.example., cdn.bell-maker.example"},
			consent.Recipient{Name: "bell-maker.example", Destinations: []string{"cdn.bell-maker.example", "video.bell-maker.example"}},
		},
		{
			"as the command line takes it",
			GiveDraft{Typing: "Bell Maker=198.51.100.10,video.bell-maker.example"},
			consent.Recipient{Name: "Bell Maker", Destinations: []string{"198.51.100.10", "video.bell-maker.example"}},
		},
		{
			"addresses alone are counted",
			GiveDraft{Typing: "198.51.100.10 2001:db8::1 198.51.100.0/24"},
			consent.Recipient{Name: "3 addresses", Destinations: []string{"198.51.100.0/24", "198.51.100.10", "2001:db8::1"}},
		},
		{
			"a country's second level is nobody's name",
			GiveDraft{Typing: "a.co.uk, b.co.uk"},
			consent.Recipient{Name: "a.co.uk and 1 other", Destinations: []string{"a.co.uk", "b.co.uk"}},
		},
		{"everybody", GiveDraft{Recipients: []string{RecipientAny}}, consent.Recipient{Name: "everybody", Any: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := p.Request(giving(t, c.d)).Recipient
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if _, err := got.Normal(); err != nil {
				t.Errorf("the engine would refuse it: %v", err)
			}
		})
	}
}

func TestWhatIsTypedIsCheckedAsOnTheCommandLine(t *testing.T) {
	p := presenter(t)
	for _, typed := range []string{"not a host", "nobody", "0.0.0.0/0", "Bell=", "=", "a..example", "-x.example", "<b>.example", "999.999.999.999", strings.Repeat("a", 300) + ".example"} {
		d, why := p.Settle(GiveDraft{Typing: typed, Recipients: []string{"to:x"}})
		if why == "" || len(d.Added) != 0 || len(d.Recipients) != 1 {
			t.Errorf("%q became %+v", typed, d)
		}
	}
	d, why := p.Settle(GiveDraft{Typing: "a.example,b.example", Recipients: []string{RecipientAny}})
	if why != "" || slices.Contains(d.Recipients, RecipientAny) || len(d.Added) != 2 || d.Typing != "" {
		t.Errorf("everybody and somebody: %+v, %q", d, why)
	}
	if again, _ := p.Settle(d); !cmp.Equal(again, d) {
		t.Error("a settled draft changes again")
	}
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"a.example", "Bell=198.51.100.1,b.example", "\u202e=", "::1%eth0", ",,,", "=a.b=c.d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Presenter{Now: time.Unix(1_800_000_000, 0)}
		d, why := p.Settle(GiveDraft{Typing: s})
		if why != "" || len(d.Recipients) == 0 {
			return
		}
		r := p.Request(GiveInput{Draft: d}).Recipient
		if _, err := r.Normal(); err != nil && len(r.Destinations) <= consent.MaxDestinations {
			t.Errorf("%q was taken and gives %+v: %v", s, r, err)
		}
	})
}

func TestTheTermOfADraft(t *testing.T) {
	p := presenter(t) // 22 November 2026, 14:03:40 in Berlin
	today := Day{2026, time.November, 22}
	for _, c := range []struct {
		name          string
		d             GiveDraft
		term, confirm string
		stamp         string
	}{
		{"an hour", GiveDraft{PresetID: "1h"}, "PT1H", "Give for an hour", "22 NOV 26 15:03"},
		{"today", GiveDraft{PresetID: "today"}, "2026-11-22", "Give until midnight", "22 NOV 26 "},
		{"a month", GiveDraft{PresetID: "1m"}, "P1M", "Give until 22 December", "22 DEC 26 "},
		{"a year", GiveDraft{PresetID: "12m"}, "P12M", "Give until 22 November 2027", "22 NOV 27 "},
		{"a day", GiveDraft{Until: Day{2027, time.March, 3}}, "2027-03-03", "Give until 3 March 2027", "03 MAR 27 "},
		{"a time today", GiveDraft{Until: today, At: "14:10"}, "2026-11-22T14:10", "Give until 14:10 today", "22 NOV 26 14:10"},
		{"written with a point", GiveDraft{Until: today, At: "18.05"}, "2026-11-22T18:05", "Give until 18:05 today", "22 NOV 26 18:05"},
		{"written without a mark", GiveDraft{Until: today, At: "1805"}, "2026-11-22T18:05", "Give until 18:05 today", "22 NOV 26 18:05"},
		{"a time of another day", GiveDraft{Until: Day{2026, time.November, 30}, At: "8:00"}, "2026-11-30T08:00", "Give until 30 November, 08:00", "30 NOV 26 08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.d.Recipients, c.d.Data = []string{RecipientAny}, []string{"usage"}
			in := giving(t, c.d)
			got := p.Give(in)
			if got.Missing != "" || got.Confirm != c.confirm || got.StampText+" "+got.StampTime != c.stamp {
				t.Errorf("got %q, %q, %q", got.Missing, got.Confirm, got.StampText+" "+got.StampTime)
			}
			if r := p.Request(in); r.Until != c.term {
				t.Errorf("asks for %q, want %q", r.Until, c.term)
			}
		})
	}
}

func TestATimeThatCannotBeIsSaid(t *testing.T) {
	p := presenter(t)
	for at, want := range map[string]string{
		"14:03": "That moment has already passed.", "25:00": "Write the time as 18:00.", "1": "Write the time as 18:00.", "noon": "Write the time as 18:00.", "12:5": "Write the time as 18:00.",
	} {
		got := p.Give(giving(t, GiveDraft{Recipients: []string{RecipientAny}, Data: []string{"usage"}, Until: p.today(), At: at}))
		if got.Missing != want || len(got.Preview) != 0 {
			t.Errorf("%q: %q", at, got.Missing)
		}
	}
	late := p.Give(giving(t, GiveDraft{Recipients: []string{RecipientAny}, Data: []string{"usage"}, Until: Day{2028, time.March, 1}}))
	if late.Missing != "A permission lasts 12 months at most." {
		t.Errorf("too long: %q", late.Missing)
	}
}

func TestSensitiveDataIsPresetToThreeMonths(t *testing.T) {
	p := presenter(t)
	got := p.Give(giving(t, GiveDraft{Recipients: []string{RecipientAny}, Data: []string{"video"}}))
	if got.PresetID != "3m" || got.TermNote == "" || got.Until != (Day{2027, time.February, 22}) {
		t.Errorf("video: %+v", got)
	}
	if got := p.Give(giving(t, GiveDraft{Data: []string{"usage"}})); got.PresetID != "" || got.TermNote != "" {
		t.Errorf("the twin: how it is used needs no proposal, got %q", got.PresetID)
	}
	if got := p.Give(giving(t, GiveDraft{Data: []string{"video"}, PresetID: "12m"})); got.PresetID != "12m" || got.TermNote != "" {
		t.Errorf("what the person chose stays: %q", got.PresetID)
	}
}

func TestWhatIsNotToBeRenewedYetWaitsForNobody(t *testing.T) {
	p := presenter(t)
	fresh := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-12-20", "")
	for _, given := range []string{"2026-11-21 10:00:00", "2026-10-20 10:00:00"} { // with 28 of 29, and of 61 days left
		fresh.Given = at(t, given)
		fresh.Decided = consent.Given
		fresh.Headline = consent.HeadlineOf(fresh.Consent, nil, p.Now)
		renewable := !p.Now.Before(fresh.RenewableFrom())
		all := []engine.ConsentInfo{fresh}
		card, wall := p.Card(fresh, time.Time{}), p.Permissions(all, Query{Filter: FilterSoon})
		review := p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: fresh, Renewable: renewable, RenewableFrom: fresh.RenewableFrom()}})
		home := p.Home(HomeInput{Overview: engine.Overview{Devices: 1, SeenBy: []string{"x"}}, Consents: all})
		if got := card.Action == CardReview; got != renewable {
			t.Errorf("given %s: the card offers %q, renewable %v", given, card.Action, renewable)
		}
		if len(Waiting(all)) > 0 != renewable || len(wall.Cards) > 0 != renewable || review.CanRenew != renewable {
			t.Errorf("given %s: waiting %v, filter %d, review %v", given, Waiting(all), len(wall.Cards), review.CanRenew)
		}
		if got := home.Sentence == "Everything is fresh. The next one ends on 20 December."; got == renewable {
			t.Errorf("given %s: home says %q", given, home.Sentence)
		}
	}
}

func TestAWholeHomeThatIsNewIsOneLine(t *testing.T) {
	p := presenter(t)
	in := HomeInput{Overview: engine.Overview{NewSince: at(t, "2026-11-22 14:00:00")}}
	for i := range 16 {
		d := device("n"+string(rune('a'+i)), "Lamp", "", discovery.KindLight, 0.9)
		d.FirstSeen = at(t, "2026-11-22 14:01:00")
		in.Devices = append(in.Devices, d)
		if i < 8 { // the engine lists eight at most
			in.Overview.New = append(in.Overview.New, engine.News{Kind: "device", Device: d.ID, Text: "Lamp was seen for the first time."})
		}
	}
	got := p.Home(in).News
	if len(got) != 1 || got[0].Lead != "16 devices found" || got[0].Actions[0].ID != AnswerLook {
		t.Errorf("got %+v", got)
	}
	for range 9 {
		in.Overview.New = append(in.Overview.New, engine.News{Kind: "question", Device: "na", Ref: "q", Text: "Is it your phone?"})
	}
	if got := p.Home(in).News; len(got) != newsLines {
		t.Errorf("with nine questions %d lines", len(got))
	}
	in.Devices, in.Overview.New = in.Devices[:2], in.Overview.New[:2]
	if got := p.Home(in).News; len(got) != 2 || got[0].Lead != "Lamp" {
		t.Errorf("the twin: two newcomers are named, got %+v", got)
	}
}

func TestARelapseIsSaid(t *testing.T) {
	p := presenter(t)
	tv := permission(t, "c2", "d2", "TV", discovery.KindTelevision, "Ads", "2026-11-14", consent.EndedStill)
	tv.Seen, tv.SeenAt = consent.Flowing, at(t, "2026-11-22 13:58:00")
	stopped := consent.Evidence{At: at(t, "2026-11-20 09:00:00"), Seen: consent.Stopped}
	flowing := consent.Evidence{At: at(t, "2026-11-22 13:58:00"), Seen: consent.Flowing}
	tv.Actions = []consent.Action{{Kind: consent.ActBlock, State: consent.Done, Evidence: []consent.Evidence{stopped, flowing}}}
	c := p.Card(tv, time.Time{})
	if c.StatusLine != "Ended on 14 November, and sends again" || c.Truths.Seen != "sends again, seen today 13:58; it had stopped when looked at 20 November 09:00" {
		t.Errorf("got %q, %q", c.StatusLine, c.Truths.Seen)
	}
	tv.Actions[0].Evidence = []consent.Evidence{flowing}
	if c := p.Card(tv, time.Time{}); c.StatusLine != "Ended on 14 November, still sending" {
		t.Errorf("the twin: it never stopped, got %q", c.StatusLine)
	}
}

func TestWhoHoldsTheDateIsSaid(t *testing.T) {
	p := presenter(t)
	bell := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-11-30", consent.Soon)
	done := func() string { return p.Truths(bell, time.Time{}).Done }
	if got := done(); !strings.HasPrefix(got, "nothing yet: this computer") {
		t.Errorf("held by nobody: %q", got)
	}
	bell.NeverCut = true // a person marked the device: the sentence above would be a threat that nobody carries out
	if got := done(); got != "nothing yet: you are asked on the day; it is never cut by the clock" {
		t.Errorf("medical: %q", got)
	}
	bell.Remedy = consent.Warn // what is never cut anyway is said as before
	if got := done(); !strings.HasSuffix(got, "nothing is cut") {
		t.Errorf("medical, told only: %q", got)
	}
	bell.Remedy, bell.NeverCut, bell.HeldBy = consent.Block, false, "Gateway"
	if got := done(); !strings.HasSuffix(got, "also with this computer off") {
		t.Errorf("held by the router: %q", got)
	}
	bell.HeldUntilRestart = true
	if got := done(); !strings.HasSuffix(got, "but only until it restarts") {
		t.Errorf("held until it restarts: %q", got)
	}
}

func TestEachTroubleHasItsWordAndItsWayOut(t *testing.T) {
	for _, c := range []struct{ id, word, action string }{
		{"clock", "Clock in doubt:", "The clock is right"},
		{"quarantine/consent/c1", "Set aside:", "Open backups"},
		{"action/a1", "Not done yet:", "Try again"},
		{"relapse/c1", "Sends again:", "What you can do"},
		{"still/c1", "Still sends:", "What you can do"},
		{"connection/k1", "Needs you:", "Open connectors"},
	} {
		got := presenter(t).problems([]engine.Problem{{ID: c.id, Text: "it is so", Fix: "Do this"}})[0]
		if got.Word != c.word || got.Action.Label != c.action || got.Text != "It is so. Do this." && c.id != "quarantine/consent/c1" {
			t.Errorf("%s: %+v", c.id, got)
		}
	}
}

func TestWhatIsStuckCanBeTriedAgainInItsPlace(t *testing.T) {
	p := presenter(t)
	tv := permission(t, "c2", "d2", "TV", discovery.KindTelevision, "Ads", "2026-11-14", consent.EndedStuck)
	a := consent.Action{ID: "a1", Kind: consent.ActBlock, State: consent.Stuck}
	for _, c := range []struct {
		state consent.ActionState
		want  string
	}{{consent.Stuck, "a1"}, {consent.Waiting, "a1"}, {consent.Done, ""}, {consent.Cancelled, ""}} {
		a.State = c.state
		tv.Actions = []consent.Action{a}
		if got := p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: tv}}).Retry.ID; got != c.want {
			t.Errorf("%s: %q", c.state, got)
		}
	}
}

func TestWhatEndsTodayIsSaid(t *testing.T) {
	p := presenter(t)
	for until, want := range map[string]string{
		"2026-11-22": "One permission ends today.", "2026-11-30": "One permission ends this month.", "2026-12-03": "One permission ends soon.",
	} {
		c := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", until, consent.Soon)
		if got := p.endsSentence([]engine.ConsentInfo{c}); got != want {
			t.Errorf("until %s: %q, want %q", until, got, want)
		}
	}
	c := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-11-22", consent.EndedStopped)
	if got := p.endsSentence([]engine.ConsentInfo{c}); got != "One permission ended today, and it stopped." {
		t.Errorf("after its end: %q", got)
	}
}

// What is at home is not offered, since no permission leads there; the twin is a
// household one of whose connections keeps accounts, to which one does.
func TestWhatIsAtHomeIsNotOffered(t *testing.T) {
	for grain, want := range map[connectors.Grain]bool{connectors.GrainRecipient: false, connectors.GrainAccount: true} {
		in := giving(t, GiveDraft{})
		in.Connections[0].Traits.Grain = grain
		in.Flows = append(in.Flows, engine.FlowInfo{Destination: "192.168.77.1", Receiver: engine.Receiver{Purpose: string(recipient.Home)}})
		all := presenter(t).Give(in).Recipients
		if got := slices.ContainsFunc(all, func(c Choice) bool { return c.ID == "to:192.168.77.1" }); got != want || len(all) < 3 {
			t.Errorf("%s: %v in %+v", grain, got, all)
		}
	}
}
