package recipe

import (
	"os"
	"testing"

	"bestbefore/connectors/connectortest"
)

func TestServe(t *testing.T) {
	name := os.Getenv("BESTBEFORE_SERVE") // any of them
	connectortest.Serve(t, name, func() connectortest.Setup {
		return setup(func() *rig {
			g := rigs(t)[name]
			if g == nil {
				t.Fatalf("there is no recipe %q", name)
			}
			return g
		}, "")
	})
}
