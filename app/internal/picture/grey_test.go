//go:build !race

package picture_test

import (
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
)

// TestWriteForTheEye writes every screen once more without colour, since colour
// is never the only signal, and once as high as it is, for somebody to look at.
func TestWriteForTheEye(t *testing.T) {
	folder := os.Getenv("BESTBEFORE_PICTURES")
	if folder == "" {
		t.Skip("BESTBEFORE_PICTURES names no folder")
	}
	for _, s := range picture.Screens() {
		for name, mode := range modes {
			colour := render(t, s, fyne.NewSize(1280, 800), mode, 1)
			grey := image.NewGray(colour.Bounds())
			draw.Draw(grey, grey.Bounds(), colour, colour.Bounds().Min, draw.Src)
			if err := picture.Write(filepath.Join(folder, "grey", s.Name+"-"+name+".png"), grey); err != nil {
				t.Fatal(err)
			}
		}
		write(t, filepath.Join(folder, "whole", s.Name+".png"), s, fyne.NewSize(1280, 1900), kit.Light, 1)
		write(t, filepath.Join(folder, "whole", s.Name+"-200.png"), s, fyne.NewSize(1280, 2600), kit.Light, 2)
	}
}
