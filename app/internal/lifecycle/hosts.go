package lifecycle

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/guard"
	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/sessions"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// host is a session's only door to the outside: it leads to the addresses that
// the household typed for this connection and to the connector's own list.
func (h *Home) host(c connectors.Connection) *connectors.Host {
	way := guard.Config{Pin: c.Settings.Values[connectors.OptCertificate]}
	if kind, ok := h.kinds.Get(c.Kind); ok {
		spec := kind.Spec()
		way.Peers, way.Public = spec.Peers(c.Settings), spec.Hosts
	}
	out := guard.New(way)
	return &connectors.Host{
		Connection: c.ID, Log: h.part("connector/"+c.Kind).With("connection", c.ID), Now: h.now, Secret: h.secret,
		HTTP: out.Client(), Dial: out.Dial, ListenPacket: out.ListenPacket, Listen: out.Listen, TLS: out.TLS,
		Keep: func(ctx context.Context, ref consent.SecretRef, v connectors.Secret) error {
			return h.keepSecret(ctx, c.ID, ref, v)
		},
		StateDir: filepath.Join(h.Dir, "connections", c.ID),
	}
}

// errNoKey says that secrets cannot be kept now.
var errNoKey = words.New("this computer's key store cannot be used now, so no password can be kept; start it, or choose a passphrase instead, and try again")

func (h *Home) secret(ctx context.Context, ref consent.SecretRef) (connectors.Secret, error) {
	s := h.keeper.sealer.Load()
	if s == nil {
		return connectors.Secret{}, errNoKey
	}
	v, err := s.Get(ctx, ref)
	if err == nil {
		h.book.hide(v)
	}
	return v, err
}

func (h *Home) putSecret(ctx context.Context, label string, v connectors.Secret) (consent.SecretRef, error) {
	s := h.keeper.sealer.Load()
	if s == nil {
		return "", errNoKey
	}
	h.book.hide(v)
	ref := consent.SecretRef(label)
	return ref, s.Put(ctx, ref, v)
}

// keepSecret seals a value anew, for the connection whose own it is.
func (h *Home) keepSecret(ctx context.Context, connection string, ref consent.SecretRef, v connectors.Secret) error {
	if !strings.HasPrefix(string(ref), connection+"/") {
		return words.New("that secret belongs to another connection")
	}
	_, err := h.putSecret(ctx, string(ref), v)
	return err
}

// resolve gives the runner the addresses behind a recipient's names.
func (h *Home) resolve(ctx context.Context, _ discovery.DeviceID, r consent.Recipient) []string {
	return h.core.Resolve(ctx, r)
}

// fresh is the store with the devices as the inventory knows them now: what was
// seen a moment ago may not be written yet, and a block must hit today's address.
type fresh struct {
	*store.Store
	inventory *discovery.Inventory
	// guard gives a device the role that forbids to block it.
	guard func(context.Context, discovery.Device) (discovery.Device, error)
}

// Device prefers the inventory.
func (f fresh) Device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	d, ok := f.inventory.Device(id)
	if !ok {
		var err error
		if d, ok, err = f.Store.Device(ctx, id); err != nil || !ok {
			return d, ok, err
		}
	}
	d, err := f.guard(ctx, d)
	return d, true, err
}

// others are the done blocks of a device under other marks that are still in
// force: what an ended permission or a disconnect set and nothing lifted since.
func (h *Home) others(ctx context.Context, d discovery.DeviceID, mark string) ([]consent.Action, error) {
	all, err := h.store.ActionsOf(ctx, d)
	if err != nil {
		return nil, err
	}
	told := map[string]bool{mark: true}
	var out []consent.Action
	for _, a := range all { // newest first: the newest of a mark decides
		if told[a.Mark] || a.State == consent.Cancelled {
			continue
		}
		told[a.Mark] = true
		if a.Kind == consent.ActBlock && a.State == consent.Done {
			out = append(out, a)
		}
	}
	return out, nil
}

// lookup asks the system's resolver.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// pooled gives the engine the pool in the engine's own words.
type pooled struct{ *sessions.Pool }

// Health of a connection that is configured.
func (p pooled) Health(id string) engine.SessionHealth {
	s := p.Pool.Health(id)
	return engine.SessionHealth{Open: s.Open, Alive: s.Alive, Since: s.Since, Trouble: s.Trouble, Kind: s.Kind, Certificate: s.Certificate}
}

// purgeEvery is how often old flow rows are thrown away.
const purgeEvery = time.Hour

// serveRetention keeps raw flows 14 days and hourly totals 13 months.
func (h *Home) serveRetention(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if err := h.store.Purge(ctx, h.now()); err != nil && ctx.Err() == nil {
			h.report("old traffic", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (h *Home) fresh() fresh {
	return fresh{h.store, h.inventory, func(ctx context.Context, d discovery.Device) (discovery.Device, error) { return h.core.Guard(ctx, d) }}
}
