// Package kit holds the widgets of Best Before: the permission card and its
// stamp, sheets, pills, charts, rows, the date picker, and the few layouts that
// give a text the height it needs for its width.
//
// Kit knows Fyne, the values of view and the embedded assets; no page, no
// engine, no clock. Widgets start no goroutine and are used from Fyne's own
// goroutine only.
package kit

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Radii and the step of all spacing, in Fyne's device-independent pixels.
const (
	RadiusControl float32 = 8
	RadiusSheet   float32 = 12
	RadiusCard    float32 = 16
	Step          float32 = 4
)

// The four sizes of text.
const (
	SizeTitle   = theme.SizeNameHeadingText    // 26
	SizeHeading = theme.SizeNameSubHeadingText // 16
	SizeBody    = theme.SizeNameText           // 15
	SizeSmall   = theme.SizeNameCaptionText    // 13.5
)

// SizeBrand is the program's own name, the one word outside the four sizes.
const SizeBrand = fyne.ThemeSizeName("bestbefore.brand")

// designText is the body size at which the design's figures hold; widgets with
// fixed proportions grow by the ratio of the present size to it.
const designText float32 = 15

// scaleOf says by how much text is enlarged for w.
func scaleOf(th fyne.Theme) float32 { return th.Size(SizeBody) / designText }

// scaleNow is scaleOf for layouts, which belong to no widget.
func scaleNow() float32 { return scaleOf(fyne.CurrentApp().Settings().Theme()) }

// clean makes s one safe line: no control, no direction-changing and no private
// characters, runs of blanks joined. Presenters clean too; a widget that draws
// what a device said about itself does not rely on it.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// variant is the light or dark variant that the application shows now.
func variant() fyne.ThemeVariant { return fyne.CurrentApp().Settings().ThemeVariant() }
