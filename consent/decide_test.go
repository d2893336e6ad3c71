package consent

import (
	"errors"
	"testing"
	"time"

	"bestbefore/discovery"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func by(now time.Time) Decider {
	return Decider{By: "somebody", How: "clicked", Now: now, Zone: time.UTC}
}

// allow gives a permission at now for term with remedy.
func allow(t testing.TB, now time.Time, term string, remedy Remedy) Consent {
	t.Helper()
	tm, err := ParseTerm(term, now, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Request{
		ID: "c1", Device: "d1", Recipient: Recipient{Name: "Acme", Destinations: []string{"Cloud.Acme.example."}},
		Data: []Category{"Video"}, Term: tm, Remedy: remedy, Decider: by(now),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTerm(t testing.TB, s string, now time.Time) Term {
	t.Helper()
	tm, err := ParseTerm(s, now, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

func kinds(as []Action) []ActionKind {
	var out []ActionKind
	for _, a := range as {
		out = append(out, a.Kind)
	}
	return out
}

func TestNewRefusesWhatCannotBeKept(t *testing.T) {
	good := func() Request {
		return Request{ID: "c1", Device: "d1", Recipient: Recipient{Any: true}, Term: Term{Kind: NoEnd}, Remedy: Warn, Decider: by(noon)}
	}
	if _, err := New(good()); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	bad := map[string]func(*Request){
		"no id":             func(r *Request) { r.ID = "" },
		"no device":         func(r *Request) { r.Device = "" },
		"no recipient":      func(r *Request) { r.Recipient = Recipient{Name: "Acme"} },
		"any and a list":    func(r *Request) { r.Recipient.Destinations = []string{"a.example"} },
		"too many":          func(r *Request) { r.Recipient = Recipient{Destinations: make([]string, 257)} },
		"every address":     func(r *Request) { r.Recipient = Recipient{Destinations: []string{"0.0.0.0/0"}} },
		"no host name":      func(r *Request) { r.Recipient = Recipient{Destinations: []string{"bad name"}} },
		"mistyped address":  func(r *Request) { r.Recipient = Recipient{Destinations: []string{"203.0.113.700"}} },
		"no kind of data":   func(r *Request) { r.Data = []Category{"a b\x00"} },
		"unknown remedy":    func(r *Request) { r.Remedy = "shout" },
		"zero term":         func(r *Request) { r.Term = Term{} },
		"past":              func(r *Request) { r.Term = Term{Kind: UntilDate, Civil: "2020-01-01"} },
		"nobody decided":    func(r *Request) { r.By = "" },
		"no name of a zone": func(r *Request) { r.Zone = time.Local },
		"no time":           func(r *Request) { r.Now = time.Time{} },
	}
	for name, f := range bad {
		r := good()
		f(&r)
		if c, err := New(r); err == nil {
			t.Errorf("%s: accepted as %+v", name, c)
		}
	}
}

func TestNewKeepsACanonicalRecord(t *testing.T) {
	c := allow(t, noon, "2027-05-31", Block)
	if !cmp.Equal(c.Recipient.Destinations, []string{"cloud.acme.example"}) || !cmp.Equal(c.Data, []Category{"video"}) {
		t.Errorf("%+v", c)
	}
	if c.ExpiresCivil != "2027-05-31" || c.Zone != "UTC" || c.Decided != Given || c.Version != 1 {
		t.Errorf("%+v", c)
	}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil || !cmp.Equal(back, c) {
		t.Errorf("it changes when stored: %v\n%s", err, cmp.Diff(c, back))
	}
	if back.Checksum() != c.Checksum() {
		t.Error("its checksum changes when stored")
	}
}

func TestExpiryAsksForTheRemedyOnce(t *testing.T) {
	cases := map[Remedy][]ActionKind{
		Warn: {ActWarn}, Guide: {ActGuide}, Block: {ActBlock},
		Revoke: {ActRevoke, ActRevoke}, RevokeThenBlock: {ActRevoke, ActRevoke},
	}
	grants := []Grant{{ID: "g1"}, {ID: "ours", Own: true}, {ID: "g2"}}
	for remedy, want := range cases {
		c := allow(t, noon, "1h", remedy)
		if same, as := Expire(c, grants, c.Expires.Add(-time.Millisecond)); len(as) > 0 || same.Version != 1 {
			t.Errorf("%s: it ended before its date", remedy)
		}
		next, as := Expire(c, grants, c.Expires)
		if !cmp.Equal(kinds(as), want) || next.Decided != Expired {
			t.Errorf("%s asks for %v, want %v", remedy, kinds(as), want)
		}
		if again, as := Expire(next, grants, c.Expires); len(as) > 0 || again.Version != next.Version {
			t.Errorf("%s: expiring twice asks twice", remedy)
		}
		if next.PreviousHash != c.Checksum() {
			t.Errorf("%s: the version is not tied to the one before", remedy)
		}
	}
}

// T53: what a withdrawal asks for is what the end would have asked for, of every
// remedy; only who wanted it and when it was due differ. It is recorded as a
// withdrawal at its own time, once. Its twin, a withdrawal that asks for nothing, is
// in .ci/mutants.
func TestT53WithdrawalTakesTheSamePath(t *testing.T) {
	grants := []Grant{{ID: "g1", Connection: "k1"}, {ID: "ours", Own: true}, {ID: "g2", Connection: "k1"}}
	for _, remedy := range []Remedy{Warn, Guide, Block, Revoke, RevokeThenBlock} {
		c := allow(t, noon, "6mo", remedy)
		now := noon.Add(time.Hour)
		gone, as := Withdraw(c, grants, now, "somebody", "clicked")
		if gone.Decided != Withdrawn || !gone.Ended.Equal(now) || gone.Version != 2 || gone.PreviousHash != c.Checksum() || gone.DecidedBy != "somebody" || !gone.Expires.Equal(c.Expires) {
			t.Errorf("%s: %+v", remedy, gone)
		}
		_, want := Expire(c, grants, c.Expires)
		if len(as) == 0 || len(as) != len(want) {
			t.Fatalf("%s: %+v, at its end %+v", remedy, as, want)
		}
		for i := range as {
			if as[i].Origin != FromPerson || !as[i].DueAt.Equal(now) {
				t.Errorf("%s: %+v", remedy, as[i])
			}
			as[i].Origin, as[i].DueAt, as[i].Created = want[i].Origin, want[i].DueAt, want[i].Created
		}
		if d := cmp.Diff(want, as); d != "" {
			t.Errorf("%s is another path than the end's: %s", remedy, d)
		}
		if again, more := Withdraw(gone, grants, now, "somebody", "clicked"); len(more) > 0 || again.Version != gone.Version {
			t.Errorf("%s: withdrawn twice", remedy)
		}
	}
}

func TestRenewalBeforeTheEndCountsFromTheOldEnd(t *testing.T) {
	c := allow(t, noon, "2027-05-31", Block)
	if _, _, err := Renew(c, mustTerm(t, "6mo", noon), by(noon.AddDate(0, 1, 0))); !errors.Is(err, ErrTooEarly) {
		t.Errorf("five months before: %v", err)
	}
	now := time.Date(2027, 5, 20, 9, 0, 0, 0, time.UTC)
	next, as, err := Renew(c, mustTerm(t, "6mo", now), by(now))
	if err != nil || next.ExpiresCivil != "2027-11-30" || next.Decided != Renewed || next.Version != 2 {
		t.Fatalf("%s, %v", next.ExpiresCivil, err)
	}
	if !cmp.Equal(kinds(as), []ActionKind{ActHandOver}) || !as[0].From.Equal(next.Expires) || as[0].Mark != MarkFor("c1") || as[0].Version != 2 {
		t.Errorf("it must hand over the new date: %+v", as)
	}
	if _, _, err := Renew(c, Term{Kind: UntilDate, Civil: "2028-06-01"}, by(now)); !errors.Is(err, ErrTooLong) {
		t.Errorf("more than a year from the old end: %v", err)
	}
	if _, _, err := Renew(c, Term{Kind: UntilDate, Civil: "2027-05-25"}, by(now)); !errors.Is(err, ErrPast) {
		t.Errorf("a renewal that ends sooner: %v", err)
	}
	if _, _, err := Renew(c, mustTerm(t, "12mo", now), by(now)); err != nil {
		t.Errorf("exactly a year from the old end: %v", err)
	}
}

func TestAShortPermissionIsRenewableInItsLastThird(t *testing.T) {
	c := allow(t, noon, "90m", Block)
	if _, _, err := Renew(c, mustTerm(t, "90m", noon), by(noon.Add(59*time.Minute))); !errors.Is(err, ErrTooEarly) {
		t.Errorf("in the second third: %v", err)
	}
	next, _, err := Renew(c, mustTerm(t, "90m", noon), by(noon.Add(61*time.Minute)))
	if err != nil || !next.Expires.Equal(c.Expires.Add(90*time.Minute)) {
		t.Errorf("ends %s, %v", next.Expires, err)
	}
}

func TestRenewalAfterTheEndCountsFromNowAndLiftsTheBlock(t *testing.T) {
	c := allow(t, noon, "2026-11-30", Block)
	gone, _ := Expire(c, nil, c.Expires)
	now := time.Date(2027, 2, 10, 9, 0, 0, 0, time.UTC)
	next, as, err := Renew(gone, mustTerm(t, "1mo", now), by(now))
	if err != nil || next.ExpiresCivil != "2027-03-10" || !next.Ended.IsZero() {
		t.Fatalf("%+v, %v", next, err)
	}
	if !cmp.Equal(kinds(as), []ActionKind{ActUnblock, ActHandOver}) || as[0].Mark != MarkFor("c1") {
		t.Errorf("%+v", as)
	}
	open, as, err := Renew(gone, Term{Kind: NoEnd}, by(now))
	if err != nil || !open.Expires.IsZero() || !cmp.Equal(kinds(as), []ActionKind{ActUnblock}) {
		t.Errorf("without an end: %v, %v", kinds(as), err)
	}
	if _, _, err := Renew(Consent{Decided: Refused}, Term{Kind: NoEnd}, by(now)); !errors.Is(err, ErrNotRenewable) {
		t.Errorf("what was refused: %v", err)
	}
}

func TestRenewalToNoEndTakesTheHandedOverDateBack(t *testing.T) {
	c := allow(t, noon, "2026-11-30", Block)
	now := c.Expires.Add(-time.Hour)
	_, as, err := Renew(c, Term{Kind: NoEnd}, by(now))
	if err != nil || !cmp.Equal(kinds(as), []ActionKind{ActUnblock}) {
		t.Errorf("%v, %v", kinds(as), err)
	}
}

func TestT51GraceOncePerPeriod(t *testing.T) {
	c := allow(t, noon, "2026-11-30", Block)
	more, as, err := Grace(c, 48*time.Hour, by(noon))
	if err != nil || !more.DueAt().Equal(c.Expires.Add(48*time.Hour)) || !cmp.Equal(kinds(as), []ActionKind{ActHandOver}) || !as[0].From.Equal(more.DueAt()) {
		t.Fatalf("%+v, %+v, %v", more, as, err)
	}
	if more.Due(c.Expires.Add(time.Hour)) {
		t.Error("it is due within its extension")
	}
	if _, _, err := Grace(more, time.Hour, by(noon)); !errors.Is(err, ErrGrace) {
		t.Errorf("a second time: %v", err)
	}
	if _, _, err := Grace(c, 49*time.Hour, by(noon)); !errors.Is(err, ErrGrace) {
		t.Errorf("too long: %v", err)
	}
	gone, _ := Expire(c, nil, c.Expires)
	if _, _, err := Grace(gone, time.Hour, by(c.Expires)); !errors.Is(err, ErrGrace) {
		t.Errorf("after the end: %v", err)
	}
	// Taken back within the two days the old end has passed: then it ends, as a renewal would.
	if back, _, err := Undo(c, more, by(c.Expires.Add(time.Hour))); err != nil || back.Decided != Withdrawn {
		t.Errorf("taken back after the old end: %+v, %v", back, err)
	}
	if back, _, err := Undo(c, more, by(noon)); err != nil || !back.DueAt().Equal(c.Expires) || !back.GraceUsed {
		t.Errorf("taken back before the old end: %+v, %v", back, err)
	}
	again, _, err := Renew(more, mustTerm(t, "1mo", c.Expires.Add(-time.Hour)), by(c.Expires.Add(-time.Hour)))
	if err != nil || again.GraceUsed {
		t.Errorf("a new period brings a new extension: %v", err)
	}
}

func TestUndo(t *testing.T) {
	given := allow(t, noon, "6mo", Block)
	gone, _ := Withdraw(given, nil, noon.Add(time.Hour), "somebody", "clicked")
	later := by(noon.Add(2 * time.Hour))

	back, as, err := Undo(given, gone, later)
	if err != nil || back.Decided != Given || back.Version != 3 || !back.Expires.Equal(given.Expires) || back.PreviousHash != gone.Checksum() {
		t.Errorf("undoing a withdrawal: %+v, %v", back, err)
	}
	if !cmp.Equal(kinds(as), []ActionKind{ActUnblock, ActHandOver}) {
		t.Errorf("undoing a withdrawal asks for %v", kinds(as))
	}
	if _, _, err := Undo(given, gone, by(given.Expires.Add(time.Hour))); !errors.Is(err, ErrNothing) {
		t.Errorf("after its date has passed: %v", err)
	}

	none, as, err := Undo(Consent{}, given, later)
	if err != nil || none.Decided != Withdrawn || !cmp.Equal(kinds(as), []ActionKind{ActUnblock}) {
		t.Errorf("undoing a permission: %s, %v, %v", none.Decided, kinds(as), err)
	}

	expired, _ := Expire(given, nil, given.Expires)
	if _, _, err := Undo(given, expired, by(given.Expires.Add(time.Hour))); !errors.Is(err, ErrNothing) {
		t.Errorf("what the clock did cannot be undone: %v", err)
	}
	renewed, _, err := Renew(expired, mustTerm(t, "1mo", given.Expires), by(given.Expires.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	ended, as, err := Undo(expired, renewed, by(given.Expires.Add(2*time.Hour)))
	if err != nil || ended.Decided != Withdrawn || !cmp.Equal(kinds(as), []ActionKind{ActBlock}) {
		t.Errorf("undoing a late renewal: %s, %v, %v", ended.Decided, kinds(as), err)
	}
	if _, _, err := Undo(given, renewed, later); !errors.Is(err, ErrInvalid) {
		t.Errorf("with another version before it: %v", err)
	}
}

func TestCanBlock(t *testing.T) {
	cases := []struct {
		d    discovery.Device
		o    Origin
		two  bool
		want error
	}{
		{discovery.Device{}, FromExpiry, false, nil},
		{discovery.Device{Role: discovery.RoleThisComputer}, FromPerson, true, ErrProtected},
		{discovery.Device{Role: discovery.RoleRouter}, FromPerson, true, ErrProtected},
		{discovery.Device{Role: discovery.RoleDNS}, FromPerson, true, ErrProtected},
		{discovery.Device{Role: discovery.RoleConnector}, FromPerson, true, ErrProtected},
		{discovery.Device{Role: "something new"}, FromPerson, true, ErrProtected},
		{discovery.Device{Essential: discovery.EssentialComfort}, FromExpiry, false, nil},
		{discovery.Device{Essential: discovery.EssentialSafety}, FromExpiry, true, ErrEssential},
		{discovery.Device{Essential: discovery.EssentialMedical}, FromRelapse, true, ErrEssential},
		{discovery.Device{Essential: discovery.EssentialMedical}, FromPerson, false, ErrEssential},
		{discovery.Device{Essential: discovery.EssentialMedical}, FromPerson, true, nil},
	}
	for _, c := range cases {
		if err := CanBlock(c.d, c.o, c.two); !errors.Is(err, c.want) {
			t.Errorf("%+v by %s (%v): %v, want %v", c.d, c.o, c.two, err, c.want)
		}
	}
}
