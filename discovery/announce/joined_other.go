//go:build !linux

package announce

import "net"

// stayOnJoined has nothing to do: here a socket hears only what it joined itself.
func stayOnJoined(net.Interface) error { return nil }
