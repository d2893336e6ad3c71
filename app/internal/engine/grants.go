package engine

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// grantsDeadline bounds how long one issuer may take to list what it gave.
const grantsDeadline = 10 * time.Second

// RefreshGrants asks every open connection which tokens, keys and logins it
// gave, finds out whose they are, and keeps that: a revocation on its date must
// know what to revoke. It is done every few minutes, and before a decision that
// may need it.
func (e *Core) RefreshGrants(ctx context.Context) error {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return err
	}
	e.granting.Lock()
	defer e.granting.Unlock()
	var errs []error
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open || caps.GrantLister == nil {
			continue
		}
		if err := e.refreshGrants(ctx, c.ID); err != nil && connectors.KindOf(err) != consent.KindUnsupported {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (e *Core) refreshGrants(ctx context.Context, connection string) error {
	asking, cancel := context.WithTimeout(ctx, grantsDeadline)
	defer cancel()
	var gs []consent.Grant
	err := e.Sessions.Use(asking, connection, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.GrantLister == nil {
			return nil
		}
		var err error
		if gs, err = caps.GrantLister.Grants(ctx); err != nil {
			return err
		}
		e.attribute(ctx, caps, gs)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range gs {
		gs[i].LastUsed = gs[i].LastUsed.Truncate(time.Hour) // else it would be written anew each time
	}
	if !e.granted.differs(connection, gs) {
		return nil
	}
	if err := e.Store.SaveGrants(ctx, connection, gs); err != nil {
		delete(e.granted, connection)
		return err
	}
	return nil
}

// attribute says whose each account is: the one device that is known by it
// alone. What two devices could mean, or what several share, is nobody's.
func (e *Core) attribute(ctx context.Context, caps connectors.Capabilities, gs []consent.Grant) {
	if caps.Accounter == nil {
		return
	}
	owner, several := map[string]discovery.DeviceID{}, map[string]bool{}
	for _, d := range e.Inventory.Devices() {
		acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, consent.Recipient{Any: true}))
		if err != nil {
			continue
		}
		if _, taken := owner[acc.Name]; taken || len(acc.Shares) > 0 {
			several[acc.Name] = true
		}
		owner[acc.Name] = d.ID
	}
	for i, g := range gs {
		if !several[g.ID] && !g.Own && g.Device == "" {
			gs[i].Device = owner[g.ID]
		}
	}
}

// granted remembers what was written of each connection's grants.
type granted map[string]uint64

// differs reports whether gs are not what was written last, and takes them for written.
func (w granted) differs(connection string, gs []consent.Grant) bool {
	h := fnv.New64a()
	if json.NewEncoder(h).Encode(gs) != nil {
		return true
	}
	was, known := w[connection]
	w[connection] = h.Sum64()
	return !known || was != h.Sum64()
}
