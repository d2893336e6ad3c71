package engine

import (
	"context"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Connectors lists the kinds and what is configured.
func (e *Core) Connectors(ctx context.Context) (ConnectorsInfo, error) {
	out := ConnectorsInfo{Kinds: e.Registry.Specs()}
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return out, err
	}
	for _, c := range cs {
		out.Connections = append(out.Connections, e.connectionInfo(ctx, c))
	}
	out.Found = e.found(ctx, out.Kinds, cs)
	return out, nil
}

// connectionInfo asks an open session what it sees; a slow one is not waited for.
func (e *Core) connectionInfo(ctx context.Context, c connectors.Connection) ConnectionInfo {
	h := e.Sessions.Health(c.ID)
	i := ConnectionInfo{Connection: c, Open: h.Open, Alive: h.Alive, Trouble: h.Trouble, Error: h.Kind, Certificate: h.Certificate}
	l := e.losses.now(c.ID, e.Now())
	i.Lost, i.LostSince = l.total, l.since
	caps, ok := e.Sessions.Capabilities(c.ID)
	if !ok {
		return i
	}
	i.Traits, i.Can = caps.Traits, abilities(caps)
	if caps.Coverer != nil {
		ctx, cancel := context.WithTimeout(ctx, coverageDeadline)
		defer cancel()
		cov, err := caps.Coverer.Coverage(ctx)
		if err != nil {
			e.Log.Debug("asking for coverage", "connection", c.ID, "error", err)
		}
		i.Coverage = cov
		if i.Coverage.Since.IsZero() {
			i.Coverage.Since = h.Since
		}
	}
	i.Holds = e.holds(ctx, caps)
	return i
}

func (e *Core) holds(ctx context.Context, caps connectors.Capabilities) int {
	if caps.Holder == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, coverageDeadline)
	defer cancel()
	held, err := caps.Holder.Held(ctx)
	if err != nil {
		e.Log.Debug("asking what is held", "error", err)
	}
	n := 0
	for _, h := range held {
		if h.From.After(e.Now()) {
			n++
		}
	}
	return n
}

// The abilities, as ConnectionInfo.Can lists them. By the first two it is judged
// what can be ended through a connection.
const (
	AbleToBlock  = "disconnect"
	AbleToRevoke = "revoke"
	AbleToFind   = "find devices"
	AbleToSee    = "see what devices send"
	AbleToList   = "list access"
	AbleToCheck  = "check that it stopped"
	AbleToKeep   = "keep an end date with this computer off"
)

// Abilities are all of them, in the order of ConnectionInfo.Can.
func Abilities() []string {
	return []string{AbleToFind, AbleToSee, AbleToBlock, AbleToRevoke, AbleToList, AbleToCheck, AbleToKeep}
}

// Cannot is what c may not do: what its kind has no way for, or its account no right to.
func (c ConnectionInfo) Cannot() (out []string) {
	for _, a := range Abilities() {
		if !slices.Contains(c.Can, a) {
			out = append(out, a)
		}
	}
	return out
}

// abilities are the words of the connectors page.
func abilities(c connectors.Capabilities) []string {
	var out []string
	for _, a := range []struct {
		has  bool
		word string
	}{
		{c.Discoverer != nil, AbleToFind},
		{c.Observer != nil, AbleToSee},
		{c.Blocker != nil, AbleToBlock},
		{c.Revoker != nil, AbleToRevoke},
		{c.GrantLister != nil, AbleToList},
		{c.Verifier != nil, AbleToCheck},
		{c.Blocker != nil && c.Traits.HoldsStart, AbleToKeep},
	} {
		if a.has {
			out = append(out, a.word)
		}
	}
	return out
}

// connection finds one by id or name.
func (e *Core) connection(ctx context.Context, ref string) (connectors.Connection, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return connectors.Connection{}, err
	}
	for _, c := range cs {
		if c.ID == ref || c.Name == ref {
			return c, nil
		}
	}
	return connectors.Connection{}, words.Errorf("there is no connection %q; \"connectors\" lists them", ref)
}

// holder is the open connection that keeps a block's start by itself for a
// device, if there is one.
func (e *Core) holder(ctx context.Context) (connectors.Connection, connectors.Traits, bool) {
	return e.blocker(ctx, func(t connectors.Traits) bool { return t.HoldsStart })
}

// blocker is the open connection with the finest grain that can block and suits.
func (e *Core) blocker(ctx context.Context, suits func(connectors.Traits) bool) (best connectors.Connection, traits connectors.Traits, ok bool) {
	cs, err := e.Store.Connections(ctx)
	e.warn(ctx, "looking who can block", err) // then nobody is known who can
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open || caps.Blocker == nil || !suits(caps.Traits) {
			continue
		}
		if !ok || caps.Traits.Grain == connectors.GrainRecipient && traits.Grain != connectors.GrainRecipient {
			best, traits, ok = c, caps.Traits, true
		}
	}
	return best, traits, ok
}
