package autostart

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
)

// agentFile is the LaunchAgent of the signed-in user.
func agentFile() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "LaunchAgents", name+".plist"), nil
}

func set(e Entry) error {
	path, err := agentFile()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString("<plist version=\"1.0\"><dict>\n<key>Label</key><string>" + name + "</string>\n<key>RunAtLoad</key><true/>\n<key>ProgramArguments</key><array>\n")
	for _, s := range append([]string{e.Program}, e.Args...) {
		b.WriteString("<string>")
		if err := xml.EscapeText(&b, []byte(s)); err != nil {
			return err
		}
		b.WriteString("</string>\n")
	}
	b.WriteString("</array>\n</dict></plist>\n")
	return write(path, b.String())
}

func unset() error {
	path, err := agentFile()
	if err != nil {
		return err
	}
	return os.Remove(path)
}

func isSet() (bool, error) {
	path, err := agentFile()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(path)
	return err == nil, err
}
