package words_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bestbefore/assets/words"
)

// speak uses texts for one test.
func speak(t *testing.T, texts map[string]string) {
	t.Helper()
	words.Use(texts)
	t.Cleanup(func() { words.Use(nil) })
}

var errGone = words.New("it is gone")

// TestEnglish: without a language every text is its own key.
func TestEnglish(t *testing.T) {
	if got := words.Sprintf("%s cuts %s.", "Box", "Bell") + words.Text(" It stays.") + errGone.Error(); got != "Box cuts Bell. It stays.it is gone" {
		t.Error(got)
	}
}

// TestAnotherLanguage: each way of saying something comes out of the file, in
// that language's order; a text that it lacks, or has empty, stays English.
func TestAnotherLanguage(t *testing.T) {
	speak(t, map[string]string{
		"%s cuts %s.": "%[2]s wird von %[1]s getrennt.", "it is gone": "es ist fort", "%s: %w": "%[2]w bei %[1]s",
		"1 day": "1 Tag", "%d days": "%d Tage", "2 January 2006": "2. January 2006", "March": "März", "Oct": "Okt.", "empty": "",
		"Tue": "Mar.", "Mar": "mars", "Wednesday": "Mittwoch",
	})
	err := words.Errorf("%s: %w", "Box", errGone)
	for got, want := range map[string]string{
		words.Sprintf("%s cuts %s.", "Box", "Bell"): "Bell wird von Box getrennt.",
		errGone.Error():                      "es ist fort",
		err.Error():                          "es ist fort bei Box",
		words.N("1 day", "%d days", 1):       "1 Tag",
		words.N("1 day", "%d days", 2):       "2 Tage",
		words.N("%d hour", "%d hours", 1):    "1 hour",
		words.Text(words.Later("1 day")):     "1 Tag",
		words.Text("empty"):                  "empty",
		words.Text("nobody translated this"): "nobody translated this",
		words.Date(time.Date(2027, 3, 4, 0, 0, 0, 0, time.UTC), "2 January 2006"):   "4. März 2027",
		words.Date(time.Date(2027, 10, 4, 0, 0, 0, 0, time.UTC), "2 Jan 2006"):      "4 Okt. 2027",
		words.Date(time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC), "Mon 2 Jan 2006"):   "Mar. 2 mars 2027", // each name once, and not what stands for another
		words.Date(time.Date(2027, 3, 3, 0, 0, 0, 0, time.UTC), "Monday, 2 Jan"):    "Mittwoch, 3 mars",
		strings.Join(words.Texts([]string{"1 day", "nobody translated this"}), "|"): "1 Tag|nobody translated this",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if !errors.Is(err, errGone) || errors.Is(words.New("it is gone"), errGone) {
		t.Error("an error must be found by what it is, not by its text")
	}
}

// TestSpeak: the first locale that has a file, whole or by its language, wins;
// a damaged file is an error, and a name cannot leave the folder.
func TestSpeak(t *testing.T) {
	t.Cleanup(func() { words.Use(nil) })
	files := fstest.MapFS{
		"translations/de.json":    {Data: []byte(`{"day":"Tag"}`)},
		"translations/de-CH.json": {Data: []byte(`{"day":"Tagli"}`)},
		"translations/bad.json":   {Data: []byte(`{`)},
		"out.json":                {Data: []byte(`{"day":"out"}`)},
	}
	for _, c := range []struct {
		want    string
		locales []string
	}{
		{"day", nil},
		{"day", []string{"", "C", "fr_FR.UTF-8", "../out", "POSIX"}},
		{"Tag", []string{"de_AT.UTF-8"}},
		{"Tagli", []string{"de-CH", "en"}},
		{"Tag", []string{"fr", "de"}},
	} {
		if err := words.Speak(files, c.locales...); err != nil || words.Text("day") != c.want {
			t.Errorf("%q: %q, %v; want %q", c.locales, words.Text("day"), err, c.want)
		}
	}
	if err := words.Speak(files, "bad"); err == nil {
		t.Error("a damaged file was taken")
	}
}

// BenchmarkText is what a sentence costs in English, where nothing is looked up, and
// in another language, with as many texts as the program has.
func BenchmarkText(b *testing.B) {
	texts := map[string]string{}
	for n := range 4000 {
		texts[fmt.Sprintf("The sentence number %d of the language file.", n)] = "x"
	}
	for name, use := range map[string]map[string]string{"English": nil, "another": texts} {
		b.Run(name, func(b *testing.B) {
			words.Use(use)
			defer words.Use(nil)
			for b.Loop() {
				words.Text("The sentence number 1234 of the language file.")
			}
		})
	}
}
