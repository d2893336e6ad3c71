package ui

import "fyne.io/fyne/v2"

// Dispatcher runs a function on the goroutine of the window. Whatever happens
// elsewhere, a new snapshot, the end of a waiting time, comes in through it.
type Dispatcher func(func())

// OnWindow queues on Fyne's own goroutine; it is the only user of fyne.Do. Tests
// use Direct, because Fyne's test driver does not queue.
func OnWindow() Dispatcher { return fyne.Do }

// Direct runs the function at once on the caller's goroutine.
func Direct() Dispatcher { return func(f func()) { f() } }
