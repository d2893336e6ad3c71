package clock

import (
	"fmt"

	"golang.org/x/sys/windows/registry"
)

func systemZone() (string, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\TimeZoneInformation`, registry.QUERY_VALUE)
	if err != nil {
		return "", fmt.Errorf("reading the time zone: %w", err)
	}
	defer k.Close() //nolint:errcheck // only read
	key, _, err := k.GetStringValue("TimeZoneKeyName")
	if err != nil {
		return "", fmt.Errorf("reading the time zone: %w", err)
	}
	if name, ok := windowsZones[key]; ok {
		return name, nil
	}
	return "", fmt.Errorf("%w (%q)", ErrNoZone, key)
}
