package picture

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/ui/diary"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

func connectorsPage(adapt func(any)) ui.Page {
	p := connectors.New(connectors.Commands{
		OpenForm: func(string) {}, OpenFound: func(string, map[string]string) {}, Connect: func(string, map[string]string, map[string]string) {},
		Remove: func(string) {}, Test: func(string) {}, ShowLog: func(string) {},
	})
	s := view.Connectors{
		Loaded: true, Sentence: "Dates can be kept: something can end a flow on its day.",
		Subline: "Only what you connect yourself is asked. Passwords stay in this computer's key store.",
		Rows: []view.ConnectionRow{{
			ID: "k1", Name: "Linux router", KindLine: "Linux router · connected 3 May", Pill: "working", State: view.Fresh,
			Lines:  []string{"Sees: every flow that passes this box, with bytes and destination", "Stops: one recipient of a device, or the whole device, at once", "Keeps 4 dates for you now"},
			Remove: view.ActionLink{ID: "k1", Label: "Remove"}, Test: view.ActionLink{ID: "k1", Label: "Test"}, Log: view.ActionLink{ID: "k1", Label: "Show log"},
			Held: []string{"Front door bell to Bell Maker from 1 December."},
		}},
		Kinds: []view.KindRow{{
			Kind: "mqtt", Name: "MQTT broker", Sees: "Which kinds of data each device publishes.", Stops: "A device's account at the broker.",
			Needs: "Mosquitto with dynamic security", Connect: view.ActionLink{ID: "mqtt", Label: "Connect"},
		}},
	}
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func diaryPage(adapt func(any)) ui.Page {
	p := diary.New(diary.Commands{Open: func(view.Route) {}, Find: func(view.Query) {}, Older: func() {}, Check: func() {}, Save: func() {}})
	line := func(seq uint64, ago time.Duration, kind ledger.Kind, device, text string) engine.DiaryEntry {
		e := engine.DiaryEntry{Text: text, DeviceName: device}
		e.Seq, e.Time, e.Kind, e.Device = seq, pictureNow().Add(-ago), kind, "d"
		return e
	}
	s := presenter().Diary(view.DiaryInput{Entries: []engine.DiaryEntry{
		line(6, 5*time.Minute, consent.NoteRelapse, "Living room TV", "It sends again: 41 requests to Example Ads were seen since 13:58."),
		line(5, time.Hour, consent.NoteAction, "Living room TV", "Linux router confirms: what it sends to Example Ads is blocked, open transfers included."),
		line(4, time.Hour, consent.NoteExpired, "Living room TV", "Its permission to send what you watch to Example Ads ended."),
		line(3, 26*time.Hour, consent.NoteRecipientNew, "Front door bell", "Front door bell now sends to Metrics Co, which no permission covers."),
		line(2, 26*time.Hour, consent.NoteFine, "Front door bell", "You said that Front door bell may go on sending to Metrics Co (clicked)."),
		line(1, 50*time.Hour, consent.NoteGiven, "Front door bell", "You allowed it to send video to Bell Maker until 30 November."),
	}}, view.Query{})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

// troubledHome is the home page with each kind of trouble in its place.
func troubledHome() view.Home {
	s := homeFixture()
	s.Problems = presenter().Home(view.HomeInput{Overview: engine.Overview{Devices: 1, Unusual: unusualFixture(), Problems: []engine.Problem{
		{ID: "clock", Text: "the clock of this computer went back by 2 days", Fix: "Set the date and time of this computer, or say that they are right; it goes on by itself."},
		{ID: "quarantine/consent/c7k2", Text: "a damaged record was set aside (consent c7k2: its checksum is wrong)", Fix: "Everything else goes on."},
		{ID: "action/a1", Text: "Living room TV: the router does not answer", Fix: "Try again, or do it by hand."},
	}}}).Problems
	return s
}
