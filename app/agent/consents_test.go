package main

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// The command line says of an end what the window says: the moment here, the zone
// in which it was agreed, two more days, and how long a peer keeps the date.
func TestBestBeforeSaysWhereItWasAgreed(t *testing.T) {
	berlin, york := place(t, "Europe/Berlin"), place(t, "America/New_York")
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	term, err := consent.ParseTerm("2027-05-31", now, berlin)
	if err != nil {
		t.Fatal(err)
	}
	by := consent.Decider{By: "you", How: "test", Now: now, Zone: berlin}
	c, err := consent.New(consent.Request{ID: "c1", Device: "d1", Recipient: consent.Recipient{Any: true}, Term: term, Remedy: consent.Block, Decider: by})
	if err != nil {
		t.Fatal(err)
	}
	if got := bestBefore(c, berlin); len(got) != 1 {
		t.Errorf("at home: %q", got)
	}
	got := strings.Join(bestBefore(c, york), "\n")
	holds(t, got, "Mon 31 May 2027 18:00:00", "agreed in the time zone Europe/Berlin; the moment is the same")
	more, _, err := consent.Grace(c, consent.MaxGrace, by)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, strings.Join(bestBefore(more, berlin), "\n"), "two more days were given, once: it ends Thu 3 Jun 2027 00:00:00")
	c.Term, c.Expires, c.ExpiresCivil = consent.Term{Kind: consent.NoEnd}, time.Time{}, ""
	holds(t, strings.Join(bestBefore(c, berlin), "\n"), "no end; you are asked about it on 1 March 2028")
}

func TestWhoKeepsTheDateAndHowLong(t *testing.T) {
	i := engine.ConsentInfo{HeldBy: "Gateway", HeldUntilRestart: true}
	if got := keeper(i); got != "Gateway keeps the date with this program off, but only until it restarts." {
		t.Errorf("%q", got)
	}
	i.HeldUntilRestart, i.HeldNote = false, "It is kept on its disk."
	if got := keeper(i); got != "Gateway keeps the date with this program off. It is kept on its disk." {
		t.Errorf("%q", got)
	}
	if got := keeper(engine.ConsentInfo{}); got != "" {
		t.Errorf("nobody: %q", got)
	}
}

// What does not rest has its words on the command line too: what sends again, what
// a clock in doubt has blocked, what is stuck. The twin of each has none.
func TestWhatDoesNotRestIsSaid(t *testing.T) {
	stopped := time.Date(2027, 3, 1, 9, 0, 0, 0, time.Local)
	again := engine.ConsentInfo{Actions: []consent.Action{{Evidence: []consent.Evidence{
		{At: stopped, Seen: consent.Stopped}, {At: stopped.Add(time.Hour), Seen: consent.Flowing},
	}}}}
	again.Seen = consent.Flowing
	if got := seenWords(again); got != "flowing: it sends again; it had stopped when looked at on 1 March 2027 09:00" {
		t.Errorf("%q", got)
	}
	if out := consentOut(again); out.Relapsed == nil || !out.Relapsed.Equal(stopped) {
		t.Errorf("relapsed %v", out.Relapsed)
	}
	again.Actions[0].Evidence = again.Actions[0].Evidence[1:]
	if got := seenWords(again); got != "flowing" || consentOut(again).Relapsed != nil {
		t.Errorf("it never stopped: %q", got)
	}
	for _, x := range []struct {
		decided consent.Decided
		a       consent.Action
		want    string
	}{
		{consent.Given, consent.Action{Kind: consent.ActBlock, Origin: consent.FromDoubt, State: consent.Done}, "clock is in doubt"},
		{consent.Given, consent.Action{Kind: consent.ActBlock, Origin: consent.FromDoubt, State: consent.Cancelled}, ""},
		{consent.Expired, consent.Action{Kind: consent.ActBlock, State: consent.Stuck}, `"step c1" says how`},
		{consent.Expired, consent.Action{Kind: consent.ActGuide, State: consent.NeedsPerson}, `"step c1" says how`},
		{consent.Expired, consent.Action{Kind: consent.ActBlock, State: consent.Done}, ""},
	} {
		i := engine.ConsentInfo{Actions: []consent.Action{x.a}}
		i.ID, i.Decided = "c1", x.decided
		if got := unsettled(i); (got == "") != (x.want == "") || !strings.Contains(got, x.want) {
			t.Errorf("%s, %+v: %q", x.decided, x.a, got)
		}
	}
}

// TestExtendAndVersions: two more days, once; and all that was decided is listed.
func TestExtendAndVersions(t *testing.T) {
	dir, _ := household(t)
	does(t, dir, "allow", named(t, dir, bellMAC), "--to", "Bell Maker="+bellTo, "--until", "2h")
	id := rows(t, dir, "consents")[0]["id"].(string)
	holds(t, does(t, dir, "extend", id), "two more days were given, once")
	fails(t, dir, "once", "extend", id)
	does(t, dir, "undo")
	fails(t, dir, "once", "extend", id)
	does(t, dir, "end", id)
	holds(t, does(t, dir, "consents", id, "--versions"), "version 1: given", "version 2: given", "two more days included", "version 3: given", "version 4: withdrawn")
	if got := does(t, dir, "consents", id); strings.Contains(got, "version 1") {
		t.Errorf("the versions come unasked: %q", got)
	}
}

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
