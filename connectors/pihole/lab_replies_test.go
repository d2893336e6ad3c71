//go:build lab && linux

package pihole

import (
	"testing"

	"bestbefore/connectors/connectortest"
)

// TestLabPiholeSaysWhatItAnswered: each device's question carries the address that the
// real program answered, also from its cache; a name that it refuses has none.
func TestLabPiholeSaysWhatItAnswered(t *testing.T) {
	lab(t, func(f *real) {
		s := f.open(t)
		w := connectortest.Watch(t, s, nil).Begun()
		f.many("127.0.0.7", "Video.maker.example", 1)
		f.many("127.0.0.8", "video.maker.example", 1)
		w.Until("both questions are seen", func(v *connectortest.Seen) bool { return v.Sum() >= 2 })
		for _, r := range w.Stop().Records {
			if r.Destination.Domain == "video.maker.example" && (len(r.Answers) != 1 || r.Answers[0].Address.String() != realAnswer) {
				t.Errorf("%s was answered %v", r.Local.Address, r.Answers)
			}
		}
	})
}
