package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// leftBehind is all that decisions leave behind, without what is random.
type leftBehind struct {
	Consents, Versions []consent.Consent
	Actions            []consent.Action
	Diary              []string
}

func leavings(t testing.TB, s *Store, ids int) leftBehind {
	t.Helper()
	ctx := t.Context()
	l := leftBehind{Consents: value(s.Consents(ctx))(t), Actions: value(s.Actions(ctx))(t)}
	for i := range ids {
		l.Versions = append(l.Versions, value(s.ConsentVersions(ctx, consent.ID(fmt.Sprintf("c%d", i))))(t)...)
	}
	for _, e := range value(s.Diary(ctx, ledger.Query{}))(t) {
		l.Diary = append(l.Diary, fmt.Sprintf("%d %s %s %s", e.Seq, e.Kind, e.Consent, e.Text))
	}
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() {
		t.Fatalf("diary: %+v", r)
	}
	return l
}

// drawDecisions makes a page in which permissions and marks come more than once,
// and some decisions rest on a version that is not the stored one.
func drawDecisions(r *rapid.T, ids int) []consent.Decision {
	stale := rapid.Bool().Draw(r, "may be stale")
	versions := map[consent.ID]int{}
	var out []consent.Decision
	for i := range rapid.IntRange(1, 70).Draw(r, "decisions") {
		c := given(consent.ID(fmt.Sprintf("c%d", rapid.IntRange(0, ids-1).Draw(r, "permission"))), noon.Add(time.Hour))
		c.Version = versions[c.ID] + 1
		versions[c.ID] = c.Version
		if c.Version > 1 {
			c.Decided = consent.Expired
		}
		d := consent.Decision{Consent: c, Expect: c.Version - 1}
		if stale && rapid.IntRange(0, 40).Draw(r, "stale") == 0 {
			d.Consent.Version, d.Expect = d.Consent.Version+1, d.Expect+1
		}
		for k := range rapid.IntRange(0, 2).Draw(r, "actions") {
			d.Actions = append(d.Actions, consent.Action{
				ID: consent.ActionID(fmt.Sprintf("a%d-%d", i, k)), Kind: consent.ActBlock, Device: "d1", Consent: c.ID, State: consent.Pending, Created: noon, DueAt: noon,
				Mark: rapid.SampledFrom([]string{consent.MarkFor(c.ID), "device-d1", "consent-c1"}).Draw(r, "mark"),
			})
		}
		d.Notes = append(d.Notes, ledger.Note{Time: noon, Kind: consent.NoteGiven, Consent: string(c.ID), Text: fmt.Sprint("decision ", i)})
		out = append(out, d)
	}
	return out
}

// A page of decisions leaves what the same decisions leave one after the other;
// where one of them cannot be, the page leaves nothing.
func TestAPageIsItsDecisionsInTurn(t *testing.T) {
	const ids = 40
	rapid.Check(t, func(r *rapid.T) {
		ctx := t.Context()
		ds := drawDecisions(r, ids)
		one, page := open(t, testConfig(t.TempDir())), open(t, testConfig(t.TempDir()))
		var fault error
		for _, d := range ds {
			if fault = one.Decide(ctx, d); fault != nil {
				break
			}
		}
		err := page.DecideAll(ctx, ds)
		if (err == nil) != (fault == nil) || errors.Is(err, consent.ErrChanged) != errors.Is(fault, consent.ErrChanged) {
			r.Fatalf("one by one: %v; as a page: %v", fault, err)
		}
		got := leavings(t, page, ids)
		if err != nil {
			if len(got.Consents)+len(got.Versions)+len(got.Actions)+len(got.Diary) > 0 {
				r.Fatalf("a page that failed left %+v", got)
			}
			return
		}
		if diff := cmp.Diff(leavings(t, one, ids), got); diff != "" {
			r.Fatalf("one by one (-), as a page (+):\n%s", diff)
		}
	})
}
