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

// Render draws the window that build fills, size large, in th. Build is called
// once the theme is in place, because some of Fyne's widgets measure themselves
// when they are made.
func Render(build func(fyne.Window) error, size fyne.Size, th fyne.Theme) (image.Image, error) {
	app := test.NewApp()
	defer app.Quit()
	app.Settings().SetTheme(th)
	w := test.NewWindow(nil)
	defer w.Close()
	if err := build(w); err != nil {
		return nil, err
	}
	resize(w, size)
	return w.Canvas().Capture(), nil
}

// resize lays out the window and the dialogs over it, which Fyne's test driver leaves alone.
func resize(w fyne.Window, size fyne.Size) {
	w.Resize(size)
	for _, o := range w.Canvas().Overlays().List() {
		o.Resize(size)
	}
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
