package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Access that ends by itself stands on the axis of the year beside the
// permissions; without its end it does not.
func TestTheYearShowsWhenAccessEnds(t *testing.T) {
	p, cs := presenter(t), home(t).Consents
	all := accesses(t)
	all[2].Consents = []consent.ID{"c1"}
	more := all[2]
	more.Name, more.Consents = "Second", nil
	with := p.Permissions(cs, Query{}, append(all, more)...).Timeline.Marks
	without := p.Permissions(cs, Query{}).Timeline.Marks
	var labels []string
	for _, m := range with {
		if strings.Contains(m.Label, "at Account") {
			labels = append(labels, m.When+" "+m.Label+" "+string(MarkRoute(m.ID).Page))
		}
	}
	if want := []string{"1 Nov Access “without a name” at Account access", "30 Nov 2 accesses at Account review"}; !slices.Equal(labels, want) || len(with) != len(without)+2 {
		t.Errorf("%q, %d marks and %d without", labels, len(with), len(without))
	}
	for i := range all { // the twin: what never ends by itself has no mark
		all[i].Expires = time.Time{}
	}
	if got := p.Permissions(cs, Query{}, all...).Timeline.Marks; len(got) != len(without) {
		t.Errorf("%d marks", len(got))
	}
}

// T33 in the window: the card and the review say that the token ends before the permission.
func TestT33TheWindowSaysThatTheAccessEndsEarlier(t *testing.T) {
	p := presenter(t)
	c := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2027-05-31", consent.Fresh)
	says := func() bool {
		card := p.Permissions([]engine.ConsentInfo{c}, Query{}).Cards[0].StatusLine
		review := p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}}).Subline
		const want = "The access it goes by runs out earlier, on 3 March 2027"
		if strings.Contains(card, want) != strings.Contains(review, want) {
			t.Errorf("card %q, review %q", card, review)
		}
		return strings.Contains(card, want)
	}
	if says() {
		t.Error("it is said of one that does not")
	}
	c.EndsEarlier = at(t, "2027-03-03 10:00:00")
	if !says() {
		t.Error("it is not said")
	}
	c.Decided = consent.Withdrawn
	if says() {
		t.Error("it is said of one that has ended")
	}
}
