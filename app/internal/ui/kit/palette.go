package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"bestbefore/app/internal/view"
)

// The colours by name. A page never holds a colour of its own.
const (
	ColorPaper     = theme.ColorNameBackground
	ColorInk       = theme.ColorNameForeground
	ColorSoft      = theme.ColorNamePlaceHolder
	ColorLine      = theme.ColorNameSeparator
	ColorAct       = theme.ColorNamePrimary
	ColorOnAct     = theme.ColorNameForegroundOnPrimary
	ColorSheet     = fyne.ThemeColorName("bestbefore.sheet")
	ColorHoverFill = fyne.ThemeColorName("bestbefore.hover") // a control pointed at
	ColorShade     = fyne.ThemeColorName("bestbefore.shade") // the faint shadow of a card
	ColorScrim     = fyne.ThemeColorName("bestbefore.scrim") // behind a dialog
	ColorFresh     = fyne.ThemeColorName("bestbefore.fresh")
	ColorFreshTint = fyne.ThemeColorName("bestbefore.freshTint")
	ColorSoon      = fyne.ThemeColorName("bestbefore.soon")
	ColorSoonTint  = fyne.ThemeColorName("bestbefore.soonTint")
	ColorLapsed    = fyne.ThemeColorName("bestbefore.lapsed")
	ColorGreyTint  = fyne.ThemeColorName("bestbefore.lapsedTint")
	ColorStill     = fyne.ThemeColorName("bestbefore.still")
	ColorStillTint = fyne.ThemeColorName("bestbefore.stillTint")
	ColorActTint   = fyne.ThemeColorName("bestbefore.actTint")
)

// colorOf is the colour name of th in the variant shown now; a theme that is not
// ours may not know it, and nothing here may be drawn without a colour.
func colorOf(th fyne.Theme, name fyne.ThemeColorName) color.Color {
	if c := th.Color(name, variant()); c != nil {
		return c
	}
	return palette[name].light
}

// InkOf is the text colour of a severity.
func InkOf(s view.Severity) fyne.ThemeColorName {
	switch s {
	case view.Fresh:
		return ColorFresh
	case view.Soon:
		return ColorSoon
	case view.Still:
		return ColorStill
	default:
		return ColorLapsed
	}
}

// TintOf is the ground on which InkOf stands.
func TintOf(s view.Severity) fyne.ThemeColorName {
	switch s {
	case view.Fresh:
		return ColorFreshTint
	case view.Soon:
		return ColorSoonTint
	case view.Still:
		return ColorStillTint
	default:
		return ColorGreyTint
	}
}

// signOf names the sign that stands beside the word of a severity.
func signOf(s view.Severity) string {
	switch s {
	case view.Fresh:
		return "fresh"
	case view.Soon:
		return "soon"
	case view.Lapsed:
		return "lapsed"
	case view.Still:
		return "still"
	default:
		return "info"
	}
}

// shades is one colour in the light and in the dark.
type shades struct{ light, dark color.NRGBA }

// palette is the table of the look, and the names that Fyne's own widgets ask
// for expressed in it.
var palette = map[fyne.ThemeColorName]shades{
	ColorPaper:     {rgb(0xF7F4EE), rgb(0x171A1D)},
	ColorSheet:     {rgb(0xFFFFFF), rgb(0x20252A)},
	ColorInk:       {rgb(0x22292F), rgb(0xEDEFF1)},
	ColorSoft:      {rgb(0x5D6872), rgb(0xA3ADB6)},
	ColorLine:      {rgb(0xE3DDD2), rgb(0x323940)},
	ColorAct:       {rgb(0x2C5C8F), rgb(0x8AB8EA)},
	ColorOnAct:     {rgb(0xFFFFFF), rgb(0x171A1D)},
	ColorActTint:   {rgb(0xE4EDF6), rgb(0x23364A)},
	ColorFresh:     {rgb(0x266F4E), rgb(0x6FCF9F)},
	ColorFreshTint: {rgb(0xE3F1EA), rgb(0x1D3A2D)},
	ColorSoon:      {rgb(0x945C00), rgb(0xF2B950)},
	ColorSoonTint:  {rgb(0xFBEFD9), rgb(0x40321A)},
	ColorLapsed:    {rgb(0x5F6670), rgb(0xA3A8AE)},
	ColorGreyTint:  {rgb(0xECEBE8), rgb(0x2C3035)},
	ColorStill:     {rgb(0xB3261E), rgb(0xFF8A80)},
	ColorStillTint: {rgb(0xFBE6E4), rgb(0x47211E)},
	ColorHoverFill: {rgb(0xF4F0E8), rgb(0x2A3036)},
	ColorShade:     {argb(0x0B, 0x4A3E28), argb(0x40, 0x000000)},
	ColorScrim:     {argb(0x66, 0x22292F), argb(0x99, 0x000000)},

	theme.ColorNameButton:              {rgb(0xFFFFFF), rgb(0x20252A)},
	theme.ColorNameDisabledButton:      {rgb(0xECEBE8), rgb(0x2C3035)},
	theme.ColorNameDisabled:            {rgb(0x5F6670), rgb(0xA3A8AE)},
	theme.ColorNameError:               {rgb(0xB3261E), rgb(0xFF8A80)},
	theme.ColorNameSuccess:             {rgb(0x266F4E), rgb(0x6FCF9F)},
	theme.ColorNameWarning:             {rgb(0x945C00), rgb(0xF2B950)},
	theme.ColorNameForegroundOnError:   {rgb(0xFFFFFF), rgb(0x171A1D)},
	theme.ColorNameForegroundOnSuccess: {rgb(0xFFFFFF), rgb(0x171A1D)},
	theme.ColorNameForegroundOnWarning: {rgb(0xFFFFFF), rgb(0x171A1D)},
	theme.ColorNameFocus:               {argb(0x40, 0x2C5C8F), argb(0x55, 0x8AB8EA)},
	theme.ColorNameHover:               {argb(0x0C, 0x22292F), argb(0x12, 0xFFFFFF)},
	theme.ColorNamePressed:             {argb(0x1A, 0x22292F), argb(0x22, 0xFFFFFF)},
	theme.ColorNameSelection:           {rgb(0xE4EDF6), rgb(0x23364A)},
	theme.ColorNameHyperlink:           {rgb(0x2C5C8F), rgb(0x8AB8EA)},
	theme.ColorNameHeaderBackground:    {rgb(0xFFFFFF), rgb(0x20252A)},
	theme.ColorNameInputBackground:     {rgb(0xFFFFFF), rgb(0x20252A)},
	theme.ColorNameInputBorder:         {rgb(0xE3DDD2), rgb(0x323940)},
	theme.ColorNameMenuBackground:      {rgb(0xFFFFFF), rgb(0x20252A)},
	theme.ColorNameOverlayBackground:   {rgb(0xFFFFFF), rgb(0x20252A)},
	theme.ColorNameScrollBar:           {argb(0x66, 0x5D6872), argb(0x66, 0xA3ADB6)},
	theme.ColorNameScrollBarBackground: {argb(0x01, 0x5D6872), argb(0x01, 0xA3ADB6)},
	theme.ColorNameShadow:              {argb(0x22, 0x4A3E28), argb(0x66, 0x000000)},
}

func rgb(v uint32) color.NRGBA { return argb(0xFF, v) }

func argb(a uint8, v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: a}
}
