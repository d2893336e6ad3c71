package lifecycle

import (
	"bestbefore/assets"
	"bestbefore/assets/words"
)

// Speak makes the engine speak the language of the first of locales for which the
// program has a file, else English. It comes before Open: what was said already
// is not said again.
func Speak(locales ...string) error { return words.Speak(assets.Translations, locales...) }
