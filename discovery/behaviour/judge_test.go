package behaviour

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bestbefore/discovery/flow"
)

var today = time.Date(2026, 11, 20, 0, 0, 0, 0, berlin)

// ordinary is a month of a device that sends a megabyte to its maker each day at noon.
func ordinary() *Learner {
	l := NewLearner(berlin)
	for n := 1; n <= HistoryDays; n++ {
		l.Add(sends(today.AddDate(0, 0, -n).Add(12*time.Hour), "maker", mB))
	}
	return l
}

func sends(at time.Time, who string, up uint64) Row {
	r := Row{Who: who, Name: who}
	r.Hour, r.Up, r.Count, r.Protocol, r.Port = at.UTC(), up, 1, "tcp", 443
	r.Destination.Address = place(who, 0)
	return r
}

func judged(rows ...Row) []Finding {
	return Usual().Judge(ordinary().History(DateOf(today)), rows, Subject{}, berlin)
}

// The evidence is what a person needs: how much, how much otherwise, to whom, when.
func TestEvidence(t *testing.T) {
	at := func(h int) time.Time { return today.Add(time.Duration(h) * time.Hour) }
	got := judged(sends(at(2), "x", 30*mB), sends(at(3), "x", 70*mB), sends(at(12), "maker", mB))
	want := []Finding{{
		Kind: Volume, Day: "2026-11-20", From: at(2).UTC(), To: at(4).UTC(), Bytes: 101 * mB, UsualBytes: mB, MostlyTo: "x", New: true, Days: HistoryDays,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestWhatIsOrdinary(t *testing.T) {
	at := func(h int) time.Time { return today.Add(time.Duration(h) * time.Hour) }
	update := sends(at(3), "updates", 20*mB)
	update.Down = 800 * mB
	home := sends(at(3), "storage at home", 20*gB)
	home.Home = true
	refused := sends(at(3), "x", 20*gB)
	refused.Refused = true
	for name, rows := range map[string][]Row{
		"an update is fetched, not sent": {update}, "what stays at home": {home}, "what was turned away": {refused}, "ten times as much, to the maker, at noon": {sends(at(12), "maker", 10*mB)},
		"nothing": nil,
	} {
		if got := judged(rows...); len(got) > 0 {
			t.Errorf("%s: %v", name, brief(got[0]))
		}
	}
}

// A device that is new is learned first; only searching is never usual.
func TestLearningFirst(t *testing.T) {
	l := NewLearner(berlin)
	for n := 1; n < Usual().LearnDays; n++ {
		l.Add(sends(today.AddDate(0, 0, -n), "maker", kB))
	}
	rows := []Row{sends(today.Add(time.Hour), "x", 50*gB)}
	if got := Usual().Judge(l.History(DateOf(today)), rows, Subject{}, berlin); len(got) > 0 {
		t.Errorf("while it is learned: %s", brief(got[0]))
	}
	for n := range 300 {
		r := sends(today.Add(time.Hour), "x", 60)
		r.Destination.Address, r.Port = netip.AddrFrom4([4]byte{198, 51, byte(n), 7}), 23
		rows = append(rows, r)
	}
	if got := Usual().Judge(l.History(DateOf(today)), rows, Subject{}, berlin); len(got) != 1 || got[0].Kind != Search || got[0].Port != 23 || got[0].Hosts != 256 {
		t.Errorf("a search: %+v", got)
	}
}

// What stands for a person is never judged by when or how much, and no time is told.
func TestPersonsAreNotWatched(t *testing.T) {
	rows := []Row{sends(today.Add(3*time.Hour), "x", 50*gB)}
	for n := range 5000 {
		r := sends(today.Add(12*time.Hour), "x", 60)
		r.Destination.Address, r.Port = netip.AddrFrom4([4]byte{198, byte(n >> 8), byte(n), 7}), 445
		rows = append(rows, r)
	}
	got := Usual().Judge(ordinary().History(DateOf(today)), rows, Subject{Coarse: true}, berlin)
	if len(got) != 1 || got[0].Kind != Search || !got[0].From.IsZero() || !got[0].To.IsZero() {
		t.Errorf("%+v", got)
	}
	if twin := Usual().Judge(ordinary().History(DateOf(today)), rows, Subject{}, berlin); len(twin) != 2 || twin[0].Kind != Volume || twin[1].Kind != Search {
		t.Errorf("the twin, no person: %+v", twin)
	}
}

// A device of which nobody knows what it is counts as a person's: on the port of
// a well-known service it need not try as many to be told of, and on the ports of
// calls and shared files it may.
func TestAnUnknownDeviceThatSearches(t *testing.T) {
	for port, want := range map[uint16]bool{23: true, 22: true, 445: true, 443: false, 80: false, 6881: false} {
		var rows []Row
		for n := range 250 {
			r := sends(today.Add(12*time.Hour), "x", 60)
			r.Destination.Address, r.Port = netip.AddrFrom4([4]byte{198, 51, byte(n), 7}), port
			rows = append(rows, r)
		}
		if got := Usual().Judge(ordinary().History(DateOf(today)), rows, Subject{Coarse: true}, berlin); len(got) > 0 != want {
			t.Errorf("port %d: %+v", port, got)
		}
	}
}

// A call sends and is answered; a copy only sends.
func TestACallIsAConversation(t *testing.T) {
	call := sends(today.Add(16*time.Hour), "calls", 150*mB)
	call.Down = 150 * mB
	if got := judged(call); len(got) > 0 {
		t.Errorf("a call: %s", brief(got[0]))
	}
	if call.Down = 3 * mB; len(judged(call)) != 1 {
		t.Error("the twin, without an answer, is not told")
	}
}

// The night in which the clock goes back has an hour twice, and Santiago's day
// in spring has no midnight: every day is one day all the same.
func TestDaysOfAllZones(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/Santiago", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"} {
		loc := mustZone(zone)
		l := NewLearner(loc)
		end := time.Date(2026, 12, 1, 12, 0, 0, 0, loc)
		for at := end.AddDate(0, -3, 0); at.Before(end); at = at.Add(time.Hour) {
			l.Add(sends(at, "maker", kB))
		}
		h := l.History(DateOf(end))
		if len(h.Days) != HistoryDays || h.Knows("maker") != HistoryDays || h.Days[0].Date != DateOf(end).Add(-HistoryDays) || h.Days[HistoryDays-1].Date != DateOf(end).Add(-1) {
			t.Errorf("%s: %d days, %v to %v", zone, len(h.Days), h.Days[0].Date, h.Days[len(h.Days)-1].Date)
		}
	}
}

func anyRow(t *rapid.T) Row {
	r := Row{Who: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "who"), Home: rapid.Bool().Draw(t, "home")}
	r.Hour = today.Add(time.Duration(rapid.IntRange(-24*40, 23).Draw(t, "hour")) * time.Hour).UTC()
	r.Up, r.Down, r.Count = rapid.Uint64Range(0, 1<<41).Draw(t, "up"), rapid.Uint64Range(0, 1<<41).Draw(t, "down"), rapid.Uint64Range(0, 1<<20).Draw(t, "count")
	r.Protocol, r.Port = flow.Protocol(rapid.SampledFrom([]string{"tcp", "udp", "dns", "", "icmp"}).Draw(t, "protocol")), rapid.Uint16().Draw(t, "port")
	r.Refused = rapid.Bool().Draw(t, "refused")
	if rapid.Bool().Draw(t, "address") {
		r.Destination.Address = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "at")))
	}
	return r
}

// Whatever is stored: nothing breaks, the order does not matter, every finding
// has its evidence, and a device that sends nothing more is told nothing more of.
func TestJudgeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(anyRow), 0, 120).Draw(t, "rows")
		l := NewLearner(berlin)
		var day []Row
		for _, r := range all {
			if DateOf(r.Hour.In(berlin)) == DateOf(today) {
				day = append(day, r)
			} else {
				l.Add(r)
			}
		}
		h := l.History(DateOf(today))
		s := Subject{Coarse: rapid.Bool().Draw(t, "coarse"), Stores: rapid.Bool().Draw(t, "stores")}
		tight := Limits{SearchHour: 2, SearchDay: 2, SearchUDP: 2, SearchCoarse: 2, DoorsHour: 2, StrangerHosts: 1, VolumeBytes: 1, NewBytes: 1, StoreBytes: 1, OddBytes: 1, OddShare: 1, OddQuiet: 1}
		got := tight.Judge(h, day, s, berlin)
		slices.Reverse(day)
		if diff := cmp.Diff(got, tight.Judge(h, day, s, berlin)); diff != "" {
			t.Fatalf("another order\n%s", diff)
		}
		for _, f := range got {
			if f.Size() == 0 || f.Day != "2026-11-20" || f.To.Before(f.From) || f.Days != len(h.Days) || s.Coarse && !f.From.IsZero() {
				t.Fatalf("%+v", f)
			}
			if f.Kind == Volume && f.Bytes < tight.VolumeBytes || f.Kind == Search && f.Hosts < 2 || f.Kind == Doors && f.Ports < 2 {
				t.Fatalf("%+v", f)
			}
		}
		for _, r := range day { // the twin: what was learned is usual
			l.Add(r)
		}
		tomorrow := l.History(DateOf(today).Add(1))
		for _, f := range Usual().Judge(tomorrow, day, Subject{}, berlin) {
			if f.Kind == Strangers || f.New {
				t.Fatalf("told as new on the day after: %+v", f)
			}
		}
	})
}
