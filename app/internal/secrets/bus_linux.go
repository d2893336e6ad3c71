package secrets

import (
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// reachable asks whether there is a session bus where its address is not given.
// Without this question the library would start one where it can, which opens no
// key store and stays behind.
func reachable() error {
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return nil
	}
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoKeyStore, err)
	}
	_ = bus.Close() // it was only asked whether it is there
	return nil
}
