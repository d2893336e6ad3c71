package engine_test

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/mud"
)

// look watches once and lists what waits for an answer.
func (h *home) look() []engine.Unusual {
	h.t.Helper()
	if err := h.WatchBehaviour(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	all, err := h.Unusual(h.t.Context(), true)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// lived is a device of a kind with days of ordinary life until now.
func (h *home) lived(kind discovery.Kind, days int) discovery.DeviceID {
	h.t.Helper()
	h.book()
	h.kind = kind
	id := h.see(bell)
	for n := 1; n <= days; n++ {
		h.add(h.sent(id, "a.maker.example", 1<<20, h.now.AddDate(0, 0, -n)))
	}
	return id
}

// flood is a gigabyte to somebody new, an hour ago.
func (h *home) flood(id discovery.DeviceID) {
	h.t.Helper()
	h.add(h.sent(id, "thief.example", 1<<30, h.now.Add(-time.Hour)))
}

func TestWhatIsOutOfTheOrdinaryIsToldOnceWithItsEvidence(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindCamera, 20)
	if got := h.look(); len(got) != 0 {
		t.Fatalf("an ordinary life: %+v", got)
	}
	h.flood(id)
	for range 3 {
		got := h.look()
		if len(got) != 1 || got[0].Kind != behaviour.Volume || got[0].MostlyTo != "thief.example" || got[0].Device != id {
			t.Fatalf("got %+v", got)
		}
		for _, part := range []string{"1.1 GB", "1024 times as much as on any of the 20 days before", "mostly to thief.example", "between 12:00 and 13:00"} {
			if !strings.Contains(got[0].Text, part) {
				t.Errorf("%q does not say %q", got[0].Text, part)
			}
		}
		h.now = h.now.Add(time.Minute)
	}
	if n := h.noted(string(engine.NoteUnusual)); n != 1 {
		t.Errorf("the diary says it %d times", n)
	}
	o, err := h.Overview(t.Context())
	if err != nil || len(o.Unusual) != 1 {
		t.Errorf("the home page has %+v, %v", o.Unusual, err)
	}
	as, err := h.st.Actions(t.Context())
	cs, err2 := h.Consents(t.Context())
	if err != nil || err2 != nil || len(as)+len(cs) != 0 {
		t.Errorf("it decided something: %v %v", as, cs)
	}
	h.now = h.now.AddDate(0, 0, 8)
	if got := h.look(); len(got) != 0 {
		t.Errorf("a week later it still waits: %+v", got)
	}
}

// What is odd in the night and a flood by noon is one thing, and is told once; on
// another day it is another.
func TestWhatGrowsIntoAnotherKindIsToldOnce(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindCamera, 30)
	night := time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC) // in Berlin half past two
	h.now = night.Add(time.Minute)
	h.add(h.sent(id, "thief.example", 20<<20, night))
	first := h.look()
	if len(first) != 1 || first[0].Kind != behaviour.OddHours {
		t.Fatalf("in the night: %+v", first)
	}
	h.now = night.Add(9 * time.Hour)
	h.add(h.sent(id, "thief.example", 4<<30, h.now.Add(-time.Hour)))
	if got := h.look(); len(got) != 1 || got[0].Kind != behaviour.Volume || got[0].ID != first[0].ID {
		t.Errorf("at noon: %+v", got)
	}
	if n := h.noted(string(engine.NoteUnusual)); n != 1 {
		t.Errorf("the diary says it %d times", n)
	}
	h.now = h.now.Add(26 * time.Hour)
	for n := range 300 { // the twin: another kind of thing
		r := h.sent(id, fmt.Sprintf("198.51.%d.%d", n/250, n%250+1), 60, h.now)
		r.Port = 23
		h.add(r)
	}
	if got := h.look(); len(got) != 2 {
		t.Errorf("a search beside it: %+v", got)
	}
}

// The twin is a phone: when and how much a person sends is nobody's business.
func TestPersonsAreNotJudged(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindPhone, 20)
	h.flood(id)
	if got := h.look(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	if d, err := h.Declared(t.Context(), id); err != nil || d.Basis != engine.BasisPerson || len(d.Seen.Rows)+len(d.Undeclared.Rows) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestThatsFineHolds(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindCamera, 20)
	h.flood(id)
	first := h.look()
	if err := h.Usual(t.Context(), []string{first[0].ID}, "test"); err != nil {
		t.Fatal(err)
	}
	if err := h.Usual(t.Context(), []string{first[0].ID}, "test"); err == nil {
		t.Error("it was answered twice")
	}
	h.flood(id)
	if got := h.look(); len(got) != 0 {
		t.Errorf("twice as much is told again: %+v", got)
	}
	if text, err := h.Undo(t.Context()); err != nil || !strings.Contains(text, "the answer") {
		t.Fatalf("Undo() = %q, %v", text, err)
	}
	if got := h.look(); len(got) != 1 {
		t.Errorf("after undo %+v", got)
	}
	if err := h.Usual(t.Context(), []string{first[0].ID}, "test"); err != nil {
		t.Fatal(err)
	}
	for range 10 { // far more than what was fine
		h.flood(id)
	}
	if got := h.look(); len(got) != 1 || got[0].ID == first[0].ID {
		t.Errorf("ten times as much is not told: %+v", got)
	}
	if err := h.ToldUnusual(t.Context(), []string{h.look()[0].ID}); err != nil || !h.look()[0].Told {
		t.Errorf("told: %v", err)
	}
}

// What a device does is deleted with what was seen of it.
func TestBehaviourIsForgottenWithTheDevice(t *testing.T) {
	for _, all := range []bool{false, true} {
		h := newHome(t)
		id := h.lived(discovery.KindCamera, 20)
		h.flood(id)
		h.look()
		if _, err := h.Declare(t.Context(), engine.DeclareRequest{Device: id, File: lamp(t), Name: "lamp.json", How: "test"}); err != nil {
			t.Fatal(err)
		}
		r := engine.ForgetRequest{Device: id, How: "test"}
		if all {
			r = engine.ForgetRequest{All: true, How: "test"}
		}
		if _, err := h.Forget(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"declared", "unusual", "usual_weeks"} {
			if s, err := h.st.Setting(t.Context(), key); err != nil || s != "" {
				t.Errorf("%s is still kept: %q, %v", key, s, err)
			}
		}
		if d, err := h.Declared(t.Context(), id); err != nil || d.Basis != engine.BasisNone {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

// A period that is deleted takes what was out of the ordinary in it along, and no more.
func TestWhatWasOutOfTheOrdinaryGoesWithItsDays(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindCamera, 20)
	h.flood(id)
	h.look()
	forget := func(from, to string) int {
		t.Helper()
		if _, err := h.Forget(t.Context(), engine.ForgetRequest{From: from, To: to, How: "test"}); err != nil {
			t.Fatal(err)
		}
		all, err := h.Unusual(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := forget("2026-11-20", "2026-11-21"); n != 1 {
		t.Errorf("%d are left after other days went", n)
	}
	if n := forget("2026-11-21", "2026-11-22"); n != 0 {
		t.Errorf("%d are left after their day went", n)
	}
}

func lamp(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../discovery/mud/testdata/rfc8520.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(rs engine.DeclaredRows) string {
	var out []string
	for _, r := range rs.Rows {
		out = append(out, r.Name)
	}
	return strings.Join(out, " ")
}

// The light bulb of RFC 8520: it may talk to test.example.com on port 443, over IPv6.
func TestSaidAgainstSeen(t *testing.T) {
	h := newHome(t)
	id := h.lived(discovery.KindLight, 3)
	first, err := h.Declare(t.Context(), engine.DeclareRequest{Device: id, File: lamp(t), Name: "lamp.json", How: "test"})
	if err != nil || first.Basis != engine.BasisFile || first.Source != "lamp.json" || names(first.Never) != "test.example.com" || first.Said.SystemInfo != "The BMS Example Light Bulb" {
		t.Fatalf("%+v, %v", first, err)
	}
	asked := h.sent(id, "test.example.com", 0, h.now)
	asked.Protocol, asked.Port = "dns", 0
	bare := h.sent(id, "2001:db8::7", 10, h.now)
	h.add(asked, bare)
	got, err := h.Declared(t.Context(), id)
	if err != nil || names(got.Seen) != "test.example.com" || len(got.Never.Rows) != 0 || names(got.Undeclared) != "a.maker.example" || !strings.Contains(names(got.Unclear), "2001:db8::7") {
		t.Errorf("%+v, %v", got, err)
	}
	other := h.sent(id, "ads.example", 99, h.now)
	other.Destination.Address = netip.MustParseAddr("2001:db8::9")
	h.add(other)
	if got, err = h.Declared(t.Context(), id); err != nil || names(got.Undeclared) != "a.maker.example ads.example" {
		t.Errorf("%+v, %v", got, err)
	}
	if h.noted(string(engine.NoteDeclared)) != 1 {
		t.Error("the diary does not say who gave it")
	}
	if err := h.Undeclare(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	if got, err = h.Declared(t.Context(), id); err != nil || got.Basis != engine.BasisLearning {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.Declare(t.Context(), engine.DeclareRequest{Device: id, File: []byte("<html>"), Name: "page", How: "test"}); err == nil || !strings.Contains(err.Error(), "RFC 8520") {
		t.Errorf("a page was taken for a description: %v", err)
	}
}

// An announced description is fetched only when a person says so, and only one
// that says that it is that one.
func TestAnAnnouncedDescriptionWaitsForAPerson(t *testing.T) {
	h := newHome(t)
	h.kind = discovery.KindLight
	asked := 0
	answer := lamp(t)
	h.FetchDescription = func(_ context.Context, at *url.URL) ([]byte, error) {
		asked++
		if at.String() != "https://lighting.example.com/lightbulb2000" {
			t.Errorf("asked for %s", at)
		}
		return answer, nil
	}
	id := h.see(bell)
	if _, err := h.Declare(t.Context(), engine.DeclareRequest{Device: id, How: "test"}); err == nil || asked != 0 {
		t.Errorf("nothing is announced: %v", err)
	}
	h.Sight(discovery.Sighting{
		Source: discovery.SourceMDNS, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bell}},
		Facts: []discovery.Fact{{Key: mud.FactURL, Value: "https://lighting.example.com/lightbulb2000"}},
	})
	h.look()
	d, err := h.Declared(t.Context(), id)
	if err != nil || d.Announced == "" || d.By != discovery.SourceMDNS || asked != 0 {
		t.Fatalf("%+v, %v, asked %d times", d, err, asked)
	}
	if d, err = h.Declare(t.Context(), engine.DeclareRequest{Device: id, How: "test"}); err != nil || d.Basis != engine.BasisFetched || asked != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	answer = []byte(strings.ReplaceAll(string(answer), "lightbulb2000", "somethingelse"))
	if _, err := h.Declare(t.Context(), engine.DeclareRequest{Device: id, How: "test"}); err == nil || !strings.Contains(err.Error(), "belongs to") {
		t.Errorf("another device's description was taken over: %v", err)
	}
}

func TestTheUsualWeek(t *testing.T) {
	h := newHome(t)
	h.book()
	h.kind = discovery.KindCamera
	id := h.see(bell)
	begin := h.now
	for n := range 7 {
		h.now = begin.AddDate(0, 0, n)
		h.add(h.sent(id, "a.maker.example", 10, h.now), h.sent(id, "once.example", 10, h.now))
		h.look()
	}
	if d, err := h.Declared(t.Context(), id); err != nil || d.Basis != engine.BasisLearning || d.From != "2026-11-22" || d.To != "2026-11-28" {
		t.Fatalf("%+v, %v", d, err)
	}
	h.now = begin.AddDate(0, 0, 7)
	h.look()
	h.add(h.sent(id, "b.maker.example", 10, h.now), h.sent(id, "metrics.example", 10, h.now), h.sent(id, "198.51.100.9", 10, h.now))
	d, err := h.Declared(t.Context(), id)
	if err != nil || d.Basis != engine.BasisWeek || names(d.Seen) != "b.maker.example" || names(d.Never) != "once.example" || names(d.Undeclared) != "metrics.example" || names(d.Unclear) != "198.51.100.9" {
		t.Fatalf("%+v, %v", d, err)
	}
	// It stays what it was, also after a restart.
	h.now = h.now.AddDate(0, 0, 3)
	h.look()
	if d, err = h.Declared(t.Context(), id); err != nil || d.From != "2026-11-22" || names(d.Undeclared) != "metrics.example" {
		t.Errorf("%+v, %v", d, err)
	}
}

// A week in which something was out of the ordinary is nobody's usual week.
func TestTheUsualWeekIsQuiet(t *testing.T) {
	h := newHome(t)
	h.kind = discovery.KindCamera
	id := h.see(bell)
	begin := h.now
	for n := range 12 {
		h.now = begin.AddDate(0, 0, n)
		h.add(h.sent(id, "a.maker.example", 10, h.now))
		if n == 2 {
			h.add(search(h, id)...)
		}
		h.look()
	}
	d, err := h.Declared(t.Context(), id)
	if err != nil || d.Basis != engine.BasisWeek || d.From != "2026-11-25" {
		t.Errorf("%+v, %v", d, err)
	}
}

// search is a botnet's: 300 computers on port 23.
func search(h *home, id discovery.DeviceID) []flow.Record {
	var out []flow.Record
	for n := range 300 {
		r := h.sent(id, fmt.Sprintf("198.51.%d.%d", n/250, n%250+1), 60, h.now)
		r.Port = 23
		out = append(out, r)
	}
	return out
}

func TestItsOwnNameServerIsSaidUnderCoverage(t *testing.T) {
	h := newHome(t)
	h.resolvers = []netip.Addr{netip.MustParseAddr("203.0.113.53")}
	h.kind = discovery.KindTelevision
	id := h.see(bell)
	names := func(to string, port uint16) string {
		t.Helper()
		r := h.sent(id, to, 100, h.now)
		r.Protocol, r.Port = "udp", port
		h.add(r)
		h.now = h.now.Add(7 * time.Hour)
		h.look()
		d, err := h.Device(t.Context(), string(id))
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, n := range d.Sight.OwnNames {
			out += n.Name + "/" + string(n.How) + " "
		}
		return strings.TrimSpace(out)
	}
	if got := names("203.0.113.53", 53) + names("192.168.1.1", 53); got != "" {
		t.Errorf("the home's own: %q", got)
	}
	if got := names("8.8.8.8", 53); got != "Google Public DNS/own" {
		t.Errorf("got %q", got)
	}
	if got := names("1.1.1.1", 443); got != "Cloudflare DNS/encrypted Google Public DNS/own" {
		t.Errorf("got %q", got)
	}
	if o, err := h.Overview(t.Context()); err != nil || o.OwnNames != 1 {
		t.Errorf("%d, %v", o.OwnNames, err)
	}
}

// What is missing is said, for each device.
func TestWhatIsMissingToSeeMore(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	d, err := h.Device(t.Context(), string(id))
	if err != nil || len(d.Sight.By) != 0 || len(d.Sight.Missing) != 1 || d.Sight.Missing[0] != engine.MissingAny {
		t.Errorf("%+v, %v", d.Sight, err)
	}
	if _, err := h.Declared(t.Context(), "nobody"); err == nil {
		t.Error("nobody has a declaration")
	}
}
