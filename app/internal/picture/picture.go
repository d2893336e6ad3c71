// Package picture draws screens to images without a display, for the README, for
// tests that look, and for anybody who wants to see a change before clicking
// through it. It is the only user of fyne/v2/test outside tests.
//
// Drawing replaces Fyne's current application; it is for programs and tests that
// show no real window, and for one goroutine at a time.
package picture

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// Render draws what build returns, size large, in th. Build is called once the
// theme is in place, because some of Fyne's widgets measure themselves when they
// are made.
func Render(build func(fyne.Window) fyne.CanvasObject, size fyne.Size, th fyne.Theme) image.Image {
	app := test.NewApp()
	defer app.Quit()
	app.Settings().SetTheme(th)
	w := test.NewWindow(nil)
	defer w.Close()
	w.SetPadded(false)
	w.SetContent(build(w))
	w.Resize(size)
	for _, o := range w.Canvas().Overlays().List() {
		o.Resize(size)
	}
	return w.Canvas().Capture()
}

// Write stores img as a PNG file at path, whose folder it makes where needed.
func Write(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder for pictures: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("creating a picture: %w", err)
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return fmt.Errorf("writing a picture: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	return nil
}
