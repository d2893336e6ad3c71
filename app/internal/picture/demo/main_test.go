//go:build !race

// Drawn without the race detector, as in the package above.

package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The log's file rotation never ends its own goroutine.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

// TestEveryScreenIsDrawn tells the fast story and looks at what was drawn: every
// screen that is worth it, and none of them twice the same.
func TestEveryScreenIsDrawn(t *testing.T) {
	folder := t.TempDir()
	var told bytes.Buffer
	if err := run(t.Context(), true, folder, &told); err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	if !strings.Contains(told.String(), "is through again") {
		t.Errorf("the story has no end:\n%s", told.String())
	}
	seen := map[string]string{}
	for moment, names := range screens {
		for _, screen := range names {
			light := moment + "-" + screen + "-light.png"
			for _, name := range []string{light, moment + "-" + screen + "-dark.png"} {
				raw, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Error(err)
					continue
				}
				if moment == "ended" {
					if other := seen[string(raw)]; other != "" {
						t.Errorf("%s shows the same as %s", name, other)
					}
					seen[string(raw)] = name
				}
				img, err := png.Decode(bytes.NewReader(raw))
				if err != nil || img.Bounds().Dx() != int(size.Width) || img.Bounds().Dy() != int(size.Height) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}
