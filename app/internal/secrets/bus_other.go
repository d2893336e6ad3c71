//go:build !linux

package secrets

// reachable: the key stores of other systems need no bus.
func reachable() error { return nil }
