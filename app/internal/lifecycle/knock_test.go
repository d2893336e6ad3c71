package lifecycle

import (
	"fmt"
	"testing"

	"bestbefore/discovery"
)

// The engine asks the router and the name servers what they are only where it
// looks at the real network and may act; the twins are the three ways in which it
// does not. TestLabKnocks counts at real boxes who is really asked.
func TestWhenTheRouterIsAsked(t *testing.T) {
	madeUp := map[string]discovery.Scanner{}
	for _, c := range []struct {
		name string
		c    Config
		want bool
	}{
		{"at work", Config{Scan: true, Enforce: true}, true},
		{"a short look at the network", Config{Scan: true}, false},
		{"a command that acts", Config{Enforce: true}, false},
		{"a home that is made up", Config{Scan: true, Enforce: true, Scanners: madeUp}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.c.Dir, c.c.Credentials = t.TempDir(), credential(t)
			h, err := Open(t.Context(), c.c)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = h.Close() }()
			stages, err := h.stages(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, parts := range stages {
				for _, p := range parts {
					if fmt.Sprint(p) == "knocks" {
						got++
					}
				}
			}
			if got > 1 || (got == 1) != c.want {
				t.Errorf("%d parts knock", got)
			}
			if h.core.Knock == nil || h.core.Resolvers == nil {
				t.Error("it has no means to ask, or does not know the name servers")
			}
		})
	}
}
