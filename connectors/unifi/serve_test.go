package unifi

import (
	"os"
	"testing"

	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func TestServe(t *testing.T) {
	if os.Getenv("BESTBEFORE_SERVE") == ClassicKind {
		connectortest.Serve(t, ClassicKind, func() connectortest.Setup {
			return connectortest.Setup{
				Connector: NewClassic(), Secrets: map[consent.SecretRef]string{"pw": classicPassword},
				Stand:    func(connectortest.T) connectortest.Stand { return connectortest.Stand{Handler: newOlder()} },
				Settings: classicSettings,
			}
		})
		return
	}
	connectortest.Serve(t, Kind, func() connectortest.Setup {
		return connectortest.Setup{
			Connector: New(), Secrets: map[consent.SecretRef]string{"key": apiKey}, Settings: settings,
			Stand: func(connectortest.T) connectortest.Stand { return connectortest.Stand{Handler: newConsole()} },
		}
	})
}
