package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// coverage says of each device who sees what it sends, and what is missing.
func (c *call) coverage(ctx context.Context, args []string) error {
	var asJSON bool
	if _, err := positional("coverage", args, 0, 0, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") }); err != nil {
		return err
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		ds, err := e.Devices(ctx)
		if err != nil {
			return err
		}
		for i, d := range ds {
			if ds[i], err = e.Device(ctx, string(d.ID)); err != nil { // which reads the name servers that it asks
				return err
			}
		}
		if asJSON {
			return writeJSON(c.out, convert(ds, sightOut))
		}
		c.none(len(ds), words.Text("No devices yet. Try \"scan\"."))
		for _, d := range ds {
			fmt.Fprintf(c.out, "%s  %s: %s\n", d.ID, d.Name(), d.Coverage)
			for _, n := range d.Sight.OwnNames {
				fmt.Fprintln(c.out, "        "+words.Sprintf("It asks its own name server (%s): what a DNS blocker shows of it is not all.", n.Name))
			}
			for _, m := range d.Sight.Missing {
				if d.Role == discovery.RoleOrdinary {
					fmt.Fprintf(c.out, "        %s\n", words.Text(missingWords[m]))
				}
			}
		}
		return nil
	})
}

// missingWords say what would be needed to see more.
var missingWords = map[engine.Missing]string{
	engine.MissingAny:     words.Later("To see what it sends: connect your router or gateway, a DNS blocker, or what your router exports (NetFlow)."),
	engine.MissingAddress: words.Later("A connection is there and does not know this device: connect your router or gateway, which sees all that passes it."),
	engine.MissingBytes:   words.Later("To see how much it sends and to which addresses: connect your router or gateway, or what your router exports (NetFlow)."),
	engine.MissingNames:   words.Later("To see which names it looks up: connect a DNS blocker (AdGuard Home, Pi-hole)."),
}

type sightJSON struct {
	Device   discovery.DeviceID `json:"device"`
	Name     string             `json:"name"`
	Text     string             `json:"text"`
	SeenBy   []seenByJSON       `json:"seen_by"`
	Missing  []engine.Missing   `json:"missing"` // any, bytes, names, address
	OwnNames []ownNamesJSON     `json:"own_names"`
}

type seenByJSON struct {
	Name  string     `json:"name"`
	Since *time.Time `json:"since"`
	Sees  []string   `json:"sees"`
	Claim bool       `json:"claim"` // anybody at home could have sent it
	Away  bool       `json:"away"`
}

type ownNamesJSON struct {
	Name   string    `json:"name"`
	How    string    `json:"how"` // own, encrypted
	Source string    `json:"source"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Count  uint64    `json:"count"`
}

func sightOut(d engine.DeviceInfo) sightJSON {
	return sightJSON{
		Device: d.ID, Name: d.Name(), Text: d.Coverage, Missing: list(d.Sight.Missing),
		SeenBy: convert(d.Sight.By, func(s engine.SeenBy) seenByJSON {
			return seenByJSON{s.Name, moment(s.Since), list(s.Sees), s.Claim, s.Away}
		}),
		OwnNames: convert(d.Sight.OwnNames, func(n engine.NameServer) ownNamesJSON {
			return ownNamesJSON{n.Name, string(n.How), n.Source, n.First.UTC(), n.Last.UTC(), n.Count}
		}),
	}
}
