package secrets

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// The names of the Secret Service, and where its usual collection is.
const (
	secretService = "org.freedesktop.secrets"
	lockedIs      = "org.freedesktop.Secret.Collection"
)

var collections = []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login", "/org/freedesktop/secrets/aliases/default"}

// OpensQuietly reports whether the key store is there and open, so that asking
// it puts no question to a person. It starts nothing either.
func OpensQuietly(ctx context.Context) bool {
	if reachable() != nil {
		return false
	}
	bus, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer bus.Close()
	if bus.Auth(nil) != nil || bus.Hello() != nil {
		return false
	}
	owned := false
	if bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, secretService).Store(&owned) != nil || !owned {
		return false
	}
	for _, path := range collections {
		var locked dbus.Variant
		if bus.Object(secretService, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, lockedIs, "Locked").Store(&locked) == nil {
			is, ok := locked.Value().(bool)
			return ok && !is
		}
	}
	return false
}
