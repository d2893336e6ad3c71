package clock

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // so that every system knows every zone

	"bestbefore/assets/words"
)

// ErrNoZone says that the system keeps a zone, but not by its name.
var ErrNoZone = words.New("this computer does not say which time zone it is in")

// Zone is the system's time zone now, by its IANA name. It is read anew on each
// call, since a laptop travels and time.Local is read only once.
func Zone() (name string, loc *time.Location, err error) {
	name, err = systemZone()
	if err != nil {
		return "", nil, err
	}
	loc, err = load(name)
	return name, loc, err
}

func load(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, ErrNoZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("reading time zone %q: %w", name, err)
	}
	return loc, nil
}

// zoneOf is the IANA name in a path below a zoneinfo folder, "" when there is none.
func zoneOf(path string) string {
	_, name, ok := strings.Cut(path, "/zoneinfo/")
	if !ok {
		return ""
	}
	for _, variant := range []string{"posix/", "right/"} {
		name = strings.TrimPrefix(name, variant)
	}
	return name
}
