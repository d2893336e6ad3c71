package engine_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// exported reads one table of an export.
func exported(t *testing.T, dir, name string) (rows []map[string]any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err == nil {
		err = json.Unmarshal(b, &rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func all(t *testing.T, files []string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	return out.Bytes()
}

// T56: the export of one permission holds no other one. The twin is the export of
// everything, in which the same look finds it.
func TestT56OnePermissionIsExportedAlone(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	mine := h.allow(id, "Bell Maker", "203.0.113.7")
	other := h.allow(id, "Example Ads", "203.0.113.8")
	far := h.see("00:11:22:33:44:66")
	if _, err := h.End(t.Context(), other.ID, "test"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "one")
	files, err := h.ExportConsent(t.Context(), mine.ID[:8], dir)
	if err == nil {
		t.Fatalf("an ambiguous name was taken: %v", files)
	}
	if files, err = h.ExportConsent(t.Context(), mine.ID, dir); err != nil || len(files) != 8 {
		t.Fatalf("%v, %v", files, err)
	}
	whole, err := h.Export(t.Context(), filepath.Join(t.TempDir(), "all"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{string(other.ID), "Example Ads", "203.0.113.8", string(far)} {
		if bytes.Contains(all(t, files), []byte(word)) {
			t.Errorf("%q of another one is in it", word)
		}
		if !bytes.Contains(all(t, whole), []byte(word)) {
			t.Errorf("the twin: %q is not found where it must be", word)
		}
	}
	if lines := exported(t, dir, "diary"); len(lines) == 0 {
		t.Error("its own lines of the diary are not in it")
	}
}

// The receipt says what holds for every permission here alike, what kinds of data
// are sensitive, and how it is withdrawn; the household's name stays the same.
func TestAReceiptIsWhole(t *testing.T) {
	h := newHome(t)
	mine := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	var households []any
	for _, dir := range []string{t.TempDir(), t.TempDir()} {
		if _, err := h.ExportConsent(t.Context(), mine.ID, dir); err != nil {
			t.Fatal(err)
		}
		r := exported(t, dir, "receipt")[0]
		for col, want := range map[string]string{
			"record_id": string(mine.ID), "decided_for": "the household", "consent_type": "expressed", "legal_basis": "not stated", "jurisdiction": "not stated",
			"sensitive": "video", "expiry_civil_date": "2027-05-31", "expiry_zone": "Europe/Berlin", "expires_at": "2027-05-31T22:00:00Z", "done": "none", "seen": "not_checked",
		} {
			if r[col] != want {
				t.Errorf("%s is %v, want %s", col, r[col], want)
			}
		}
		for _, col := range []string{"household_id", "hash", "data_dpv", "withdrawal_method", "decision_method", "given_at"} {
			if r[col] == "" || r[col] == nil {
				t.Errorf("%s is empty", col)
			}
		}
		households = append(households, r["household_id"])
	}
	if households[0] != households[1] {
		t.Errorf("two names of one household: %v", households)
	}
}

// T57: what an export says of done and seen rests on something. A hand-over that
// is done is no end that was done: the twin is the newest action, which says so.
func TestT57TheExportClaimsNothingWithoutACheck(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	live := h.allow(id, "Bell Maker", "203.0.113.7")
	handed := live.Actions[0]
	handed.State, handed.Level, handed.Connection, handed.Finished = consent.Done, consent.Configured, "k1", h.now
	save := func(a consent.Action) {
		t.Helper()
		if err := h.st.SaveAction(t.Context(), a, ledger.Note{Time: h.now, Kind: consent.NoteAction, Text: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	save(handed)
	row := func() map[string]any {
		t.Helper()
		dir := t.TempDir()
		if _, err := h.Export(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		return exported(t, dir, "consents")[0]
	}
	if r := row(); r["decided"] != "given" || r["done"] != "none" || r["level"] != "" || r["seen"] != "not_checked" || r["seen_at"] != "" {
		t.Errorf("live: %v", r)
	}
	if now, err := h.Consent(t.Context(), live.ID); err != nil || now.Actions[0].State != consent.Done {
		t.Errorf("the twin: the newest action is %v, %v; this test shows nothing", now.Actions, err)
	}
	ended, err := h.End(t.Context(), live.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	if r := row(); r["decided"] != "withdrawn" || r["done"] != "pending" {
		t.Errorf("ended: %v", r)
	}
	cut := ended.Actions[0]
	cut.State, cut.Level, cut.Finished = consent.Done, consent.Configured, h.now
	save(cut)
	if r := row(); r["done"] != "done" || r["level"] != "configured" || r["seen"] != "not_checked" || r["seen_at"] != "" || r["seen_by"] != "" {
		t.Errorf("done, and nobody looked: %v", r)
	}
	if err := h.st.SetSeen(t.Context(), live.ID, consent.Stopped, h.now.Add(time.Hour), discovery.Source("connector:k1")); err != nil {
		t.Fatal(err)
	}
	if r := row(); r["seen"] != "stopped" || r["seen_at"] == "" || r["seen_by"] != "connector:k1" {
		t.Errorf("looked at: %v", r)
	}
}
