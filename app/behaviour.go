package main

import (
	"path/filepath"

	"bestbefore/app/internal/ui/devices"
)

// descriptionEndings are those of makers' descriptions (RFC 8520).
var descriptionEndings = []string{".json", ".mud"}

// descriptionMost is how much of such a file is read; the reader takes less.
const descriptionMost = 1 << 20

// behaviour are the answers on a device's sheets about how it behaves.
func (win *window) behaviour() devices.BehaviourCommands {
	return devices.BehaviourCommands{
		Fine:   win.pump.Usual,
		Fetch:  func(device string) { win.pump.Declare(device, "", nil) },
		Forget: win.pump.Undeclare,
		Copy:   win.copy,
		Visit:  win.visit,
		Give: func(device string) {
			win.askFile(descriptionEndings, func(path string) {
				data, err := readFile(path, descriptionMost)
				if err != nil || len(data) == 0 {
					win.pump.NoDescription(err)
					return
				}
				win.pump.Declare(device, filepath.Base(path), data)
			})
		},
	}
}
