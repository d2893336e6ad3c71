package live

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// settingsPump shows the settings and hands back what they say now.
func settingsPump(t *testing.T, f *fake) (*Pump, func(row string) view.SettingRow) {
	t.Helper()
	p, s := pump(t, f)
	p.Shown(view.Route{Page: view.PageSettings})
	return p, func(id string) view.SettingRow {
		t.Helper()
		s.settle()
		for _, g := range s.settings.Groups {
			for _, r := range g.Rows {
				if r.ID == id {
					return r
				}
			}
		}
		return view.SettingRow{}
	}
}

func TestACopyIsMadeAndPutBackFromTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, row := settingsPump(t, f)
		if r := row(view.SetBackup); r.Button.Label == "" || row(view.SetRestore+"evidence-1").ID != "" {
			t.Fatalf("at first %+v", r)
		}
		p.BackupNow()
		if r := row(view.SetBackup); r.Outcome.Severity != view.Fresh || !strings.Contains(r.Outcome.Line, "40 kB") {
			t.Fatalf("after one was made %+v", r)
		}
		if r := row(view.SetRestore + "evidence-1"); r.Sure == "" || !r.Danger {
			t.Fatalf("a copy is put back without a question: %+v", r)
		}
		p.Restore("evidence-1")
		if r := row(view.SetRestore + "evidence-1"); r.Button.ID != view.SetKeep || !f.backups[0].Wanted {
			t.Fatalf("after it was asked for %+v", r)
		}
		p.Restore("")
		if r := row(view.SetRestore + "evidence-1"); r.Button.ID != view.SetRestore+"evidence-1" || f.backups[0].Wanted {
			t.Fatalf("after the wish was taken back %+v", r)
		}
	})
}

func TestTheCalendarIsSavedWhereItWasAskedFor(t *testing.T) {
	for want, refusal := range map[view.Severity]error{view.Fresh: nil, view.Still: errors.New("the disk is full")} {
		synctest.Test(t, func(t *testing.T) {
			var path string
			f := &fake{devices: oneDevice("Bell"), consents: func() []engine.ConsentInfo { return make([]engine.ConsentInfo, 2) }}
			f.save = func(to string, all []engine.ConsentInfo, _ time.Time) error {
				path = to
				if len(all) != 2 {
					t.Errorf("%d permissions", len(all))
				}
				return refusal
			}
			p, row := settingsPump(t, f)
			p.SaveCalendar("dates.ics")
			if r := row(view.SetCalendar); r.Outcome.Severity != want || path != "dates.ics" {
				t.Errorf("saved to %q, said %+v", path, r.Outcome)
			}
		})
	}
}

func TestThePersonSaysThatTheClockIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, s := pump(t, f)
		p.Problem("clock", view.AnswerClock)
		s.settle()
		if f.asked["clock"] != 1 || len(s.toasts) != 1 {
			t.Errorf("asked %v, said %v", f.asked, s.toasts)
		}
	})
}
