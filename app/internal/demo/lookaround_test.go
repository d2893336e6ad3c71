package demo

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/discovery"
	"bestbefore/discovery/announce"
	"bestbefore/discovery/mdns"
)

// lookAround is a demo's part of a test beside other programs, in a process of its own: it writes
// which devices the demo knows, and which services a plain engine sees, to path.
func lookAround(h *Home, path string) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	var out strings.Builder
	plain, err := mdns.New(mdns.Config{Now: clock.Wall, Interfaces: announce.Loopback})
	if err == nil {
		looking, stop := context.WithTimeout(ctx, 8*time.Second)
		err = plain.Scan(looking, func(s discovery.Sighting) {
			for _, x := range s.Services {
				fmt.Fprintf(&out, "plain: %s\n", x.Instance)
			}
		})
		stop()
	}
	if err == nil || ctx.Err() == nil {
		err = h.connect(ctx)
	}
	if err == nil {
		_, err = h.found(ctx)
	}
	ds, listErr := h.Engine().Devices(ctx)
	for _, d := range ds {
		fmt.Fprintf(&out, "demo: %s\n", d.Name())
		for _, s := range d.Services {
			fmt.Fprintf(&out, "demo: %s\n", s.Instance)
		}
	}
	fmt.Fprintf(&out, "errors: %v %v\nover\n", err, listErr)
	_ = os.WriteFile(path, []byte(out.String()), 0o600) // the test waits for it in vain
}
