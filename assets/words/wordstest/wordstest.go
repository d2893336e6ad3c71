// Package wordstest lets tests speak a made-up language: each text of the English
// file with brackets around it. What stands outside of all brackets did not come
// out of the language file.
package wordstest

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"bestbefore/assets/words"
)

// Speak speaks the made-up language for one test. files holds translations/en.json.
func Speak(t testing.TB, files fs.FS) {
	t.Helper()
	data, err := fs.ReadFile(files, "translations/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	for key := range texts {
		if !strings.Contains(key, "2006") && !strings.Contains(key, "15:04") { // a layout with brackets is one still
			texts[key] = "⟦" + texts[key] + "⟧"
		}
	}
	words.Use(texts)
	t.Cleanup(func() { words.Use(nil) })
}

// Spoken is whether a part of text came out of the made-up language.
func Spoken(text string) bool { return strings.ContainsAny(text, "⟦⟧") }

// Outside is what a text says outside of all brackets: names and what was put
// together in the program, and no word of it.
func Outside(text string) string {
	var b strings.Builder
	deep := 0
	for _, r := range text {
		switch r {
		case '⟦':
			deep++
		case '⟧':
			deep--
		default:
			if deep == 0 {
				b.WriteRune(r)
			}
		}
	}
	return strings.Trim(b.String(), " .")
}
