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
