package kit_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
)

// TestAFoldTurnsItsSign: the sign points to where the content goes, and what
// stands below makes room for it and comes back.
func TestAFoldTurnsItsSign(t *testing.T) {
	inLook(t, kit.Light)
	fold := kit.NewFold("More", kit.NewText("hardly ever changed"))
	below := kit.NewText("below")
	inWindow(t, kit.NewPage(kit.NewColumn(kit.Step, fold.Content(), below)), fyne.NewSize(600, 400))
	var button *kit.Button
	kit.Walk(fold.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*kit.Button); ok {
			button = b
		}
	})
	closed := below.Position().Y
	for _, want := range []struct {
		open bool
		sign string
	}{{false, "down"}, {true, "up"}, {false, "down"}} {
		if fold.Unfolded() != want.open || button.Sign() != want.sign {
			t.Errorf("unfolded is %v with the sign %q, want %v with %q", fold.Unfolded(), button.Sign(), want.open, want.sign)
		}
		if lower := below.Position().Y > closed; lower != want.open {
			t.Errorf("unfolded is %v, but what stands below is at %v (folded %v)", want.open, below.Position().Y, closed)
		}
		test.Tap(button)
	}
}
