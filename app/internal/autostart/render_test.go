package autostart

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the entries anew")

// What each system is given, word by word.
func TestEntriesOfEverySystem(t *testing.T) {
	for name, got := range map[string]string{
		"linux.desktop":    desktopEntry(Entry{Program: "/opt/best before/bestbefore", Args: []string{"--hidden"}}),
		"macos.plist":      launchAgent(Entry{Program: "/Applications/Best Before & more.app/Contents/MacOS/bestbefore", Args: []string{"--hidden"}}),
		"windows.run.text": runLine(Entry{Program: `C:\Program Files\Best Before\bestbefore.exe`, Args: []string{"--hidden", `--data`, `D:\our home\`}}) + "\n",
	} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || strings.ReplaceAll(string(want), "\r\n", "\n") != got {
			t.Errorf("%s (%v):\n%s", name, err, got)
		}
	}
}

// payloads would each be more than one word to a careless reader.
var payloads = []string{
	"$(touch x)", "`touch x`", "${HOME}", "%PATH%", "%f", "%%", "a b", " a", "a ", "'", "a'b", "''", "&& touch x", "; touch x", "| touch x", "> x", "< x", "&",
	"&amp;", "</string><string>", "<!--", "]]>", "<!DOCTYPE a>", "<key>Program</key>", "\u201c$(x)\u201d", "\u2018", "\u201e", "\u201d; x", `\`, `\\`, `a\`, `a\ `, `\a b\`, `C:\a b\`,
	`\\server\share\`, "^", "^&", "!x!", "*", "?", "[a]", "{a,b}", "~", "#", "=", "--", "-", "\u202e", "é", "日本",
}

// Fifty words come out of each system's own way of reading as they went in.
func TestPayloadsStayOneWord(t *testing.T) {
	if len(payloads) != 50 {
		t.Fatalf("%d payloads", len(payloads))
	}
	for _, p := range payloads {
		want := []string{"/opt/" + p, p, "--hidden"}
		e := Entry{Program: want[0], Args: want[1:]}
		if got := plistWords(t, launchAgent(e)); !slices.Equal(got, want) {
			t.Errorf("macOS reads %q as %q", want, got)
		}
		if got := commandLine(runLine(e)); !slices.Equal(got, want) {
			t.Errorf("Windows reads %q as %q", want, got)
		}
	}
	// The twins: without the care they would be read differently.
	if got := commandLine(`"/opt/a\" "--hidden"`); slices.Equal(got, []string{`/opt/a\`, "--hidden"}) {
		t.Error("a backslash before a quote is harmless; this test shows nothing")
	}
	if err := xml.Unmarshal([]byte("<array><string>&</string></array>"), new(struct{})); err == nil {
		t.Error("an ampersand is harmless; this test shows nothing")
	}
}

// plistWords reads the program's words as a reader of property lists does.
func plistWords(t *testing.T, text string) []string {
	t.Helper()
	var list struct {
		Dict struct {
			Keys    []string `xml:"key"`
			Label   string   `xml:"string"`
			Strings []string `xml:"array>string"`
		} `xml:"dict"`
	}
	d := xml.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&list); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
	if !slices.Equal(list.Dict.Keys, []string{"Label", "RunAtLoad", "ProgramArguments"}) || list.Dict.Label != name {
		t.Errorf("it says more than it should:\n%s", text)
	}
	return list.Dict.Strings
}

// commandLine splits as programs on Windows do: n backslashes before a quote are
// n/2 of them, and with an odd n the quote is a sign like any other.
func commandLine(s string) (words []string) {
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(s); i++ {
		n := len(s[i:]) - len(strings.TrimLeft(s[i:], `\`))
		switch {
		case n > 0 && i+n < len(s) && s[i+n] == '"':
			word.WriteString(strings.Repeat(`\`, n/2))
			if i += n; n%2 == 0 {
				quoted, begun = !quoted, true
			} else {
				word.WriteByte('"')
			}
		case s[i] == '"':
			quoted, begun = !quoted, true
		case s[i] == ' ' && !quoted:
			if begun || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(s[i])
		}
	}
	return append(words, word.String())
}
