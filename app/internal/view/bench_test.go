package view

import (
	"fmt"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// A list of 300 devices is made anew within a frame of the screen.
func BenchmarkDevices300(b *testing.B) {
	p := presenter(b)
	var ds []engine.DeviceInfo
	for i := range 300 {
		d := devices(b)[i%7]
		d.ID = discovery.DeviceID(fmt.Sprint("d", i))
		ds = append(ds, d)
	}
	cs := home(b).Consents
	for b.Loop() {
		p.Devices(ds, cs, Query{Text: "e"})
	}
}
