package behaviour

import (
	"fmt"
	"strings"
	"time"

	"bestbefore/assets/words"
)

// Words is f in a sentence that goes on after the name of the device.
func (f Finding) Words(zone *time.Location) string {
	day := f.Day
	if at, err := time.Parse(time.DateOnly, f.Day); err == nil {
		day = words.Date(at, "2 January")
	}
	var s string
	switch f.Kind {
	case Volume:
		s = words.Sprintf("sent %s on %s, %s", Bytes(f.Bytes), day, f.against())
	case OddHours:
		s = words.Sprintf("sent %s on %s at hours at which it sent %s at most on the %d days before", Bytes(f.Bytes), day, Bytes(f.UsualBytes), f.Days)
	case Strangers:
		s = words.Sprintf("talked to %d others on %s to whom it never talked before; on the %d days before it were %d at most, known ones included", f.Hosts, day, f.Days, f.UsualHosts)
	case Search:
		s = words.Sprintf("tried %d computers%s on %s, all on port %d, and hardly any answered", f.Hosts, f.where(), day, f.Port)
	case Doors:
		s = words.Sprintf("tried %d ports of one computer%s on %s", f.Ports, f.where(), day)
	}
	if f.MostlyTo != "" && f.Kind != Doors {
		s += words.Sprintf(", mostly to %s", f.MostlyTo)
		if f.New {
			s += words.Text(", to whom it never sent before")
		}
	}
	if f.Kind == Doors && f.MostlyTo != "" {
		s += " (" + f.MostlyTo + ")"
	}
	if !f.From.IsZero() {
		s += words.Sprintf(", between %s and %s", f.From.In(zone).Format("15:04"), f.To.In(zone).Format("15:04"))
	}
	return s + "."
}

// Times is how many times as much as on the highest day before, 0 where nothing
// was sent then or it is not even twice as much.
func (f Finding) Times() uint64 {
	if f.UsualBytes == 0 || f.Bytes < 2*f.UsualBytes {
		return 0
	}
	return f.Bytes / f.UsualBytes
}

func (f Finding) against() string {
	if n := f.Times(); n > 0 {
		return words.Sprintf("%d times as much as on any of the %d days before", n, f.Days)
	}
	return words.Sprintf("on the %d days before it was %s at most", f.Days, Bytes(f.UsualBytes))
}

func (f Finding) where() string {
	if f.AtHome {
		return " " + words.Text("at home")
	}
	return ""
}

// Bytes is n in plain English: "4.1 GB".
func Bytes(n uint64) string {
	f, unit := float64(n), 0
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	for f >= 1000 && unit < len(units)-1 {
		f, unit = f/1000, unit+1
	}
	s := fmt.Sprintf("%.1f", f)
	if f >= 10 || unit == 0 {
		s = fmt.Sprintf("%.0f", f)
	}
	return strings.TrimSuffix(s, ".0") + " " + units[unit]
}
