package autostart

import (
	"encoding/xml"
	"strings"
)

// The entries of all systems are made here, from nothing but the entry's words,
// so that each system's is tested on every other.

// desktopEntry is the file of the Desktop Application Autostart Specification.
func desktopEntry(e Entry) string {
	return "[Desktop Entry]\nType=Application\nName=Best Before\nExec=" + execLine(e) + "\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
}

// execLine quotes as the Desktop Entry Specification asks: first for its own
// reader of the command line, then for the reader of the file.
func execLine(e Entry) string {
	var words []string
	for _, s := range e.words() {
		s = strings.NewReplacer(`\`, `\\`, "`", "\\`", `$`, `\$`).Replace(s)
		s = strings.ReplaceAll(s, `\`, `\\`)
		words = append(words, `"`+strings.ReplaceAll(s, "%", "%%")+`"`)
	}
	return strings.Join(words, " ")
}

// launchAgent is the property list that macOS reads at sign-in.
func launchAgent(e Entry) string {
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString("<plist version=\"1.0\"><dict>\n<key>Label</key><string>" + name + "</string>\n<key>RunAtLoad</key><true/>\n<key>ProgramArguments</key><array>\n")
	for _, s := range e.words() {
		b.WriteString("<string>")
		_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
		b.WriteString("</string>\n")
	}
	b.WriteString("</array>\n</dict></plist>\n")
	return b.String()
}

// runLine is what stands in the Run key of Windows, which starts it without a
// shell. Every word is quoted; a backslash means itself but before a quote.
func runLine(e Entry) string {
	var words []string
	for _, s := range e.words() {
		end := len(s) - len(strings.TrimRight(s, `\`))
		words = append(words, `"`+s+strings.Repeat(`\`, end)+`"`) // Validate has let no quote in
	}
	return strings.Join(words, " ")
}

func (e Entry) words() []string { return append([]string{e.Program}, e.Args...) }
