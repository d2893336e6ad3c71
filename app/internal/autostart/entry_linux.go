package autostart

import (
	"os"
	"path/filepath"
	"strings"
)

// desktopFile is the entry of the Desktop Application Autostart Specification.
func desktopFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "autostart", name+".desktop"), nil
}

func set(e Entry) error {
	path, err := desktopFile()
	if err != nil {
		return err
	}
	return write(path, desktopEntry(e))
}

func unset() error {
	path, err := desktopFile()
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// isSet also reads what a desktop writes into the entry when its owner turns it off there.
func isSet() (bool, error) {
	path, err := desktopFile()
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		key, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(line)), "=")
		if key == "hidden" && value == "true" || key == "x-gnome-autostart-enabled" && value == "false" {
			return false, nil
		}
	}
	return true, nil
}
