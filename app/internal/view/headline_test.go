package view

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Nothing is called fresh while the end of something is not known, for whatever
// headline a permission may have; the twin has only fresh ones.
func TestFreshIsSaidOnlyOfWhatIsFresh(t *testing.T) {
	p := presenter(t)
	for _, h := range []consent.Headline{
		consent.Soon, consent.EndedStopped, consent.EndedNotTried, consent.EndedUnchecked, consent.EndedPending,
		consent.EndedStuck, consent.EndedPerson, consent.EndedStill, consent.Fresh,
	} {
		live := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Bell Maker", "2027-06-01", consent.Fresh)
		other := permission(t, "c2", "d2", "TV", discovery.KindTelevision, "TV Maker", "2026-11-22", h)
		other.Decided = consent.Expired
		if h == consent.Soon || h == consent.Fresh {
			other.Decided = consent.Given
		}
		got := p.endsSentence([]engine.ConsentInfo{live, other})
		settled := h == consent.Fresh || h == consent.EndedNotTried // it was configured, and nothing was tried since
		if strings.HasPrefix(got, "Everything is fresh.") != settled {
			t.Errorf("%s: %q", h, got)
		}
	}
}

// What is said of a device follows its permissions: an ended one is no yes.
func TestAnEndedPermissionIsNoYes(t *testing.T) {
	p := presenter(t)
	send := func(s standing) SendRow { return SendRow{standing: s} }
	for want, sends := range map[string][]SendRow{
		"It sends to one recipient, with your permission.":                                                                   {send(agreed)},
		"It sent to one recipient whose permission has ended since.":                                                         {send(over)},
		"It sends to one recipient, and nobody has agreed to it. It sent to one recipient whose permission has ended since.": {send(stray), send(over)},
		"It sends to two recipients; one has no permission.":                                                                 {send(stray), send(agreed), send(everyday)},
		"It asks only for what every device asks for, such as the time.":                                                     {send(everyday)},
		"It still sends although its permission has ended.":                                                                  {send(agreed), {standing: over, PillState: Still}},
	} {
		if got := p.deviceSentence(engine.DeviceInfo{}, sends); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A row says how its recipient stands; what every device asks for needs no date.
func TestHowARecipientStands(t *testing.T) {
	ended := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Bell Maker", "2026-11-20", consent.EndedStopped)
	ended.Decided = consent.Expired
	given := permission(t, "c2", "d1", "Bell", discovery.KindDoorbell, "Other", "2027-06-01", consent.Fresh)
	given.Decided = consent.Given
	in := DeviceInput{Device: devices(t)[0], Consents: []engine.ConsentInfo{ended, given}, Flows: []engine.FlowInfo{
		{Recipient: "Bell Maker", Consent: "c1", BytesUp: 4},
		{Recipient: "Other", Consent: "c2", BytesUp: 3},
		{Destination: "ntp.example", Receiver: engine.Receiver{Purpose: "time"}, BytesUp: 2},
		{Destination: "ads.example", Receiver: engine.Receiver{Purpose: "ads"}, BytesUp: 1},
	}}
	want := []standing{over, agreed, everyday, stray}
	for i, row := range presenter(t).sends(in) {
		if row.standing != want[i] || (row.Allow.Label != "") != (row.standing == stray) || (row.PillState == None) != (row.standing == everyday) {
			t.Errorf("%s: %+v", row.To, row)
		}
	}
}

// A device that was not heard for a day is not said to be at home.
func TestWhatWasHereBeforeIsNotAtHome(t *testing.T) {
	p := presenter(t)
	ds := devices(t)[:2]
	for away, want := range map[bool]string{false: "Two devices are at home.", true: "One device is at home. One was here before."} {
		ds[1].LastSeen = p.Now.Add(-time.Hour)
		if away {
			ds[1].LastSeen = p.Now.Add(-50 * time.Hour)
		}
		if got := p.devicesSentence(p.here(ds), len(ds), 0); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := strings.Contains(p.deviceRow(ds[1], nil).Line, "last here"); got != away {
			t.Errorf("away %v: %q", away, p.deviceRow(ds[1], nil).Line)
		}
	}
}

// TestWhoSeesOnlyNamesIsNotSaidToSeeWhatIsSent: what the first page says is as deep as
// the best of what is connected; the twin is a router that sees it all.
func TestWhoSeesOnlyNamesIsNotSaidToSeeWhatIsSent(t *testing.T) {
	for _, x := range []struct {
		depth          connectors.Depth
		covered, named int
		sentence       string
		sub            string
	}{
		{connectors.SeesPresence, 0, 0, "I can see who is here, not yet what they send.", ""},
		{connectors.SeesKinds, 0, 0, "I can see who is here, not yet what they send.", ""},
		{connectors.SeesNames, 0, 3, "I can see which names your home asks for, not what it sends. Nothing has a date yet.", "which names 3 ask for"},
		{connectors.SeesThrough, 2, 0, "I can see a part of what your home sends. Nothing has a date yet.", "we can see what 2 of them send"},
		{connectors.SeesTraffic, 5, 0, "I can see what your home sends. Nothing has a date yet.", "we can see what 5 of them send"},
	} {
		h := presenter(t).Home(HomeInput{Overview: engine.Overview{Devices: 5, SeenBy: []string{"x"}, Depth: x.depth, Covered: x.covered, Named: x.named}})
		if h.Sentence != x.sentence || !strings.Contains(h.Subline, x.sub) || x.sub == "" && strings.Contains(h.Subline, "see what") {
			t.Errorf("%v: %q, %q", x.depth, h.Sentence, h.Subline)
		}
	}
}

// TestARefusedNameIsNotCalledStopped: nor is it said that nobody knows anything of it.
func TestARefusedNameIsNotCalledStopped(t *testing.T) {
	p := presenter(t)
	c := permission(t, "c1", "d1", "TV", discovery.KindTelevision, "Ads", "2026-11-21", consent.EndedUnchecked)
	c.Seen, c.Actions = consent.CannotTell, []consent.Action{{Kind: consent.ActBlock, State: consent.Done, Level: consent.Effective}}
	if got := p.statusLine(c); got != "Ended on 21 November, and refused since. Whether it sends another way cannot be seen" {
		t.Errorf("%q", got)
	}
	c.Actions[0].Level = consent.Accepted
	if got := p.statusLine(c); got != "Ended on 21 November. Nobody can see whether it still sends" {
		t.Errorf("the twin: %q", got)
	}
}
