package picture_test

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
)

func TestWriteAll(t *testing.T) {
	folder := os.Getenv("BESTBEFORE_PICTURES")
	if folder == "" {
		t.Skip("BESTBEFORE_PICTURES names no folder")
	}
	for _, s := range picture.Screens() {
		for mode, name := range map[kit.Mode]string{kit.Light: "light", kit.Dark: "dark"} {
			img := picture.Render(s.Build, fyne.NewSize(1280, 800), kit.NewTheme(mode, 1))
			if err := picture.Write(filepath.Join(folder, s.Name+"-"+name+".png"), img); err != nil {
				t.Fatal(err)
			}
		}
		if os.Getenv("MORE") != "" {
			picture.Write(filepath.Join(folder, s.Name+"-small.png"), picture.Render(s.Build, fyne.NewSize(900, 640), kit.NewTheme(kit.Light, 1)))
			picture.Write(filepath.Join(folder, s.Name+"-200.png"), picture.Render(s.Build, fyne.NewSize(1280, 800), kit.NewTheme(kit.Light, 2)))
		}
	}
}
