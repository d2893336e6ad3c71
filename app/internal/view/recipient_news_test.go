package view

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

func TestNewRecipientsAreAskedAboutOnceForEachDevice(t *testing.T) {
	in := home(t)
	in.Overview.New = []engine.News{{Kind: NewsRecipients, Device: "d2", Names: []string{"Metrics Co", "198.51.100.9", "ads.example", "more.example", "x.example"}}}
	got := presenter(t).Home(in).News[0]
	if got.Lead+got.Text != "Living room TV sends to somebody new: Metrics Co, unnamed (198.51.100.9), ads.example and 2 others." {
		t.Errorf("%q", got.Lead+got.Text)
	}
	var answers []string
	for _, a := range got.Actions {
		answers = append(answers, a.ID)
	}
	if diff := cmp.Diff([]string{AnswerAllow, AnswerStop, AnswerFine}, answers); diff != "" {
		t.Error(diff)
	}
	kind, device, ref := ParseNews(got.ID)
	if kind != NewsRecipients || device != "d2" {
		t.Errorf("%q, %q", kind, device)
	}
	if diff := cmp.Diff(in.Overview.New[0].Names, NewNames(ref)); diff != "" {
		t.Error(diff)
	}
}

// TestTheMessageOfTheDayNamesNewRecipientsToo: grouped with reminders, or alone.
func TestTheMessageOfTheDayNamesNewRecipientsToo(t *testing.T) {
	p, in := presenter(t), home(t)
	met := []engine.NewRecipient{{Device: "d2", Name: "Metrics Co"}, {Device: "d2", Name: "ads.example"}}
	alone := p.WithNew(p.Notice(nil, in.Consents, true), met, in.Devices)
	if alone.Title != "Somebody new receives data" || alone.Body != "Living room TV sends to somebody new: Metrics Co and ads.example." || alone.Open.Page != PageHome || alone.Consent != "" {
		t.Errorf("%+v", alone)
	}
	both := p.WithNew(p.Notice([]consent.Reminder{{Consent: "c1"}}, in.Consents, true), met, in.Devices)
	if both.Consent != "c1" || both.Title == alone.Title || len(both.Actions) == 0 || both.Count != 3 {
		t.Errorf("%+v", both)
	}
	if none := p.WithNew(Notice{Title: "x"}, nil, nil); none.Title != "x" || none.Body != "" {
		t.Errorf("%+v", none)
	}
}
