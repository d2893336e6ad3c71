package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// T55, G25: two hundred (twenty without LAB_LONG) random alterations, deletions, insertions, exchanges and cuts
// of the diary, each in the file: all are found and the place is named within one line. A line that is altered
// in its place leaves its own hash and its neighbours' as they were, so that it is found by its content alone.
func TestT55_TamperingAtRandomPlacesIsFoundAndNamed(t *testing.T) {
	rounds := 20
	if long() {
		rounds = 200
	}
	ctx := t.Context()
	c := testConfig(t.TempDir())
	c.Seal = testSealer{key: 7}
	s := open(t, c)
	const n = 100
	notes := make([]ledger.Note, n)
	for i := range notes {
		notes[i] = ledger.Note{Time: noon, Kind: consent.NoteGiven, Device: fmt.Sprint("d", i%7), Text: fmt.Sprint("Line ", i)}
	}
	must(t, s.Note(ctx, notes...))
	vandal(t, s, "CREATE TEMP TABLE keep_diary AS SELECT * FROM diary; CREATE TEMP TABLE keep_text AS SELECT * FROM diary_text")
	r := rand.New(rand.NewPCG(5, 5))
	shift := "UPDATE %[1]s SET seq = -seq - 1 WHERE seq >= %[2]d; UPDATE %[1]s SET seq = -seq WHERE seq < 0;"
	swap := "UPDATE %[1]s SET seq = -%[2]d WHERE seq = %[2]d; UPDATE %[1]s SET seq = %[2]d WHERE seq = %[3]d; UPDATE %[1]s SET seq = %[3]d WHERE seq = -%[2]d;"
	for name, edit := range map[string]func(k, j int) string{
		"nothing": func(int, int) string { return "SELECT 1" }, // the twin
		"alter": func(k, j int) string {
			return fmt.Sprintf("UPDATE diary SET %s WHERE seq = %d", []string{"time = time + 1", "kind = 'renewed'", "device = 'd9'", "consent = 'c1'", "action = 'a1'"}[j%5], k)
		},
		"delete": func(k, _ int) string {
			return fmt.Sprintf("DELETE FROM diary WHERE seq = %[1]d; DELETE FROM diary_text WHERE seq = %[1]d", k)
		},
		"insert": func(k, _ int) string {
			return fmt.Sprintf(shift, "diary", k) + fmt.Sprintf(shift, "diary_text", k) +
				fmt.Sprintf("INSERT INTO diary SELECT %d, format, time, kind, device, consent, action, text_hash, prev, hash FROM keep_diary WHERE seq = %d; INSERT INTO diary_text SELECT %d, salt, text, erased FROM keep_text WHERE seq = %d", k, k, k, k)
		},
		"reorder": func(k, j int) string { return fmt.Sprintf(swap, "diary", k, j) + fmt.Sprintf(swap, "diary_text", k, j) },
		"truncate": func(k, _ int) string {
			return fmt.Sprintf("DELETE FROM diary WHERE seq >= %[1]d; DELETE FROM diary_text WHERE seq >= %[1]d", k)
		},
	} {
		found := 0
		for range rounds {
			k := 1 + r.IntN(n-1)
			j := k + 1 + r.IntN(n-k)
			vandal(t, s, edit(k, j))
			report := value(s.VerifyDiary(ctx))(t)
			if f := report.Fault; f != nil {
				found++
				// An inserted copy of line k is itself whole; what follows it is not.
				if d := int(f.Seq) - k; d < -1 || d > 1 {
					t.Fatalf("%s at %d (%d): said %v", name, k, j, f)
				}
			} else if name != "nothing" {
				t.Fatalf("%s at %d (%d): not found", name, k, j)
			}
			vandal(t, s, "DELETE FROM diary; DELETE FROM diary_text; INSERT INTO diary SELECT * FROM keep_diary; INSERT INTO diary_text SELECT * FROM keep_text")
		}
		if want := map[bool]int{true: 0, false: rounds}[name == "nothing"]; found != want {
			t.Errorf("%s: %d of %d found", name, found, want)
		}
	}
}
