//go:build !linux

package announce

// stayOnJoined has nothing to do: here a socket hears only what it joined itself.
func stayOnJoined() error { return nil }
