package consent

import (
	"slices"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// ErrProtected says that a device is never blocked, whoever asks.
var ErrProtected = words.New("this device is never disconnected")

// ErrEssential says that a device is only blocked by a person who confirmed twice.
var ErrEssential = words.New("this device is never disconnected by the clock")

// Knows reports whether d still is, by anything that was known of it when c was
// given, the device that was meant (T38).
func (c Consent) Knows(d discovery.Device) bool {
	for _, id := range c.Identity {
		if slices.Contains(d.Identifiers, id) {
			return true
		}
	}
	return len(c.Identity) == 0
}

// CanBlock is the safety list, checked before any connector is asked. This
// computer, the router, the home's DNS server and the hosts of connectors are
// refused with ErrProtected, whoever asks. What a person marked as safety or
// medical is refused with ErrEssential unless the origin is a person who
// confirmed a second time. Lifting a block is always allowed and not asked here.
func CanBlock(d discovery.Device, origin Origin, confirmedTwice bool) error {
	switch d.Role {
	case discovery.RoleThisComputer:
		return words.Errorf("it is this computer: %w", ErrProtected)
	case discovery.RoleRouter:
		return words.Errorf("it is the home's router, and everything would stop: %w", ErrProtected)
	case discovery.RoleDNS:
		return words.Errorf("the home's devices look up names there: %w", ErrProtected)
	case discovery.RoleConnector:
		return words.Errorf("a connector works through it: %w", ErrProtected)
	case discovery.RoleOrdinary:
	default:
		return words.Errorf("its role %q is not known to this version: %w", d.Role, ErrProtected)
	}
	if d.Essential != discovery.EssentialSafety && d.Essential != discovery.EssentialMedical {
		return nil
	}
	if origin != FromPerson {
		return words.Errorf("it is marked as %s: %w", d.Essential, ErrEssential)
	}
	if !confirmedTwice {
		return words.Errorf("it is marked as %s and needs a second confirmation: %w", d.Essential, ErrEssential)
	}
	return nil
}
