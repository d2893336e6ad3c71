package autostart

import (
	"os"
	"path/filepath"
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
	return write(path, launchAgent(e))
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
