package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"bestbefore/assets"
)

// Mode chooses between light and dark.
type Mode int

// The modes. FollowSystem is the zero value.
const (
	FollowSystem Mode = iota
	Light
	Dark
)

// Theme is the look: the palette, Atkinson Hyperlegible Next and the sizes of
// the design on top of Fyne's default theme. It is a plain value.
type Theme struct {
	Mode      Mode
	TextScale float32 // 1 to 2; 0 means 1

	regular, bold, stamp fyne.Resource
}

// NewTheme returns the look in mode with text enlarged by textScale (0 means 1;
// kept between 1 and 2).
func NewTheme(mode Mode, textScale float32) *Theme {
	if textScale < 1 {
		textScale = 1
	}
	return &Theme{
		Mode:      mode,
		TextScale: min(textScale, 2),
		regular:   fyne.NewStaticResource("AtkinsonHyperlegibleNext-Regular.ttf", assets.TextRegular),
		bold:      fyne.NewStaticResource("AtkinsonHyperlegibleNext-Bold.ttf", assets.TextBold),
		stamp:     fyne.NewStaticResource("Doto-Black.ttf", assets.Stamp),
	}
}

// Color implements fyne.Theme.
func (t *Theme) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch t.Mode {
	case Light:
		v = theme.VariantLight
	case Dark:
		v = theme.VariantDark
	}
	pair, ok := palette[name]
	switch {
	case !ok:
		return theme.DefaultTheme().Color(name, v)
	case v == theme.VariantDark:
		return pair.dark
	default:
		return pair.light
	}
}

// Font implements fyne.Theme. There is no italic; emphasis is bold.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Monospace, style.Symbol:
		return theme.DefaultTheme().Font(style)
	case style.Bold:
		return t.bold
	default:
		return t.regular
	}
}

// Icon implements fyne.Theme.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case SizeTitle:
		return 26 * t.TextScale
	case SizeHeading:
		return 16 * t.TextScale
	case SizeBrand:
		return 19.5 * t.TextScale
	case SizeBody:
		return 15 * t.TextScale
	case SizeSmall:
		return 13.5 * t.TextScale
	case theme.SizeNameInlineIcon:
		return 20 * t.TextScale
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return RadiusControl
	case theme.SizeNameInputBorder:
		return 1
	case theme.SizeNamePadding:
		return Step
	case theme.SizeNameInnerPadding:
		return 2 * Step
	default:
		return theme.DefaultTheme().Size(name)
	}
}
