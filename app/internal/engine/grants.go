package engine

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

const (
	// grantsDeadline bounds how long one issuer may take to list what it gave.
	grantsDeadline = 10 * time.Second
	// grantsEvery is how often an issuer is asked, give or take a quarter: issuers
	// count what is asked of them (expiry.md section 6).
	grantsEvery = 6 * time.Hour
	// grantsPause is the least time between two lists of a connection that keeps opening.
	grantsPause = 10 * time.Minute
)

// issuer is when one connection's peer listed what it gave.
type issuer struct {
	opened time.Time // since when the connection had been open
	asked  time.Time
	next   time.Time
}

// due reports whether it is time to ask again: the connection was opened anew,
// or some hours have passed.
func (i issuer) due(opened, now time.Time) bool {
	return i.asked.IsZero() || !now.Before(i.next) || !opened.Equal(i.opened) && now.Sub(i.asked) >= grantsPause
}

// RefreshGrants asks every open connection now which tokens, keys and logins it
// gave, finds out whose they are, and keeps that: a revocation on its date must
// know what to revoke. It is done before a decision that may need it.
func (e *Core) RefreshGrants(ctx context.Context) error {
	return e.grants(ctx, func(connectors.Connection) bool { return true })
}

// ListGrants asks those connections whose time has come: at their opening, a few
// times a day, and once we ended something there ourselves. Serve does it each minute.
func (e *Core) ListGrants(ctx context.Context) error {
	ended, err := e.revokedAt(ctx)
	if err != nil {
		return err
	}
	now := e.Now()
	return e.grants(ctx, func(c connectors.Connection) bool {
		i := e.issuers[c.ID]
		return i.due(e.Sessions.Health(c.ID).Since, now) || ended[c.ID].After(i.asked)
	})
}

// revokedAt is when something was last revoked through each connection.
func (e *Core) revokedAt(ctx context.Context) (map[string]time.Time, error) {
	as, err := e.Store.Actions(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]time.Time{}
	for _, a := range as {
		if a.Kind == consent.ActRevoke && a.State == consent.Done && a.Finished.After(out[a.Connection]) {
			out[a.Connection] = a.Finished
		}
	}
	return out, nil
}

// grants asks the connections that ask names, and finds out anew whose it is
// what the others listed before.
func (e *Core) grants(ctx context.Context, ask func(connectors.Connection) bool) error {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return err
	}
	e.granting.Lock()
	defer e.granting.Unlock()
	known, err := e.Store.AllGrants(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		was := grantsOf(known, c.ID)
		if !open && e.Sessions.Health(c.ID).Kind == consent.KindSignIn {
			errs = append(errs, e.shutOut(ctx, c, was))
		}
		if !open || caps.GrantLister == nil {
			continue
		}
		if !ask(c) {
			now := slices.Clone(was)
			e.attribute(ctx, caps, now, was)
			errs = append(errs, e.saveGrants(ctx, c, was, now))
			continue
		}
		if err := e.listGrants(ctx, c, was); err != nil && connectors.KindOf(err) != consent.KindUnsupported {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// listGrants asks one connection; the caller holds granting.
func (e *Core) listGrants(ctx context.Context, c connectors.Connection, was []consent.Grant) error {
	asking, cancel := context.WithTimeout(ctx, grantsDeadline)
	defer cancel()
	now := e.Now()
	e.issuers[c.ID] = issuer{opened: e.Sessions.Health(c.ID).Since, asked: now, next: now.Add(grantsEvery*3/4 + rand.N(grantsEvery/2))}
	var gs []consent.Grant
	err := e.Sessions.Use(asking, c.ID, func(ctx context.Context, caps connectors.Capabilities) (err error) {
		if caps.GrantLister == nil {
			return &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("It can no longer list access.")}
		}
		gs, err = caps.GrantLister.Grants(ctx)
		e.attribute(ctx, caps, gs, was)
		return err
	})
	if connectors.KindOf(err) == consent.KindSignIn {
		err = errors.Join(err, e.shutOut(ctx, c, was))
	}
	if err != nil {
		return err
	}
	for i := range gs {
		gs[i].Connection = c.ID
		gs[i].LastUsed = gs[i].LastUsed.Truncate(time.Hour) // else it would be written anew each time
	}
	if err := e.noticeGone(ctx, c, was, gs); err != nil {
		return err
	}
	return e.saveGrants(ctx, c, was, gs)
}

// NoteShutOut is an issuer that gave an access and no longer accepts our own sign-in.
const NoteShutOut ledger.Kind = "shut_out"

// shutOut says in the diary that an issuer which listed what it gave takes our
// sign-in no more: the access may have been ended there, and nobody can look. It is
// said once, also over restarts, until the issuer lists again; nothing is called ended.
func (e *Core) shutOut(ctx context.Context, c connectors.Connection, was []consent.Grant) error {
	gs, first := slices.Clone(was), -1
	for i, g := range gs {
		if g.Own || !g.Unlisted.IsZero() {
			continue
		}
		if gs[i].Unlisted = e.Now().UTC(); first < 0 {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	n := ledger.Note{Time: e.Now(), Kind: NoteShutOut, Device: string(gs[first].Device), Text: words.Sprintf(
		"%s no longer accepts our sign-in. What it gave, such as %q, may have been ended there; that can only be seen after you sign in again.", c.Name, clean(gs[first].Name))}
	if err := e.Store.Note(ctx, n); err != nil {
		return err
	}
	e.changed(changes.Diary)
	return e.saveGrants(ctx, c, was, gs)
}

// saveGrants writes what differs from what is known.
func (e *Core) saveGrants(ctx context.Context, c connectors.Connection, was, gs []consent.Grant) error {
	gs = slices.Clone(gs)
	slices.SortFunc(gs, func(a, b consent.Grant) int { return strings.Compare(a.ID, b.ID) })
	x, errX := json.Marshal(was)
	y, errY := json.Marshal(gs)
	if errX == nil && errY == nil && string(x) == string(y) || len(was)+len(gs) == 0 {
		return nil
	}
	return e.Store.SaveGrants(ctx, c.ID, gs)
}

// grantsOf are those of one connection, by id.
func grantsOf(all []consent.Grant, connection string) []consent.Grant {
	out := slices.DeleteFunc(slices.Clone(all), func(g consent.Grant) bool { return g.Connection != connection })
	slices.SortFunc(out, func(a, b consent.Grant) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// attribute says whose each account is: the one device that is known by it
// alone. What two devices could mean, or what several share, is nobody's. Where
// nothing was seen of it in this run, it stays whose it was.
func (e *Core) attribute(ctx context.Context, caps connectors.Capabilities, gs, was []consent.Grant) {
	e.hold(gs)
	if caps.Accounter == nil {
		return
	}
	owner, several := map[string]discovery.DeviceID{}, map[string]bool{}
	for _, g := range was {
		owner[g.ID] = g.Device
	}
	seen := map[string]bool{}
	for _, d := range e.Inventory.Devices() {
		acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, consent.Recipient{Any: true}))
		if err != nil {
			continue
		}
		if seen[acc.Name] || len(acc.Shares) > 0 {
			several[acc.Name] = true
		}
		owner[acc.Name], seen[acc.Name] = d.ID, true
	}
	for i, g := range gs {
		switch {
		case g.Holder.Value != "": // its issuer says so
		case several[g.ID] || g.Own:
			gs[i].Device = ""
		case owner[g.ID] != "":
			gs[i].Device = owner[g.ID]
		}
	}
}

// hold says whose each grant is where its issuer names the device.
func (e *Core) hold(gs []consent.Grant) {
	of := map[discovery.Identifier]discovery.DeviceID{}
	for _, d := range e.Inventory.Devices() {
		for _, id := range d.Identifiers {
			of[id] = d.ID
		}
	}
	for i, g := range gs {
		if g.Holder.Value != "" {
			gs[i].Device = of[g.Holder]
		}
	}
}
