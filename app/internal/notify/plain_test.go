package notify

import (
	"errors"
	"testing"
)

// TestPlainCountsOnlyWhatWasShown: where nobody can show it yet it is said, so
// that it is made good.
func TestPlainCountsOnlyWhatWasShown(t *testing.T) {
	said, can := 0, false
	p := Plain{Say: func() bool { said++; return can }}
	n := Note{Title: `bell"; calc.exe; "`, Body: "$(reboot)"}
	if err := p.Show(t.Context(), n); !errors.Is(err, ErrNone) || said != 1 {
		t.Errorf("nobody shows it yet: %v", err)
	}
	can = true
	if err := p.Show(t.Context(), n); err != nil || said != 2 {
		t.Errorf("shown %d times, %v", said, err)
	}
	if err := (Plain{}).Show(t.Context(), n); !errors.Is(err, ErrNone) {
		t.Errorf("without a system: %v", err)
	}
}
