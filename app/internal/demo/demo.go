// Package demo is a home inside the program: made-up devices that really
// announce themselves over mDNS on this computer's loopback interface, really
// send bytes through a relay, and are really cut by it when a permission ends.
// Engine, store, discovery and window are the same as for a real home; only
// what they may look at and reach is the demo's. Nothing leaves the computer,
// nothing needs rights, and its data lies apart from the real one.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/connectors"
	"bestbefore/connectors/mqtt"
	"bestbefore/discovery"
	"bestbefore/discovery/announce"
	"bestbefore/discovery/mdns"
)

// Config says how the demo is to be.
type Config struct {
	// Fast lets the doorbell's permission run out after ten seconds instead of two minutes.
	Fast bool
	// Bare leaves it to the caller to give permissions; else Serve gives those of the demo.
	Bare bool
	// LogTo gets a copy of the log; may be nil.
	LogTo io.Writer

	// between stands between engine and relay in tests; nil is nothing.
	between func(connectors.Connector) connectors.Connector
}

// Home is the demo's home: a running engine, and the small world around it.
type Home struct {
	config    Config
	life      *lifecycle.Home
	dir       string
	relay     *relay
	broker    *broker
	things    []thing
	companies map[string]*company // by host name
	devices   []device
}

// Open builds the demo in a data folder of its own, which Close removes. It
// starts nothing.
func Open(ctx context.Context, c Config) (h *Home, err error) {
	h = &Home{config: c, companies: map[string]*company{}, devices: household(), things: things()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.clean())
		}
	}()
	if err = h.world(); err != nil {
		return nil, err
	}
	if h.dir, err = newFolder(clock.Wall()); err != nil {
		return nil, err
	}
	keys, err := writeKey(h.dir)
	if err != nil {
		return nil, err
	}
	var first connectors.Connector = connector{h.relay}
	if c.between != nil {
		first = c.between(first)
	}
	all, err := connectors.NewRegistry(first, brokerConnector{mqtt.New(), h.broker})
	if err != nil {
		return nil, err
	}
	scan, err := scanner()
	if err != nil {
		return nil, err
	}
	h.life, err = lifecycle.Open(ctx, lifecycle.Config{
		Dir: filepath.Join(h.dir, "data"), Scan: true, Enforce: true, Registry: all, Credentials: keys, LogTo: c.LogTo,
		Scanners: map[string]discovery.Scanner{"mdns": scan}, Lookup: noLookup,
	})
	return h, err
}

// world opens the relay with the companies behind it, and the broker.
func (h *Home) world() (err error) {
	outside := map[string]string{}
	for _, d := range h.devices {
		for _, s := range d.sends {
			c, err := newCompany(clock.Wall)
			if err != nil {
				return err
			}
			h.companies[s.host], outside[s.host] = c, c.listener.Addr().String()
		}
	}
	if h.relay, err = newRelay(clock.Wall, outside); err != nil {
		return err
	}
	h.broker, err = newBroker(h.things)
	return err
}

// scanner is the program's own mDNS engine, on loopback only.
func scanner() (discovery.Scanner, error) {
	lo, err := announce.Loopback()
	if err != nil {
		return nil, err
	}
	m, err := mdns.New(mdns.Config{Now: clock.Wall, Interfaces: announce.Loopback, Zone: zone})
	if err != nil {
		return nil, fmt.Errorf("preparing the search by announcements: %w", err)
	}
	return scope{inner: m, loopback: lo[0].Name, addresses: network}, nil
}

// writeKey makes a key for this demo alone, so that the household's key store is left in peace.
func writeKey(dir string) (string, error) {
	folder := filepath.Join(dir, "key")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", fmt.Errorf("making the demo's key: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	if err := os.WriteFile(filepath.Join(folder, "bestbefore-key"), key, 0o600); err != nil {
		return "", fmt.Errorf("making the demo's key: %w", err)
	}
	return folder, nil
}

// noLookup answers nothing: the demo's companies have no addresses, and nobody outside is asked.
func noLookup(context.Context, string) ([]netip.Addr, error) { return nil, nil }

// Engine is what windows and command lines use.
func (h *Home) Engine() engine.Engine { return h.life.Engine() }

// Log is the engine's.
func (h *Home) Log() *slog.Logger { return h.life.Log }

// Now is the clock that the demo goes by.
func (h *Home) Now() time.Time { return clock.Wall() }

// Serve runs the engine, the relay, the companies and the devices until ctx ends.
func (h *Home) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // guards first
	var first error
	var all sync.WaitGroup
	run := func(f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				mu.Lock()
				first = errors.Join(first, err)
				mu.Unlock()
				cancel() // a demo with a part missing would tell lies
			}
		})
	}
	for _, c := range h.companies {
		run(c.Serve)
	}
	run(h.relay.Serve)
	run(h.broker.Serve)
	for _, t := range h.things {
		run(func(ctx context.Context) error { publish(ctx, h.broker, t); return nil })
	}
	for _, d := range h.devices {
		for _, s := range d.sends {
			run(func(ctx context.Context) error { send(ctx, h.relay.addr(), d.key, s); return nil })
		}
	}
	run(func(ctx context.Context) error { return announce.ServeProxies(ctx, proxies(h.devices)) })
	run(h.life.Serve)
	if !h.config.Bare {
		run(h.furnish)
	}
	all.Wait()
	return first
}

// Close gives up the files and removes them. Serve must have returned.
func (h *Home) Close() error {
	return errors.Join(h.life.Close(), h.clean())
}

// clean closes what listens, where Serve did not, and removes the data.
func (h *Home) clean() error {
	for _, c := range h.companies {
		c.close()
	}
	if h.relay != nil {
		h.relay.close()
	}
	if h.broker != nil {
		h.broker.close()
	}
	if h.dir == "" {
		return nil
	}
	if err := os.RemoveAll(h.dir); err != nil {
		return fmt.Errorf("removing the demo's data: %w", err)
	}
	return nil
}
