package autostart

import (
	"slices"
	"testing"

	"golang.org/x/sys/windows"
)

// Windows itself reads every payload as one word.
func TestTheSystemReadsItsRunKey(t *testing.T) {
	for _, p := range payloads {
		want := []string{"/opt/" + p, p, "--hidden"}
		got, err := windows.DecomposeCommandLine(runLine(Entry{Program: want[0], Args: want[1:]}))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, %v", want, got, err)
		}
	}
}
