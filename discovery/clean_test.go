package discovery

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Living Room TV", "Living Room TV"},
		{"umlauts and emoji stay", "Büro · Ölheizung 1.5 kW 🔥", "Büro · Ölheizung 1.5 kW 🔥"},
		{"decomposed letters are composed", "Bu\u0308ro", "Büro"},
		{"white space is folded and trimmed", " \t Living\r\n  Room\u00a0\u2003TV\v", "Living Room TV"},
		{"C0 and C1 controls go", "a\x00b\x1b[31mc\u0085d\u009be\x7f", "ab[31mc de"},
		{"bidi overrides go", "abc\u202etxt.exe\u202c\u2066x\u2069\u200f", "abctxt.exex"},
		{"zero-width characters go", "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg", "abcdefg"},
		{"invisible letters go", "a\u3164b\u115fc\u2800d\u034fe\ufe0f", "abc de"},
		{"private use goes", "a\ue000b\U000f0000c", "abc"},
		{"unassigned code points go", "a\u0378b\U000e0fffc", "abc"},
		{"tags go", "a\U000e0041b", "ab"},
		{"bytes that are not UTF-8 are marked", "a\xff\xfeb", "a\ufffdb"},
		{"line and paragraph separators are spaces", "a\u2028b\u2029c", "a b c"},
		{"a leading mark has nothing to stand on", "\u0301abc", "abc"},
		{"piles of marks are cut", "a" + strings.Repeat("\u0316", 50) + "b", "a" + strings.Repeat("\u0316", 4) + "b"},
		{"long text ends at 63", strings.Repeat("x", 5000), strings.Repeat("x", 63)},
		{"no space is left hanging at the end", strings.Repeat("x", 62) + " yz", strings.Repeat("x", 62)},
		{"markup is only text", "<b>$(id)</b> `x` =1+1", "<b>$(id)</b> `x` =1+1"},
		{"nothing stays nothing", "\u200b \u202e", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Clean(c.in)); got != c.want {
				t.Errorf("Clean(%+q) = %+q, want %+q", c.in, got, c.want)
			}
		})
	}
}

func TestCleanLongKeepsASentence(t *testing.T) {
	in := strings.Repeat("word ", 40)
	if got := CleanLong(in); string(got) != strings.TrimSpace(in) {
		t.Errorf("CleanLong cut a sentence of %d runes to %d", len(in), len(got))
	}
	if n := utf8.RuneCountInString(string(CleanLong(strings.Repeat("x", 1000)))); n != 300 {
		t.Errorf("CleanLong let %d runes through, want 300", n)
	}
}

// FuzzClean is target F6.
func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"", "Living Room TV", "a\x00\x1b[2J", "\u202eevil\u202c", "e\u0301\u200d\u0301", "\u1100\u200b\u1161\u11a8",
		strings.Repeat("\u0344", 100), "\xff\xfe\xfd", "\U000e0001\U0001f468\u200d\U0001f469", strings.Repeat("a ", 200),
		"\u0958\u0f43\ufb1d\u2adc", "x\u0316\u0301\u0316\u0301\u0316\u0301",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(Clean(s))
		if again := string(Clean(got)); again != got {
			t.Fatalf("not idempotent: %+q then %+q", got, again)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Fatalf("not valid UTF-8 in NFC: %+q", got)
		}
		if n := utf8.RuneCountInString(got); n > maxLabel {
			t.Fatalf("%d runes", n)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Fatalf("white space not folded: %q", got)
		}
		long := string(CleanLong(s))
		if n := utf8.RuneCountInString(long); n > maxSentence || string(CleanLong(long)) != long {
			t.Fatalf("%d runes, or not idempotent: %+q", n, long)
		}
		for _, r := range got + long {
			if r != ' ' && (unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Z) || !unicode.IsPrint(r)) {
				t.Fatalf("forbidden %U in %+q", r, got)
			}
		}
	})
}
