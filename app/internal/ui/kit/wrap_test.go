package kit

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// perRune measures as if every letter were ten wide, bold ones twelve.
func perRune(s string, bold bool) float32 {
	if bold {
		return float32(len([]rune(s))) * 12
	}
	return float32(len([]rune(s))) * 10
}

func words(t *Text) []piece { return t.pieces() }

func TestLinesFitAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
			return Span{Text: rapid.StringMatching(`[a-zäß ]{0,30}`).Draw(t, "text"), Bold: rapid.Bool().Draw(t, "bold")}
		}), 1, 5).Draw(t, "spans")
		width := float32(rapid.IntRange(12, 400).Draw(t, "width"))
		pieces := words(&Text{spans: spans})
		var before, after strings.Builder
		for _, p := range pieces {
			before.WriteString(strings.ReplaceAll(p.text, " ", ""))
		}
		for _, line := range breakLines(pieces, width, perRune) {
			if !fits(line, width, perRune) {
				t.Fatalf("line %v is wider than %v", line, width)
			}
			for _, p := range line {
				after.WriteString(strings.ReplaceAll(p.text, " ", ""))
			}
		}
		if before.String() != after.String() {
			t.Fatalf("lines hold %q, want %q", after.String(), before.String())
		}
	})
}

func TestEllipsisedLinesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zäß ]{0,60}`).Draw(t, "text")
		width := float32(rapid.IntRange(10, 400).Draw(t, "width"))
		pieces := words(&Text{spans: []Span{{Text: text}, {Text: " more", Bold: true}}})
		line := ellipsise(pieces, width, perRune)
		if !fits(line, width+2, perRune) && width >= 24 {
			t.Fatalf("%v is wider than %v", line, width)
		}
	})
}

func TestShortTextIsNotEllipsised(t *testing.T) {
	line := ellipsise(words(&Text{spans: []Span{{Text: "front door"}}}), 100, perRune)
	if got := joinPieces(line)[0].text; got != "front door" {
		t.Errorf("got %q, want the text unchanged", got)
	}
}

func TestCleanTakesAwayWhatCouldDeceive(t *testing.T) {
	for in, want := range map[string]string{
		"a\u202eb":          "ab",
		"a\x00\x1b[31mb":    "a[31mb",
		"  a \n\t b  ":      "a b",
		"Küche\u200d":       "Küche",
		"\ue000x\ufffd":     "x",
		"ordinary – text …": "ordinary – text …",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Front door bell")
	f.Add("a\u202eb\x00")
	f.Fuzz(func(t *testing.T, s string) {
		once := clean(s)
		if clean(once) != once {
			t.Errorf("cleaning %q twice changes it", s)
		}
		if strings.ContainsAny(once, "\x00\x1b\n\r\u202e\u2066") {
			t.Errorf("clean(%q) = %q keeps a control character", s, once)
		}
	})
}
