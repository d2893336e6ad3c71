package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func reminders(cs []engine.ConsentInfo) []consent.Reminder {
	var out []consent.Reminder
	for _, c := range cs {
		out = append(out, consent.Reminder{Consent: c.ID, Version: c.Version, Stage: 7})
	}
	return out
}

func TestNoticeOfOnePermission(t *testing.T) {
	bell := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-30", consent.Soon)
	all := []engine.ConsentInfo{bell}
	n := presenter(t).Notice(reminders(all), all, true)
	if n.Title != "Front door bell → Bell Maker" || n.Body != "It ends in 8 days. If you do nothing, it lapses." {
		t.Errorf("got %q, %q", n.Title, n.Body)
	}
	var labels []string
	for _, a := range n.Actions {
		labels = append(labels, a.Label)
	}
	if got := strings.Join(labels, ", "); got != "Renew for six months, Let it lapse, Open" || n.Renewal != "P6M" {
		t.Errorf("offered %q, renewal %q", got, n.Renewal)
	}
	if n.Open != (Route{Page: PageReview, Arg: "c1"}) {
		t.Errorf("leads to %v", n.Open)
	}
	if n := presenter(t).Notice(reminders(all), all, false); len(n.Actions) != 2 {
		t.Errorf("without a window it offers %v", n.Actions)
	}
}

func TestNoticeOfTheResultAsksNothing(t *testing.T) {
	tv := permission(t, "c2", "d2", "Living room TV", discovery.KindTelevision, "Example Ads", "2026-11-21", consent.EndedStill)
	all := []engine.ConsentInfo{tv}
	n := presenter(t).Notice(reminders(all), all, true)
	if n.Body != "Ended on 21 November, still sending." || len(n.Actions) != 1 {
		t.Errorf("got %q with %v", n.Body, n.Actions)
	}
}

func TestNoticeOfManyIsOneMessageOfBoundedLength(t *testing.T) {
	var all []engine.ConsentInfo
	for range 40 {
		c := permission(t, "c1", "d1", "x", discovery.KindDoorbell, "y", "2026-11-30", consent.Soon)
		c.ID = consent.ID("c" + string(rune('a'+len(all))))
		c.DeviceName, c.Recipient.Name = strings.Repeat("W", 5000), "<img src=x>\u202e\x1b[31m"
		all = append(all, c)
	}
	n := presenter(t).Notice(reminders(all), all, true)
	if n.Title != "40 permissions need a look" || !strings.HasSuffix(n.Body, "and 36 others") {
		t.Errorf("got %q, %q", n.Title, n.Body)
	}
	if len(n.Body) > 2000 || strings.ContainsAny(n.Body, "\x1b\u202e") || len(n.Actions) != 1 {
		t.Errorf("%d bytes, %v: %q", len(n.Body), n.Actions, n.Body)
	}
}
