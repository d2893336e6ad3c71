package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// newOnes are the names of who began to receive, after a look.
func (h *home) newOnes() []string {
	h.t.Helper()
	if err := h.WatchRecipients(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	all, err := h.NewRecipients(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, n := range all {
		out = append(out, n.Name)
	}
	return out
}

// noted counts the diary's lines of a kind.
func (h *home) noted(kind string) int {
	h.t.Helper()
	es, err := h.Diary(h.t.Context(), engine.DiaryQuery{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	n := 0
	for _, e := range es {
		if string(e.Kind) == kind {
			n++
		}
	}
	return n
}

func (h *home) met(t *testing.T) discovery.DeviceID {
	t.Helper()
	h.book()
	h.kind = discovery.KindCamera
	id := h.see(bell)
	h.add(h.sent(id, "a.maker.example", 10, h.now))
	if got := h.newOnes(); len(got) != 0 {
		t.Fatalf("in its first week this is new: %v", got)
	}
	h.now = h.now.Add(8 * 24 * time.Hour)
	return id
}

// TestWhoBeginsToReceiveIsAskedAboutOnce: after a usual week, and not the same company's next domain.
func TestWhoBeginsToReceiveIsAskedAboutOnce(t *testing.T) {
	h := newHome(t)
	id := h.met(t)
	h.add(h.sent(id, "b.maker.example", 10, h.now), h.sent(id, "metrics.example", 10, h.now))
	for range 3 {
		if got := h.newOnes(); !slices.Equal(got, []string{"metrics.example"}) {
			t.Fatalf("new are %v", got)
		}
	}
	if n := h.noted(string(consent.NoteRecipientNew)); n != 1 {
		t.Errorf("the diary says it %d times", n)
	}
	o, err := h.Overview(t.Context())
	if err != nil || len(o.New) == 0 || o.New[0].Kind != "recipient" || !slices.Equal(o.New[0].Names, []string{"metrics.example"}) {
		t.Errorf("the home page has %+v, %v", o.New, err)
	}
	// An unanswered question is never a decision: nothing was allowed and nothing is asked of a peer.
	cs, err := h.Consents(t.Context())
	as, err2 := h.st.Actions(t.Context())
	if err != nil || err2 != nil || len(cs) != 0 || len(as) != 0 {
		t.Errorf("without an answer: %v %v, %v %v", cs, as, err, err2)
	}
}

func TestAPermissionEndsTheUsualWeekAndCoversItsOwn(t *testing.T) {
	h := newHome(t)
	h.book()
	h.kind = discovery.KindCamera
	id := h.see(bell)
	h.add(h.sent(id, "a.maker.example", 10, h.now))
	h.newOnes()
	h.allow(id, "Video", "video.example")
	h.now = h.now.Add(time.Hour)
	h.add(h.sent(id, "video.example", 10, h.now), h.sent(id, "ads.example", 10, h.now))
	if got := h.newOnes(); !slices.Equal(got, []string{"ads.example"}) {
		t.Errorf("new are %v", got)
	}
}

// TestNobodyIsAskedAboutPersons: the twin of a camera is a phone.
func TestNobodyIsAskedAboutPersons(t *testing.T) {
	h := newHome(t)
	h.met(t)
	h.kind = discovery.KindPhone
	phone := h.see("00:11:22:33:44:99")
	h.add(h.sent(phone, "new.example", 10, h.now))
	h.newOnes()
	h.now = h.now.Add(8 * 24 * time.Hour)
	h.add(h.sent(phone, "newer.example", 10, h.now))
	if got := h.newOnes(); len(got) != 0 {
		t.Errorf("new are %v", got)
	}
}

func TestThatsFineIsAnAnswerThatCanBeTakenBack(t *testing.T) {
	h := newHome(t)
	id := h.met(t)
	h.add(h.sent(id, "metrics.example", 10, h.now))
	h.newOnes()
	if err := h.Fine(t.Context(), id, []string{"metrics.example"}, "test"); err != nil {
		t.Fatal(err)
	}
	if got := h.newOnes(); len(got) != 0 || h.noted(string(consent.NoteFine)) != 1 {
		t.Errorf("still new: %v", got)
	}
	if err := h.Fine(t.Context(), id, []string{"metrics.example"}, "test"); err == nil {
		t.Error("it was answered twice")
	}
	if text, err := h.Undo(t.Context()); err != nil || !strings.Contains(text, "the answer") {
		t.Fatalf("Undo() = %q, %v", text, err)
	}
	if got := h.newOnes(); !slices.Equal(got, []string{"metrics.example"}) {
		t.Errorf("after undo new are %v", got)
	}
}

// TestStopItBlocksWithoutEverHavingAllowed: and undo lifts it and asks again.
func TestStopItBlocksWithoutEverHavingAllowed(t *testing.T) {
	h := newHome(t)
	id := h.met(t)
	h.add(h.sent(id, "metrics.example", 10, h.now))
	h.newOnes()
	r := engine.AllowRequest{Device: id, Recipient: consent.Recipient{Name: "metrics.example", Destinations: []string{"metrics.example"}}, How: "test"}
	if _, err := h.Refuse(t.Context(), r); err == nil {
		t.Fatal("nothing is connected that could stop it")
	}
	h.connect(true)
	c, err := h.Refuse(t.Context(), r)
	if err != nil || !c.Refused() || len(c.Actions) != 1 || c.Actions[0].Kind != consent.ActBlock || c.Actions[0].State != consent.Pending {
		t.Fatalf("Refuse() = %+v, %v", c, err)
	}
	if got := h.newOnes(); len(got) != 0 {
		t.Errorf("still new: %v", got)
	}
	if _, err := h.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	back, err := h.Consent(t.Context(), c.ID)
	if err != nil || back.Decided != consent.Unknown || back.Actions[0].Kind != consent.ActUnblock {
		t.Errorf("after undo %s, %+v, %v", back.Decided, back.Actions, err)
	}
	if got := h.newOnes(); !slices.Equal(got, []string{"metrics.example"}) {
		t.Errorf("after undo new are %v", got)
	}
	if r, err := h.VerifyDiary(t.Context()); err != nil || !r.OK() {
		t.Errorf("the diary: %v, %v", r, err)
	}
}

func TestWhoWasNamedInAMessageIsNotNamedAgain(t *testing.T) {
	h := newHome(t)
	id := h.met(t)
	h.add(h.sent(id, "metrics.example", 10, h.now))
	h.newOnes()
	all, err := h.NewRecipients(t.Context())
	if err != nil || len(all) != 1 || all[0].Told {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := h.Told(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if all, err = h.NewRecipients(t.Context()); err != nil || len(all) != 1 || !all[0].Told {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestAPermissionWithoutAnEndStays: it is no damaged record.
func TestAPermissionWithoutAnEndStays(t *testing.T) {
	h := newHome(t)
	r := engine.AllowRequest{Device: h.see(bell), Recipient: consent.Recipient{Name: "Maker", Destinations: []string{"maker.example"}}, Until: "no-end", How: "test"}
	if _, err := h.Allow(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if cs, err := h.Consents(t.Context()); err != nil || len(cs) != 1 || !cs[0].Decided.Live() {
		t.Errorf("%+v, %v", cs, err)
	}
}
