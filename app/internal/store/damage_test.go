package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

var flips = flag.Int("flips", 20, "how many bits TestNoTurnedBitGoesUnnoticed turns; a thousand with LAB_LONG")

// vandal changes the file behind our back.
func vandal(t testing.TB, s *Store, query string, args ...any) {
	t.Helper()
	s.evidence.mu.Lock()
	defer s.evidence.mu.Unlock()
	if _, err := s.evidence.write.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// T17: one bad record does not hold up the rest, and is listed.
func TestABadPermissionIsSetAsideAndTheRestGoOn(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	for _, id := range []consent.ID{"c1", "c2", "c3"} {
		must(t, s.Decide(ctx, consent.Decision{Consent: given(id, noon)}))
	}
	vandal(t, s, "UPDATE consent SET body = replace(body, 'example.net', 'evil.example') WHERE id = 'c2'")
	vandal(t, s, "UPDATE consent_version SET body = 'x' WHERE id = 'c2'")
	for range 2 {
		if due := value(s.Due(ctx, noon, 10))(t); len(due) != 2 || due[0].ID != "c1" || due[1].ID != "c3" {
			t.Fatalf("%+v", due)
		}
	}
	if due := value(s.Due(ctx, noon, 2))(t); len(due) != 2 {
		t.Fatal("the bad one takes a place")
	}
	q := value(s.Quarantine(ctx))(t)
	if len(q) != 1 || q[0].Place != "consent" || q[0].Key != "c2" || q[0].Reason == "" {
		t.Fatalf("%+v", q)
	}
	if lines := value(s.Diary(ctx, ledger.Query{}))(t); len(lines) != 1 || lines[0].Kind != consent.NoteQuarantine {
		t.Fatalf("%+v", lines)
	}
	_, err := s.Consent(ctx, "c2")
	if !errors.Is(err, ErrQuarantined) || !errors.Is(err, consent.ErrNotFound) {
		t.Fatal(err)
	}
	if err := s.SetSeen(ctx, "c2", consent.Stopped, noon, "x"); err == nil {
		t.Fatal("a damaged row was given a good checksum")
	}
	// A person decides again.
	again := given("c2", noon)
	again.Version = 2
	must(t, s.Decide(ctx, consent.Decision{Consent: again, Expect: 1}))
	equal(t, value(s.Consent(ctx, "c2"))(t), again)
	if q := value(s.Quarantine(ctx))(t); len(q) != 0 {
		t.Fatalf("%+v", q)
	}
}

func TestABadPermissionIsRestoredFromItsHistory(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	c := given("c1", noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: c}))
	next, _ := consent.Expire(c, nil, noon)
	must(t, s.Decide(ctx, consent.Decision{Consent: next, Expect: 1}))
	for name, query := range map[string]string{
		"comes alive":     "UPDATE consent SET decided = 'given', body = replace(body, 'expired', 'given')",
		"its date moves":  "UPDATE consent SET due_at = due_at + 1",
		"its device":      "UPDATE consent SET device = 'd2'",
		"its axis":        "UPDATE consent SET seen = 'stopped'",
		"its axis's time": "UPDATE consent SET seen_at = 1",
		"its checksum":    "UPDATE consent SET sum = x'00'",
		"gone":            "DELETE FROM consent",
		"its name":        "UPDATE consent SET id = 'c9'",
		"an old version":  "UPDATE consent SET version = 1",
	} {
		vandal(t, s, query)
		if n := value(s.CheckRows(ctx))(t); n == 0 {
			t.Errorf("%s: not found", name)
		}
		if got := value(s.Consent(ctx, "c1"))(t); got.Decided != consent.Expired || got.Version != 2 {
			t.Errorf("%s: %+v", name, got)
		}
		if n := value(s.CheckRows(ctx))(t); name != "its name" && n != 0 {
			t.Errorf("%s: %d still bad", name, n)
		}
		vandal(t, s, "DELETE FROM consent WHERE id = 'c9'")
	}
	// A newer version than any in the history is another decision: not taken back.
	vandal(t, s, "UPDATE consent SET version = 3")
	if _, err := s.Consent(ctx, "c1"); !errors.Is(err, ErrQuarantined) {
		t.Fatal(err)
	}
}

func TestOtherBadRecordsAreSetAside(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s, err := Open(ctx, testConfig(dir))
	must(t, err)
	fill(t, s)
	a := value(s.AddActions(ctx, []consent.Action{{Kind: consent.ActBlock, Device: "d1", Mark: "m", State: consent.Running}}))(t)[0]
	must(t, s.SaveConnection(ctx, connectors.Connection{ID: "gw", Kind: "gateway", Created: noon}))
	vandal(t, s, "UPDATE action SET mark = 'other' WHERE id = ?", string(a.ID))
	vandal(t, s, "UPDATE device SET body = replace(body, 'Doorbell', 'Toaster') WHERE id = 'd1'")
	vandal(t, s, "UPDATE connection SET body = replace(body, 'gateway', 'mqtt')")
	vandal(t, s, "UPDATE consent_version SET at = at + 1 WHERE version = 1")
	vandal(t, s, "UPDATE device_alias SET keep = 'd9'")
	if n := value(s.CheckRows(ctx))(t); n != 5 {
		t.Fatalf("%d found", n)
	}
	if n := value(s.Recover(ctx))(t); n != 0 {
		t.Fatal("a damaged action was given a good checksum")
	}
	if as := value(s.OpenActions(ctx))(t); len(as) != 1 || as[0].Mark == "other" {
		t.Fatalf("%+v", as)
	}
	if _, _, err := s.Device(ctx, "d1"); !errors.Is(err, ErrQuarantined) {
		t.Fatal(err)
	}
	if cs := value(s.Connections(ctx))(t); len(cs) != 0 {
		t.Fatalf("%+v", cs)
	}
	if vs := value(s.ConsentVersions(ctx, "c1"))(t); len(vs) != 1 {
		t.Fatalf("%+v", vs)
	}
	must(t, s.Close())
	s = open(t, testConfig(dir))
	if q := value(s.Quarantine(ctx))(t); len(q) != 5 || s.resolve("d2") != "d2" {
		t.Fatalf("%+v", q)
	}
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() {
		t.Fatalf("%+v", r)
	}
}

// Threat 18: bits turned over anywhere in the file. Nothing panics, and nothing
// altered is read as if it were good.
func TestNoTurnedBitGoesUnnoticed(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	c := testConfig(dir)
	c.Seal = testSealer{key: 7}
	s, err := Open(ctx, c)
	must(t, err)
	for i := range 40 {
		id := consent.ID(fmt.Sprintf("c%d", i))
		must(t, s.Decide(ctx, consent.Decision{
			Consent: given(id, noon.Add(time.Duration(i)*time.Hour)),
			Actions: []consent.Action{{Kind: consent.ActBlock, Device: "d1", Mark: consent.MarkFor(id), DueAt: noon}},
			Notes:   []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Consent: string(id), Text: "Given."}},
		}))
	}
	wantC, wantA := value(s.Consents(ctx))(t), value(s.OpenActions(ctx))(t)
	wantD := value(s.Diary(ctx, ledger.Query{}))(t)
	must(t, s.Close())
	whole := value(os.ReadFile(filepath.Join(dir, "evidence.db")))(t)
	seal := value(os.ReadFile(filepath.Join(dir, "head.seal")))(t)
	r := rand.New(rand.NewPCG(1, 2))
	found, bits := 0, *flips
	if long() {
		bits = max(bits, 1000)
	}
	for range bits {
		bit := r.IntN(len(whole) * 8)
		bad := append([]byte(nil), whole...)
		bad[bit/8] ^= 1 << (bit % 8)
		c := c
		c.Dir = t.TempDir()
		must(t, os.WriteFile(filepath.Join(c.Dir, "evidence.db"), bad, 0o600))
		must(t, os.WriteFile(filepath.Join(c.Dir, "head.seal"), seal, 0o600))
		noticed, same := afterDamage(ctx, c, wantC, wantA, wantD)
		if !noticed && !same {
			t.Errorf("bit %d was turned and nobody noticed", bit)
		}
		if noticed {
			found++
		}
	}
	t.Logf("%d of %d turned bits were found, the others changed nothing", found, bits)
}

// afterDamage says whether any check or reading noticed, and whether all that
// is read is still the same.
func afterDamage(ctx context.Context, c Config, wantC []consent.Consent, wantA []consent.Action, wantD []ledger.Line) (noticed, same bool) {
	s, err := Open(ctx, c)
	if err != nil {
		return true, false // said at once
	}
	defer s.Close() //nolint:errcheck // a damaged file may not close well
	gotC, err1 := s.Consents(ctx)
	gotA, err2 := s.OpenActions(ctx)
	gotD, err3 := s.Diary(ctx, ledger.Query{})
	report, err4 := s.Check(ctx)
	said, err5 := s.Diary(ctx, ledger.Query{Limit: 1})
	q, err6 := s.Quarantine(ctx)
	d, err7 := s.VerifyDiary(ctx)
	noticed = errors.Join(err1, err2, err3, err4, err5, err6, err7) != nil || !report.OK() || len(q) > 0 || !d.OK() ||
		len(said) > 0 && said[0].Kind == consent.NoteQuarantine
	return noticed, cmp.Equal(wantC, gotC) && cmp.Equal(wantA, gotA) && cmp.Equal(wantD, gotD)
}

// F14: a stored permission is refused or comes back equal; nothing is live from garbage.
func FuzzDecodeConsent(f *testing.F) {
	good, err := encodeConsent(given("c1", noon))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.body, "given", int64(1))
	f.Add(`{"id":"c1","version":1,"device":"d","decided":"given"}`, "given", int64(1))
	f.Add(`{}`, "", int64(0))
	f.Add(`{"schema_version":99}`, "renewed", int64(1))
	f.Fuzz(func(t *testing.T, body, decided string, version int64) {
		r := consentRow{id: "c1", device: "d1", decided: decided, version: version, body: body}
		r.sum = r.checksum()
		c, err := r.decode()
		if err != nil {
			return
		}
		if c.Decided.Live() && c.DueAt().IsZero() && c.Term.Kind != consent.NoEnd {
			t.Fatalf("live without an end: %s", body)
		}
		again, err := encodeConsent(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := again.decode()
		if err != nil || !cmp.Equal(c, back) {
			t.Fatalf("%v: %s", err, cmp.Diff(c, back))
		}
	})
}

// T22: an older program decides on what a newer one wrote: the fields that it
// does not know outlive its decision, those that it knows are its own, and
// nothing ends early.
func TestT22_UnknownFieldsOutliveADecision(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	c := given("c1", noon.Add(time.Hour))
	c.Purpose = "safety"
	row, err := encodeConsent(c)
	must(t, err)
	row.body = row.body[:len(row.body)-1] + `,"weather":{"fair":true}}`
	row.sum = row.checksum()
	must(t, s.commit(ctx, func(x *change) error { return errors.Join(row.save(ctx, x.txn), x.appendVersion(ctx, row)) }))
	if due := value(s.Due(ctx, noon, 10))(t); len(due) != 0 || value(s.CheckRows(ctx))(t) != 0 {
		t.Fatalf("%+v", due)
	}
	must(t, s.SetSeen(ctx, "c1", consent.Flowing, noon, "x"))
	next := value(s.Consent(ctx, "c1"))(t)
	next.Version, next.Decided, next.Purpose = 2, consent.Renewed, ""
	must(t, s.Decide(ctx, consent.Decision{Consent: next, Expect: 1}))
	var body string
	must(t, s.evidence.read.QueryRowContext(ctx, "SELECT body FROM consent").Scan(&body))
	if !containsText([]byte(body), `"weather":{"fair":true}`) || containsText([]byte(body), "safety") {
		t.Fatal(body)
	}
	if value(s.CheckRows(ctx))(t) != 0 || len(value(s.ConsentVersions(ctx, "c1"))(t)) != 2 {
		t.Fatal("its rows are not believed")
	}
}

// F24: a list of operations is stopped at any write. What is there afterwards
// is a prefix, and everything acknowledged is in it.
func TestStoppedAtAnyWrite(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		s, err := Open(ctx, testConfig(dir))
		must(t, err)
		stop := rapid.IntRange(1, 60).Draw(rt, "write")
		// A trigger stands for the disk that fails at the n-th write.
		must(t, script(s, "CREATE TEMP TABLE writes(n INTEGER); INSERT INTO writes VALUES(0)"))
		for _, table := range []string{"consent_version", "consent", "action", "diary", "diary_text"} {
			must(t, script(s, fmt.Sprintf(`CREATE TEMP TRIGGER stop_%[1]s BEFORE INSERT ON main.%[1]s BEGIN
				UPDATE writes SET n = n + 1; SELECT raise(ROLLBACK, 'stopped') FROM writes WHERE n >= %[2]d; END`, table, stop)))
		}
		acknowledged := 0
		for i := range rapid.IntRange(1, 15).Draw(rt, "ops") {
			id := consent.ID(fmt.Sprintf("c%03d", i))
			err := s.Decide(ctx, consent.Decision{
				Consent: given(id, noon), Actions: []consent.Action{{Kind: consent.ActBlock, Device: "d1", Mark: string(id), DueAt: noon}},
				Notes: []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Consent: string(id), Text: "Given."}},
			})
			if err != nil {
				break
			}
			acknowledged++
		}
		must(t, s.Close())
		s, err = Open(ctx, testConfig(dir))
		must(t, err)
		defer func() { must(t, s.Close()) }()
		cs, as := value(s.Consents(ctx))(t), value(s.OpenActions(ctx))(t)
		r := value(s.VerifyDiary(ctx))(t)
		if len(cs) != acknowledged || len(as) != acknowledged || int(r.Entries) != acknowledged || !r.OK() {
			rt.Fatalf("%d acknowledged: %d permissions, %d actions, %+v", acknowledged, len(cs), len(as), r)
		}
		if bad := value(s.CheckRows(ctx))(t); bad != 0 {
			rt.Fatalf("%d bad rows", bad)
		}
	})
}

func script(s *Store, query string) error {
	_, err := s.evidence.write.Exec(query)
	return err
}

func TestSettingsSecretsAndClock(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	equal(t, value(s.Setting(ctx, "k"))(t), "")
	must(t, s.SetSetting(ctx, "k", "v"))
	equal(t, value(s.Setting(ctx, "k"))(t), "v")
	must(t, s.SetSetting(ctx, "k", ""))
	equal(t, value(s.Setting(ctx, "k"))(t), "")

	cn := connectors.Connection{
		ID: "gw", Kind: "gateway", Name: "Gateway", Created: noon,
		Settings: connectors.Settings{Values: map[string]string{"a": "b"}, Secrets: map[string]consent.SecretRef{"token": "r1"}},
	}
	must(t, s.PutSecret(ctx, "r1", []byte("sealed")))
	must(t, s.PutSecret(ctx, "r2", []byte("sealed")))
	must(t, s.SaveConnection(ctx, cn, note(consent.NoteConnected, "Connected.")))
	must(t, s.SaveGrants(ctx, "gw", []consent.Grant{{ID: "g1", Device: "d1", Name: "Token"}, {ID: "g2", Device: "d2"}}))
	equal(t, value(s.Connections(ctx))(t), []connectors.Connection{cn})
	if gs := value(s.Grants(ctx, given("c1", noon)))(t); len(gs) != 1 || gs[0].Connection != "gw" {
		t.Fatalf("%+v", gs)
	}
	must(t, s.DeleteConnection(ctx, "gw", note(consent.NoteDisconnected, "Removed.")))
	if gs := value(s.Grants(ctx, given("c1", noon)))(t); len(gs) != 0 {
		t.Fatalf("%+v", gs)
	}
	if _, err := s.GetSecret(ctx, "r1"); !errors.Is(err, consent.ErrNotFound) {
		t.Fatal("its secret outlived the connection", err)
	}
	equal(t, value(s.GetSecret(ctx, "r2"))(t), []byte("sealed"))
	must(t, s.DeleteSecret(ctx, "r2"))

	for i := range 1005 {
		must(t, s.SaveClock(ctx, ClockReading{Wall: noon.Add(time.Duration(i) * time.Second), Boot: time.Duration(i) * time.Second, BootID: "b", Source: "start"}))
	}
	rs := value(s.Clock(ctx, 2000))(t)
	if len(rs) != clockKept || rs[0].Boot != 1004*time.Second || !rs[0].Wall.Equal(noon.Add(1004*time.Second)) {
		t.Fatalf("%d, %+v", len(rs), rs[0])
	}
	must(t, s.SaveInventory(ctx, discovery.Saved{}))
	if free := value(s.Free())(t); free == 0 {
		t.Fatal("no room")
	}
}
