package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
)

func TestEveryProblemLeadsToItsPlace(t *testing.T) {
	p := presenter(t)
	for id, want := range map[string]string{
		"clock": AnswerClock, "quarantine/consent/c1": string(PageSettings), "files": string(PageSettings), "diary seal": string(PageDiary),
		"action/a1": AnswerRetry, "connection/k1": string(PageConnectors), "review/c1": string(PageReview), "something new": "",
	} {
		got := p.problems([]engine.Problem{{ID: id, Text: "something is wrong"}})[0]
		if got.Action.ID != want || got.Word == "" || (got.Action.Label == "") != (want == "") {
			t.Errorf("%s leads to %+v, want %q", id, got.Action, want)
		}
	}
}

// TestDamagedRecordsAreNamedAndBounded: their names come from a damaged file.
func TestDamagedRecordsAreNamedAndBounded(t *testing.T) {
	var in BackupsInput
	for range 20 {
		in.Damaged = append(in.Damaged, engine.Quarantined{What: "consent", Key: "c1\x1b[31m", Reason: "its checksum is wrong."})
	}
	rows := presenter(t).backupRows(in, false)
	if len(rows) != 2 || !strings.Contains(rows[1].Detail, "and 14 others") || strings.Contains(rows[1].Detail, "\x1b") {
		t.Errorf("rows %+v", rows)
	}
	if rows := presenter(t).backupRows(BackupsInput{}, false); len(rows) != 1 {
		t.Errorf("nothing is damaged, and yet %+v", rows)
	}
}

// What putting a copy back meant stands beside it, however old it is.
func TestWhatPuttingBackMeantIsSaid(t *testing.T) {
	p := presenter(t)
	in := BackupsInput{Copies: make([]engine.Backup, 6)}
	in.Copies[5] = engine.Backup{Name: "old", Time: p.Now, Restored: p.Now, Outcome: "2 newer decisions were kept. 1 newer decisions cannot be read any more: look through all permissions."}
	rows := p.backupRows(in, false)
	if last := rows[len(rows)-1]; last.ID != SetRestore+"old" || !strings.Contains(last.Detail, "cannot be read any more: look through all permissions") {
		t.Errorf("%+v", last)
	}
	in.Copies[5].Outcome = ""
	if rows := p.backupRows(in, false); rows[len(rows)-1].ID == SetRestore+"old" {
		t.Error("without an outcome the old copy has no row")
	}
}
