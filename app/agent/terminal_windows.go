package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// silence stops the console f from showing what is typed; restore undoes it.
// False where f is no console.
func silence(f *os.File) (restore func(), ok bool) {
	h := windows.Handle(f.Fd())
	var old uint32
	if windows.GetConsoleMode(h, &old) != nil {
		return nil, false
	}
	quiet := old&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if windows.SetConsoleMode(h, quiet) != nil {
		return nil, false
	}
	return func() { _ = windows.SetConsoleMode(h, old) }, true
}

func terminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}
