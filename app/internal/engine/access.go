package engine

import (
	"cmp"
	"context"
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

// Access is which tokens, keys, logins and accounts the household's peers gave.
type Access interface {
	// Access lists all but our own, by connection and name.
	Access(ctx context.Context) ([]AccessInfo, error)
	// KnownAccess is Access as it was listed last: nobody is asked.
	KnownAccess(ctx context.Context) ([]AccessInfo, error)
	// PreviewEndAccess says what ending one would mean.
	PreviewEndAccess(ctx context.Context, id string) (Preview, error)
	// EndAccess deletes one at its issuer, for good. It writes the intent durably
	// and returns; follow it with Action. Unconfirmed it gives consent.ErrIrreversible.
	EndAccess(ctx context.Context, id string, confirmed bool, how string) (consent.Action, error)
}

// AccessInfo is one access: whose, for what, last used, ends when.
type AccessInfo struct {
	ID             string             `json:"id"` // connection and the issuer's own id
	Name           string             `json:"name"`
	Kind           string             `json:"kind"`
	Connection     string             `json:"connection"`
	ConnectionName string             `json:"connection_name"`
	Device         discovery.DeviceID `json:"device,omitempty"`
	DeviceName     string             `json:"device_name,omitempty"`
	Scopes         []string           `json:"scopes,omitempty"`
	Consents       []consent.ID       `json:"consents,omitempty"` // live permissions that rest on it
	Created        time.Time          `json:"created,omitzero"`
	LastUsed       time.Time          `json:"last_used,omitzero"` // to the hour
	Expires        time.Time          `json:"expires,omitzero"`   // the issuer's own end
	EndsAlso       []string           `json:"ends_also,omitempty"`
	Revocable      bool               `json:"revocable"` // it can be ended from here now
	Away           bool               `json:"away"`      // its connection is not open now
	// Guide is how a person ends it at its issuer, where it cannot be ended from here
	// and its issuer has steps of its own.
	Guide *connectors.Guide `json:"guide,omitempty"`
}

// Access implements Engine. What was not listed since its connection opened is asked first.
func (e *Core) Access(ctx context.Context) ([]AccessInfo, error) {
	e.warn(ctx, "listing access", e.ListGrants(ctx)) // what is known already is shown all the same
	return e.KnownAccess(ctx)
}

// KnownAccess implements Engine.
func (e *Core) KnownAccess(ctx context.Context) ([]AccessInfo, error) {
	gs, err := e.Store.AllGrants(ctx)
	if err != nil {
		return nil, err
	}
	conns, err := e.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	out := []AccessInfo{}
	for _, g := range gs {
		i := slices.IndexFunc(conns, func(c connectors.Connection) bool { return c.ID == g.Connection })
		if g.Own || i < 0 {
			continue
		}
		out = append(out, e.accessInfo(g, conns[i], cs))
	}
	slices.SortStableFunc(out, func(a, b AccessInfo) int {
		return strings.Compare(a.ConnectionName+"\x00"+a.Name, b.ConnectionName+"\x00"+b.Name)
	})
	return out, nil
}

func (e *Core) accessInfo(g consent.Grant, conn connectors.Connection, cs []consent.Consent) AccessInfo {
	out := AccessInfo{
		ID: conn.ID + "/" + g.ID, Name: clean(g.Name), Kind: clean(g.Kind), Connection: conn.ID, ConnectionName: conn.Name,
		Device: g.Device, Created: g.Created, LastUsed: g.LastUsed, Expires: g.Expires,
	}
	if g.Device != "" {
		out.DeviceName = e.deviceName(g.Device)
	}
	for _, s := range g.Scopes {
		out.Scopes = append(out.Scopes, clean(s))
	}
	for _, s := range g.EndsAlso {
		out.EndsAlso = append(out.EndsAlso, clean(s))
	}
	for _, c := range cs {
		if c.Decided.Live() && e.restsOn(c, g, conn) {
			out.Consents = append(out.Consents, c.ID)
		}
	}
	caps, open := e.Sessions.Capabilities(conn.ID)
	out.Revocable, out.Away = open && caps.Revoker != nil, !open
	if !out.Revocable {
		out.Guide = e.guideAt(conn)
	}
	return out
}

// access finds one by its ID, or by the issuer's own id or name where only one has it.
func (e *Core) access(ctx context.Context, ref string) (AccessInfo, error) {
	all, err := e.Access(ctx)
	if err != nil {
		return AccessInfo{}, err
	}
	var found []AccessInfo
	for _, a := range all {
		if a.ID == ref {
			return a, nil
		}
		if strings.TrimPrefix(a.ID, a.Connection+"/") == ref || a.Name == ref {
			found = append(found, a)
		}
	}
	if len(found) != 1 {
		return AccessInfo{}, words.Errorf("there is no access %q that could be meant; \"access\" lists them", ref)
	}
	return found[0], nil
}

// PreviewEndAccess implements Engine.
func (e *Core) PreviewEndAccess(ctx context.Context, id string) (Preview, error) {
	a, err := e.access(ctx, id)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Then: consent.Revoke, Revocable: a.Revocable, Confirm: true}
	if why := e.mayEnd(ctx, a); why != nil {
		p.Refused = why.Error()
		return p, nil
	}
	p.Lines = []string{words.Sprintf("The access %q is deleted at %s now. This cannot be undone: whatever used it must be set up anew.", a.Name, a.ConnectionName)}
	if a.DeviceName == "" {
		p.Lines = append(p.Lines, words.Text("It is not known which device uses it."))
	} else {
		p.Lines = append(p.Lines, words.Sprintf("It is taken for that of %s.", a.DeviceName))
	}
	p.Lines = append(p.Lines, endsAlso(a.EndsAlso)...)
	for _, id := range a.Consents {
		if c, err := e.Store.Consent(ctx, id); err == nil {
			p.AlsoStops = append(p.AlsoStops, e.deviceName(c.Device)+" → "+c.Recipient.Name)
		}
	}
	return p, nil
}

// endsAlso warns of what an issuer ends together with an access (T31).
func endsAlso(what []string) []string {
	if len(what) == 0 {
		return nil
	}
	all := make([]string, len(what))
	for i, w := range what {
		all[i] = clean(w)
	}
	return []string{words.Sprintf("That also ends: %s.", join(all))}
}

// mayEnd says why an access cannot be ended from here.
func (e *Core) mayEnd(ctx context.Context, a AccessInfo) error {
	if !a.Revocable {
		return words.Errorf("%s cannot be told to end it now", a.ConnectionName)
	}
	if d, known := e.Inventory.Device(a.Device); known {
		why, err := e.mayBlock(ctx, d, consent.FromPerson, true)
		return cmp.Or(why, err)
	}
	return nil
}

// EndAccess implements Engine.
func (e *Core) EndAccess(ctx context.Context, id string, confirmed bool, how string) (consent.Action, error) {
	a, err := e.access(ctx, id)
	if err != nil {
		return consent.Action{}, err
	}
	if err := e.mayEnd(ctx, a); err != nil {
		return consent.Action{}, err
	}
	if !confirmed {
		return consent.Action{}, words.Errorf("to delete the access %q at %s needs a second confirmation: %w", a.Name, a.ConnectionName, consent.ErrIrreversible)
	}
	now := e.Now().UTC()
	grant := strings.TrimPrefix(a.ID, a.Connection+"/")
	act := consent.Action{
		Kind: consent.ActRevoke, Origin: consent.FromPerson, Device: a.Device, Recipient: consent.Recipient{Name: a.Name},
		Grant: grant, Connection: a.Connection, Mark: consent.MarkAccess(a.Connection, grant), Confirmed: true,
		State: consent.Pending, DueAt: now, Created: now,
	}
	text := words.Sprintf("%s asked to delete the access %q at %s (%s).", e.who(), a.Name, a.ConnectionName, way(how))
	as, err := e.Store.ReplaceActions(ctx, []consent.Action{act}, ledger.Note{Time: now, Kind: consent.NoteAction, Device: string(a.Device), Text: text})
	if err != nil {
		return consent.Action{}, err
	}
	e.wake()
	e.changed(changes.Connections)
	return as[0], nil
}
