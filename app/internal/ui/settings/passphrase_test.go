package settings_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

func TestAPassphraseIsAskedFor(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	for _, fresh := range []bool{false, true} {
		var given []string
		var answer func(string)
		d, first := settings.NewPassphrase(view.Passphrase{Title: "t", Text: "x", Button: "Go", New: fresh}, settings.PassphraseCommands{
			Give: func(s string, done func(string)) { given, answer = append(given, s), done }, Cancel: func() {},
		})
		test.NewTempWindow(t, d).Resize(fyne.NewSize(700, 500))
		var es []*kit.Entry
		kit.Walk(d.Body(), func(o fyne.CanvasObject) {
			if e, ok := o.(*kit.Entry); ok {
				es = append(es, e)
			}
		})
		if want := map[bool]int{false: 1, true: 2}[fresh]; len(es) != want || !es[0].Password || first != fyne.Focusable(es[0]) {
			t.Fatalf("new %v: %d entries", fresh, len(es))
		}
		es[0].SetText("copper lantern quiet hedge")
		if fresh {
			es[0].OnSubmitted("")
			if len(given) != 0 {
				t.Error("given before it was typed twice")
			}
			es[1].SetText("copper lantern quiet hedge")
		}
		es[0].OnSubmitted("")
		if len(given) != 1 || given[0] != "copper lantern quiet hedge" {
			t.Fatalf("given: %q", given)
		}
		before := d.Body().MinSize().Height
		answer("that is not it")
		if d.Body().MinSize().Height <= before {
			t.Error("it does not say why")
		}
	}
}
