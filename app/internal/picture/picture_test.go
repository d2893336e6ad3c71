//go:build !race

// Drawing is one goroutine's work and five times as slow under the race
// detector, so that 'make test' runs these tests without it.

package picture_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
)

// masters are the screens whose pictures are kept and compared.
var masters = map[string]bool{"home": true, "permissions": true, "review": true, "give": true}

var modes = map[string]kit.Mode{"light": kit.Light, "dark": kit.Dark}

func render(t *testing.T, s picture.Screen, size fyne.Size, mode kit.Mode, scale float32) image.Image {
	t.Helper()
	img, err := picture.Render(s.Build, size, kit.NewTheme(mode, scale))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// open shows s in a light window.
func open(t *testing.T, s picture.Screen, size fyne.Size, scale float32) fyne.Window {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, scale))
	w := test.NewTempWindow(t, nil)
	if err := s.Build(w); err != nil {
		t.Fatal(err)
	}
	w.Resize(size)
	for _, o := range w.Canvas().Overlays().List() {
		o.Resize(size)
	}
	return w
}

func TestScreensLookAsTheyDid(t *testing.T) {
	for _, s := range picture.Screens() {
		if !masters[s.Name] {
			continue
		}
		for name, mode := range modes {
			file := s.Name + "-" + name + ".png"
			got := render(t, s, fyne.NewSize(1280, 800), mode, 1)
			want, err := read(filepath.Join("testdata", file))
			if err == nil && differ(got, want) < 0.001 {
				continue
			}
			failed := filepath.Join("testdata", "failed", file)
			if err := picture.Write(failed, got); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s looks different from its master (%v); see %s and, if it is right, copy it to testdata", file, err, failed)
		}
	}
}

func TestAComparisonFindsAMissingCard(t *testing.T) {
	home := picture.Screens()[0]
	size := fyne.NewSize(1280, 800)
	light := render(t, home, size, kit.Light, 1)
	broken := image.NewNRGBA(light.Bounds())
	for y := range 800 {
		for x := range 1280 {
			broken.Set(x, y, light.At(x, y))
			if x > 940 && x < 1100 && y > 250 && y < 290 {
				broken.Set(x, y, color.White) // one stamp is gone
			}
		}
	}
	if d := differ(light, broken); d < 0.001 {
		t.Errorf("a missing stamp changes only %.5f of the picture; the comparison would not find it", d)
	}
}

// differ is the share of pixels that differ visibly: other processors round the
// edges of letters differently.
func differ(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 1
	}
	count := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			if far(ar, br) || far(ag, bg) || far(ab, bb) {
				count++
			}
		}
	}
	return float64(count) / float64(a.Bounds().Dx()*a.Bounds().Dy())
}

func far(a, b uint32) bool { return max(a, b)-min(a, b) > 24<<8 }

func read(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// TestWriteAll writes every screen, or those with a word in their name, for
// somebody to look at.
func TestWriteAll(t *testing.T) {
	folder := os.Getenv("BESTBEFORE_PICTURES")
	if folder == "" {
		t.Skip("BESTBEFORE_PICTURES names no folder")
	}
	for _, s := range picture.Screens() {
		if !strings.Contains(s.Name, os.Getenv("BESTBEFORE_SCREENS")) {
			continue
		}
		for name, mode := range modes {
			write(t, filepath.Join(folder, s.Name+"-"+name+".png"), s, fyne.NewSize(1280, 800), mode, 1)
		}
		write(t, filepath.Join(folder, s.Name+"-small.png"), s, fyne.NewSize(900, 640), kit.Light, 1)
		write(t, filepath.Join(folder, s.Name+"-200.png"), s, fyne.NewSize(1280, 800), kit.Light, 2)
	}
}

func write(t *testing.T, path string, s picture.Screen, size fyne.Size, mode kit.Mode, scale float32) {
	t.Helper()
	if err := picture.Write(path, render(t, s, size, mode, scale)); err != nil {
		t.Fatal(err)
	}
}

func TestAWindowFollowsTheSystemIntoTheDark(t *testing.T) {
	size := fyne.NewSize(1280, 800)
	for _, s := range picture.Screens() {
		if !masters[s.Name] {
			continue
		}
		want := render(t, s, size, kit.Dark, 1)
		w := open(t, s, size, 1)
		w.Canvas().Capture()
		test.ApplyTheme(t, kit.NewTheme(kit.Dark, 1))
		if d := differ(w.Canvas().Capture(), want); d > 0.0005 {
			t.Errorf("%s: %.4f of the window stays light", s.Name, d)
		}
	}
}
