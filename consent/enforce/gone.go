package enforce

import (
	"context"
	"slices"
	"sync"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// shut remembers the services that ended for good, so that every permission
// behind one of them goes on at once, without asking it again (T30).
type shut struct {
	mu  sync.Mutex        // guards why
	why map[string]string // by connection
}

func (s *shut) set(connection, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why == nil {
		s.why = map[string]string{}
	}
	s.why[connection] = why
}

func (s *shut) of(connection string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why[connection]
}

// forget gives a service another chance, because a person asked; with "" all of them.
func (s *shut) forget(connection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if connection == "" {
		clear(s.why)
	}
	delete(s.why, connection)
}

// changed is what is taken up before its time once something opened or shut down.
func (s *shift) changed(a consent.Action) bool {
	return neverReached(a) || a.Connection != "" && s.r.shut.of(a.Connection) != "" &&
		(a.State == consent.Stuck || a.State == consent.Waiting)
}

// stillThere turns the failed end of a grant into success where the issuer's own
// list no longer has it: it was dead already (T27). Where the list cannot be
// read, or still has it, the failure stands.
func stillThere(ctx context.Context, c connectors.Capabilities, g consent.Grant, rec connectors.Receipt, failed error) (connectors.Receipt, error) {
	kind := connectors.KindOf(failed)
	if failed == nil || c.GrantLister == nil || kind != consent.KindSignIn && kind != consent.KindPermanent {
		return rec, failed
	}
	all, err := c.GrantLister.Grants(ctx)
	if err != nil || slices.ContainsFunc(all, func(x consent.Grant) bool { return x.ID == g.ID }) {
		return rec, failed
	}
	return connectors.Receipt{Level: consent.Configured, Grain: connectors.GrainToken, Text: words.Text("It was refused because the access had already ended; the list no longer has it.")}, nil
}

// another reports a receipt that names a device other than the one that was meant (T37).
func another(got, meant connectors.Target) bool {
	if got.Device != "" && got.Device != meant.Device {
		return true
	}
	if len(got.Identifiers) == 0 || len(meant.Identifiers) == 0 {
		return false
	}
	return !slices.ContainsFunc(got.Identifiers, func(x discovery.Identifier) bool { return slices.Contains(meant.Identifiers, x) })
}

// wrongDevice lifts what was set for a device that nobody meant, and asks a person.
func (t *task) wrongDevice(ctx context.Context, rec connectors.Receipt) error {
	_, err := call(ctx, t, t.name, func(ctx context.Context, c connectors.Capabilities) (connectors.Receipt, error) {
		if c.Blocker == nil {
			return rec, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("It can no longer lift what it set.")}
		}
		return c.Blocker.Unblock(ctx, rec)
	})
	text := words.Text("It answered for another device than the one that was meant; that was lifted again.")
	if err != nil {
		_, why, _ := parts(err)
		text = words.Sprintf("It answered for another device than the one that was meant, and that could not be lifted: %s", why)
	}
	return t.person(ctx, consent.KindNeedsPerson, text)
}
