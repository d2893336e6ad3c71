package clock

import "testing"

func TestEveryZoneOfTheTableIsKnown(t *testing.T) {
	for key, name := range windowsZones {
		if _, err := load(name); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}
