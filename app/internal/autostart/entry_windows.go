package autostart

import (
	"os"

	"golang.org/x/sys/windows/registry"
)

// runKey lists what Windows starts when this user signs in.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

func set(e Entry) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetStringValue(name, runLine(e))
}

func unset() error {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return missing(err)
	}
	defer k.Close()
	return missing(k.DeleteValue(name))
}

func isSet() (bool, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return false, missing(err)
	}
	defer k.Close()
	_, _, err = k.GetStringValue(name)
	return err == nil, missing(err)
}

// missing gives "there is none" the name that it has elsewhere.
func missing(err error) error {
	if err == registry.ErrNotExist { //nolint:errorlint // the registry gives it bare
		return os.ErrNotExist
	}
	return err
}
