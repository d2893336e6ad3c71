package lifecycle

import (
	"context"
	"fmt"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/rpc"
	"bestbefore/assets"
	"bestbefore/discovery"
	"bestbefore/discovery/announce"
	"bestbefore/discovery/fingerprint"
	"bestbefore/discovery/mdns"
	"bestbefore/discovery/neighbor"
	"bestbefore/discovery/ssdp"
)

// openInventory restores what was known.
func (h *Home) openInventory(ctx context.Context) (*discovery.Inventory, error) {
	saved, err := h.store.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	inv, err := discovery.NewInventory(discovery.InventoryConfig{
		Now: clock.Wall, NewID: func() discovery.DeviceID { return discovery.DeviceID(NewID("d")) },
		Devices: saved.Devices, Questions: saved.Questions, Distinct: saved.Distinct, Aliases: saved.Aliases,
		Fingerprint: func(d discovery.Device) discovery.Guess { return fingerprint.Guess(d, assets.OUI) },
		Identify:    fingerprint.Identifiers,
		Notice: func(n discovery.Notice, total int) {
			h.Log.Warn("a bound of the device list was reached", "what", string(n), "total", total)
		},
	})
	if err != nil {
		return nil, err
	}
	cs, err := h.store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range cs { // a device with a permission is never pushed out by a flood
		if err := inv.Pin(c.Device); err != nil {
			h.Log.Warn("a permission's device is not known", "device", string(c.Device), "error", err)
		}
	}
	return inv, nil
}

// scanners are the sources of sightings that need no connector.
func (h *Home) scanners() (map[string]discovery.Scanner, error) {
	if h.Scanners != nil {
		return h.Scanners, nil
	}
	m, err := mdns.New(h.announcements())
	if err != nil {
		return nil, fmt.Errorf("preparing the search by announcements: %w", err)
	}
	s, err := ssdp.New(ssdp.Config{Now: clock.Wall, Log: h.part("ssdp"), Report: func(err error) { h.report("search by UPnP", err) }})
	if err != nil {
		return nil, fmt.Errorf("preparing the search by UPnP: %w", err)
	}
	n, err := neighbor.New(neighbor.Config{
		Now: clock.Wall, Log: h.part("neighbor"), Report: func(err error) { h.report("neighbour table", err) },
		Knock: neighbor.Knock, Wanted: h.inventory.Unproven, Sweep: true,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the neighbour table: %w", err)
	}
	return map[string]discovery.Scanner{"mdns": m, "ssdp": s, "neighbor": n}, nil
}

// announcements configures the search by announcements. What the household
// knows keeps its place in it, whatever somebody invents beside it.
func (h *Home) announcements() mdns.Config {
	return mdns.Config{
		Now: clock.Wall, Logger: h.part("mdns"),
		Report: func(t mdns.Trouble) { h.report("mdns", t.Err) },
		Known: func(host string) bool {
			return h.inventory.Familiar(discovery.Identifier{Type: discovery.Hostname, Value: host})
		},
	}
}

// listeners answer other programs and tell the network that we are here.
func (h *Home) listeners(ctx context.Context) ([]service, error) {
	srv, err := rpc.NewServer(rpc.ServerConfig{Dir: h.Dir, Engine: h.core, Log: h.part("rpc"), Raise: h.Raise})
	if err != nil {
		return nil, err
	}
	parts := []service{srv}
	if !h.Scan || h.Scanners != nil {
		return parts, nil
	}
	a, err := announce.New(announce.Config{Logger: h.part("announce"), ID: h.own, Version: Version, Report: func(err error) { h.report("announcing", err) }})
	if err != nil {
		h.report("announce", err) // being found is a comfort, never a condition
		return parts, nil
	}
	return append(parts, a), nil
}

// installation is the opaque id under which this engine announces itself.
func (h *Home) installation(ctx context.Context) (string, error) {
	const key = "installation"
	id, err := h.store.Setting(ctx, key)
	if err != nil || id != "" {
		return id, err
	}
	id = NewID("i")
	return id, h.store.SetSetting(ctx, key, id)
}
