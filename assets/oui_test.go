package assets

import (
	"strings"
	"testing"
)

func TestOUI(t *testing.T) {
	for _, c := range []struct{ name, mac, want string }{
		{"a large block", "00:17:88:00:00:18", "Philips Lighting BV"},
		{"hyphens and upper case", "B8-27-EB-00-00-10", "Raspberry Pi Foundation"},
		{"no separators", "001132000012", "Synology Incorporated"},
		{"only the prefix", "001B:A9", "Brother industries, LTD."},
		{"a medium block within a registry's own", "20:85:93:b0:00:01", "IOG Products LLC"},
		{"a small block", "70:b3:d5:71:90:01", "2M Technology"},
		{"a random address has no maker", "f2:18:98:00:00:22", ""},
		{"a prefix that nobody has", "00:00:00:ff:ff", "XEROX CORPORATION"},
		{"unknown", "fc:ff:ff:00:00:00", ""},
		{"too short", "00:17", ""},
		{"not a hardware address", "tv.local!!", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := OUI(c.mac)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("OUI(%q) = %q, %v, want %q", c.mac, got, ok, c.want)
			}
		})
	}
}

// TestEveryLineIsFound proves the search and the file: sorted, whole, no line
// that a question cannot reach.
func TestEveryLineIsFound(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(ouiText(), "\n"), "\n")
	if len(lines) < 40_000 {
		t.Fatalf("only %d prefixes", len(lines))
	}
	for i, line := range lines {
		prefix, name, ok := strings.Cut(line, "\t")
		if !ok || name == "" || i > 0 && lines[i-1] >= line {
			t.Fatalf("line %d is wrong or not in order: %q", i, line)
		}
		if got, _ := ouiLine(ouiText(), prefix+"\t"); got != name {
			t.Fatalf("%s: found %q, want %q", prefix, got, name)
		}
	}
	if n := len(ouiFile); n > 600_000 {
		t.Errorf("the file takes %d bytes", n)
	}
}

func BenchmarkOUI(b *testing.B) {
	for b.Loop() {
		OUI("70:b3:d5:71:90:01")
	}
}
