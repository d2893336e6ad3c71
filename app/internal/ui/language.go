package ui

import (
	"fmt"

	"fyne.io/fyne/v2/lang"

	"bestbefore/assets"
)

// LoadLanguages makes the texts of all shipped languages known. It comes before
// the first page is built: a text asked for earlier would stay English.
func LoadLanguages() error {
	if err := lang.AddTranslationsFS(assets.Translations, "translations"); err != nil {
		return fmt.Errorf("loading translations: %w", err)
	}
	return nil
}

// Translate gives the text of key in the person's language: what a presenter
// asks, which knows no Fyne. LoadLanguages comes before it.
func Translate(key string) string { return lang.L(key) }
