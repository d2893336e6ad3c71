package kit_test

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func TestThemeDefinesEveryColour(t *testing.T) {
	for name, mode := range map[string]kit.Mode{"system": kit.FollowSystem, "light": kit.Light, "dark": kit.Dark} {
		test.AssertAllColorNamesDefined(t, kit.NewTheme(mode, 1), name)
	}
}

// pairs are all combinations of text and ground that the program uses.
func pairs() [][2]fyne.ThemeColorName {
	out := [][2]fyne.ThemeColorName{
		{kit.ColorOnAct, kit.ColorAct},
		{kit.ColorAct, kit.ColorActTint},
		{kit.ColorInk, kit.ColorActTint},
		{kit.ColorInk, theme.ColorNameSelection},
		{theme.ColorNameForegroundOnError, theme.ColorNameError},
		{theme.ColorNameForegroundOnSuccess, theme.ColorNameSuccess},
		{theme.ColorNameForegroundOnWarning, theme.ColorNameWarning},
		{theme.ColorNameDisabled, theme.ColorNameDisabledButton},
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
		{theme.ColorNameForeground, theme.ColorNameMenuBackground},
	}
	for _, ground := range []fyne.ThemeColorName{kit.ColorPaper, kit.ColorSheet, kit.ColorHoverFill} {
		for _, ink := range []fyne.ThemeColorName{kit.ColorInk, kit.ColorSoft, kit.ColorAct} {
			out = append(out, [2]fyne.ThemeColorName{ink, ground})
		}
		for s := view.None; s <= view.Still; s++ {
			out = append(out, [2]fyne.ThemeColorName{kit.InkOf(s), ground})
		}
	}
	for s := view.None; s <= view.Still; s++ {
		for _, ink := range []fyne.ThemeColorName{kit.InkOf(s), kit.ColorInk, kit.ColorAct} { // a notice has a word, a sentence and a link
			out = append(out, [2]fyne.ThemeColorName{ink, kit.TintOf(s)})
		}
	}
	return out
}

func TestContrastIsAtLeast45(t *testing.T) {
	test.NewTempApp(t)
	for name, mode := range map[string]kit.Mode{"light": kit.Light, "dark": kit.Dark} {
		th := kit.NewTheme(mode, 1)
		for _, p := range pairs() {
			if c := contrast(th.Color(p[0], 0), th.Color(p[1], 0)); c < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want at least 4.5", name, p[0], p[1], c)
			}
		}
	}
}

func TestContrastFindsAFaintPair(t *testing.T) {
	th := kit.NewTheme(kit.Light, 1)
	if c := contrast(th.Color(kit.ColorLine, 0), th.Color(kit.ColorSheet, 0)); c >= 4.5 {
		t.Errorf("a border on a sheet counts as readable (%.2f), so the check would find nothing", c)
	}
}

func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	part := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n.R) + 0.7152*part(n.G) + 0.0722*part(n.B)
}

func TestTextScaleStaysBetweenOneAndTwo(t *testing.T) {
	for _, c := range []struct{ in, want float32 }{{0, 15}, {0.5, 15}, {1.5, 22.5}, {2, 30}, {9, 30}} {
		if got := kit.NewTheme(kit.Light, c.in).Size(kit.SizeBody); got != c.want {
			t.Errorf("scale %v gives body text of %v, want %v", c.in, got, c.want)
		}
	}
}
