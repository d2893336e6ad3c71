package picture

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/diary"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

func diaryPage(adapt func(any)) ui.Page {
	p := diary.New(diary.Commands{Open: func(view.Route) {}, Find: func(view.Query) {}, Older: func() {}, Check: func() {}, Save: func() {}})
	line := func(seq uint64, ago time.Duration, kind ledger.Kind, device, text string) engine.DiaryEntry {
		e := engine.DiaryEntry{Text: text, DeviceName: device}
		e.Seq, e.Time, e.Kind, e.Device = seq, pictureNow().Add(-ago), kind, "d"
		return e
	}
	ended := pictureNow().Sub(permissionInfos()[0].Ended)
	given := pictureNow().Sub(bellConsent().Given)
	s := presenter().Diary(view.DiaryInput{Entries: []engine.DiaryEntry{
		line(6, 5*time.Minute, consent.NoteRelapse, "Living room TV", "It sends again: 41 requests to Example Ads were seen since 13:58."),
		line(5, ended-2*time.Minute, consent.NoteAction, "Living room TV", "Linux router confirms: what it sends to Example Ads is blocked, open transfers included."),
		line(4, ended, consent.NoteExpired, "Living room TV", "Its permission to send what you watch to Example Ads ended."),
		line(3, ended+26*time.Hour, consent.NoteRecipientNew, "Front door bell", "Front door bell now sends to Metrics Co, which no permission covers."),
		line(2, ended+26*time.Hour, consent.NoteFine, "Front door bell", "You said that Front door bell may go on sending to Metrics Co (clicked)."),
		line(1, given, consent.NoteGiven, "Front door bell", "You allowed it to send video to Bell Maker until 30 November."),
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
