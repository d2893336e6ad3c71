// Package builtin is the explicit list of the connectors that we ship. There is
// no registration by import: what is not named here does not exist.
package builtin

import (
	"bestbefore/connectors"
	"bestbefore/connectors/adguardhome"
	"bestbefore/connectors/fritzbox"
	"bestbefore/connectors/gateway"
	"bestbefore/connectors/homeassistant"
	"bestbefore/connectors/mqtt"
	"bestbefore/connectors/netflow"
	"bestbefore/connectors/oauth"
	"bestbefore/connectors/openwrt"
	"bestbefore/connectors/pihole"
	"bestbefore/connectors/recipe"
	"bestbefore/connectors/unifi"
)

// All returns the registry of the connectors that we ship.
func All() (*connectors.Registry, error) {
	all, err := recipe.Shipped()
	if err != nil {
		return nil, err
	}
	accounts, err := oauth.New()
	if err != nil {
		return nil, err
	}
	return connectors.NewRegistry(append(all,
		adguardhome.New(),
		fritzbox.New(),
		gateway.New(),
		homeassistant.New(),
		mqtt.New(),
		accounts,
		openwrt.New(),
		netflow.New(),
		pihole.New(),
		unifi.New(),
		unifi.NewClassic(),
	)...)
}
