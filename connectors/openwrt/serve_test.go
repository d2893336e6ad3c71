package openwrt

import (
	"testing"

	"bestbefore/connectors/connectortest"
)

func TestServe(t *testing.T) {
	connectortest.Serve(t, Kind, func() connectortest.Setup { return setup("") })
}
