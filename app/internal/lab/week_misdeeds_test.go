//go:build lab && week && linux

package lab

import (
	"fmt"
	"strings"

	"bestbefore/discovery/behaviour"
)

// misdeed is something that somebody who took a device over has it do.
type misdeed struct {
	name   string
	device string
	to     string // the prefix of the addresses that it goes to
	least  uint64 // bytes, or it was not really done
	kinds  []behaviour.Kind
	does   func(day, hour int) (string, bool)
}

const evilDay = learnDays + quietDays

// misdeeds lead to addresses to which nobody else here sends: 198.18.0.0/15.
func misdeeds() []misdeed {
	at := func(day, from, to int, f func(hour int) string) func(int, int) (string, bool) {
		return func(d, h int) (string, bool) {
			if d != evilDay+day || h < from || h >= to {
				return "", false
			}
			return f(h), true
		}
	}
	line := func(s string) func(int) string { return func(int) string { return s } }
	hosts := func(third, hour, n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("198.18.%d.%d", third, (hour*n+i)%250+1))
		}
		return strings.Join(all, " ")
	}
	send := func(third int, bytes int) string { return fmt.Sprintf("give 198.18.%d.9 %d", third, bytes) }
	return []misdeed{
		{"a plug searches the world", "esp", "198.18.0.", 10 * kilo, []behaviour.Kind{behaviour.Search}, at(1, 14, 15, line("try 198.18.0.[1-250]:23/"))},
		{"a sensor searches slowly, all day", "tiny", "198.18.10.", 8 * kilo, []behaviour.Kind{behaviour.Search, behaviour.Strangers}, at(2, 0, 24, func(h int) string { return fmt.Sprintf("try 198.18.10.[%d-%d]:2323/", h*10+1, h*10+10) })},
		{"a doorbell's recordings are taken away at night", "doorbell", "198.18.20.", 700 * mega, []behaviour.Kind{behaviour.Volume, behaviour.OddHours}, at(1, 2, 4, line(send(20, 400*mega)))},
		{"a speaker listens in the night", "sonos", "198.18.30.", 50 * mega, []behaviour.Kind{behaviour.OddHours, behaviour.Volume}, at(3, 1, 5, line(send(30, 15*mega)))},
		{"a lamp bridge floods somebody", "hue", "198.18.40.", 190 * mega, []behaviour.Kind{behaviour.Volume, behaviour.OddHours}, at(4, 19, 20, line(send(40, 200*mega)))},
		{"a printer is somebody's way in", "printer", "198.18.50.", 8 * mega, []behaviour.Kind{behaviour.Strangers}, at(4, 0, 24, func(h int) string { return fmt.Sprintf("give '%s' %d", hosts(50, h, 10), 60*kilo) })},
		{"files are taken away", "nas", "198.18.60.", 1030 * mega, []behaviour.Kind{behaviour.Volume}, at(5, 3, 6, line(send(60, 500*mega)))},
		{"a radio tries the doors of somebody", "speaker", "198.18.70.", 8 * kilo, []behaviour.Kind{behaviour.Doors}, at(5, 16, 17, line("try 198.18.70.9:[1-400]/"))},
		{"a telephone searches", "silent", "198.18.80.", 10 * kilo, []behaviour.Kind{behaviour.Search}, at(6, 11, 12, line("try 198.18.[80-81].[1-250]:445/"))},
	}
}
