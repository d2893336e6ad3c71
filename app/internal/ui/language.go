package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/assets"
)

// LoadLanguages makes the texts of all shipped languages known. It comes before
// the first page is built: a text asked for earlier would stay English.
//
// The files are flat, English text to translation. They are handed on as a list,
// because the library behind lang reads a text that is called "one" or "other"
// as a plural form.
func LoadLanguages() error {
	files, err := assets.Translations.ReadDir("translations")
	if err != nil {
		return fmt.Errorf("loading translations: %w", err)
	}
	for _, f := range files {
		data, err := assets.Translations.ReadFile("translations/" + f.Name())
		if err != nil {
			return fmt.Errorf("loading translations: %w", err)
		}
		list, err := messages(data)
		if err != nil {
			return fmt.Errorf("reading translation %s: %w", f.Name(), err)
		}
		if err := lang.AddTranslations(fyne.NewStaticResource(f.Name(), list)); err != nil {
			return fmt.Errorf("loading translation %s: %w", f.Name(), err)
		}
	}
	return nil
}

// messages turns a flat file into a list of messages.
func messages(data []byte) ([]byte, error) {
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, err
	}
	list := make([]map[string]string, 0, len(texts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		list = append(list, map[string]string{"id": key, "other": texts[key]})
	}
	return json.Marshal(list)
}

// Translate gives the text of key in the person's language: what a presenter
// asks, which knows no Fyne. LoadLanguages comes before it.
func Translate(key string) string { return lang.L(key) }
