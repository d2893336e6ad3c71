package devices_test

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
)

// look writes a picture of what is built into the folder that LOOK names, for
// somebody who wants to see a change. Without it nothing is drawn.
func look(t *testing.T, name string, size fyne.Size, mode kit.Mode, build func() fyne.CanvasObject) {
	t.Helper()
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("LOOK names no folder")
	}
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(mode, 1))
	w := test.NewTempWindow(t, kit.NewStack(kit.NewPanel(kit.ColorPaper, 0), build()))
	w.SetPadded(false)
	w.Resize(size)
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, w.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
