package devices_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/kit"
)

// TestThePersonCorrectsADevice: whom it matters to, taking apart, joining; the last two are folded away.
func TestThePersonCorrectsADevice(t *testing.T) {
	p, w, log := showDevice(t, bell())
	chip := func(label string) *kit.Chip {
		var found *kit.Chip
		kit.Walk(p.Content(), func(o fyne.CanvasObject) {
			if c, ok := o.(*kit.Chip); ok && c.Choice().Label == label {
				found = c
			}
		})
		if found == nil {
			t.Fatalf("there is no %q", label)
		}
		return found
	}
	test.Tap(chip("medical"))
	test.Tap(buttons(w, "Technical details")[0])
	test.Tap(buttons(w, "They are separate devices")[0])
	test.Tap(chip("Living room TV"))
	if diff := cmp.Diff([]string{"depends bell medical", "split bell", "merge bell tv"}, *log); diff != "" {
		t.Error(diff)
	}
}
