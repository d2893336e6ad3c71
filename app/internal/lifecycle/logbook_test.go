package lifecycle

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"bestbefore/connectors"
)

func TestTheLogOfAConnectionHoldsNoSecret(t *testing.T) {
	for name, hidden := range map[string]bool{"hidden": true, "twin": false} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			b := &logbook{}
			log := slog.New(b.handler(slog.NewTextHandler(&file, nil)))
			const secret = "pa ss/word+1\"2"
			if hidden {
				b.hide(connectors.NewSecret(secret))
				b.hide(connectors.NewSecret("ab")) // too short to look for
			}
			log.With("component", "connector/mqtt", "connection", "k1").Warn("refused", "error", errors.New("dial: "+secret+" was wrong"), "url", "http://x/?p=pa+ss%2Fword%2B1%222")
			log.Warn("trouble", "what", "connection k1", "error", secret)
			log.Info("of nobody", "group", slog.GroupValue(slog.String("in", secret)))
			log.Info("about", "ab", "absent")
			lines := b.of("k1")
			if len(lines) != 2 || len(b.of("k2")) != 0 || !strings.HasPrefix(lines[0].Text, "refused; error: dial: ") {
				t.Fatalf("%+v", lines)
			}
			all := file.String() + lines[0].Text + lines[1].Text
			for _, form := range []string{secret, "pa+ss%2Fword%2B1%222"} {
				if strings.Contains(all, form) == hidden {
					t.Errorf("%q is in the log: %v", form, !hidden)
				}
			}
			if !strings.Contains(file.String(), "absent") {
				t.Error("ordinary words are blotted out")
			}
		})
	}
}

func TestTheLogOfAConnectionIsBounded(t *testing.T) {
	b := &logbook{}
	log := slog.New(b.handler(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	for range 5 * maxLogLines {
		log.Warn("again\x1b[2J", "connection", "k1", "x", strings.Repeat("y", 5000))
	}
	lines := b.of("k1")
	if len(lines) != maxLogLines || len(lines[0].Text) > 2*maxLogText || strings.Contains(lines[0].Text, "\x1b") {
		t.Errorf("%d lines, the first %q", len(lines), lines[0].Text)
	}
	for i := range 3 * maxLogged {
		log.Warn("x", "connection", string(rune('A'+i)))
	}
	if len(b.lines) > maxLogged {
		t.Errorf("%d connections are remembered", len(b.lines))
	}
}
