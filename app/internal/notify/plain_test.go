package notify

import (
	"errors"
	"testing"
)

// TestPlainShowsNothingOfTheNote: whatever a device calls itself, the text is the
// fixed one. The twin is nobody to show it, which is said, so that it is made good.
func TestPlainShowsNothingOfTheNote(t *testing.T) {
	var said []string
	can := false
	p := Plain{Title: "T", Body: "B", Say: func(title, body string) bool { said = append(said, title, body); return can }}
	n := Note{Title: `bell"; calc.exe; "`, Body: "$(reboot)", Actions: []Action{{"renew", "Renew"}}}
	if err := p.Show(t.Context(), n); !errors.Is(err, ErrNone) {
		t.Errorf("nobody shows it yet: %v", err)
	}
	can = true
	if err := p.Show(t.Context(), n); err != nil {
		t.Error(err)
	}
	for i, x := range said {
		if x != []string{"T", "B"}[i%2] {
			t.Errorf("said %q", said)
		}
	}
	if err := (Plain{}).Show(t.Context(), n); !errors.Is(err, ErrNone) {
		t.Errorf("without a system: %v", err)
	}
}
