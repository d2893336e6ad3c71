package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
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

// Connect checks, opens and probes, and only then saves.
func (e *Core) Connect(ctx context.Context, r ConnectRequest) (ConnectionInfo, error) {
	spec, c, err := e.draft(ctx, r)
	if err != nil {
		return ConnectionInfo{}, err
	}
	if err := e.admit(ctx, spec, c, r.Secrets); err != nil {
		if left := e.dropSecrets(ctx, c); left != nil {
			err = errors.Join(err, left)
		}
		return ConnectionInfo{}, err
	}
	return e.settle(ctx, c)
}

// draft is what is asked for, as a connection that is not kept yet.
func (e *Core) draft(ctx context.Context, r ConnectRequest) (connectors.Spec, connectors.Connection, error) {
	kind, ok := e.Registry.Get(r.Kind)
	if !ok {
		return connectors.Spec{}, connectors.Connection{}, words.Errorf("there is no connector %q; \"connectors\" lists the kinds", r.Kind)
	}
	spec := kind.Spec()
	if err := e.onlyOnce(ctx, spec); err != nil {
		return spec, connectors.Connection{}, err
	}
	values := maps.Clone(r.Values)
	if err := e.nameDevices(spec, values); err != nil {
		return spec, connectors.Connection{}, err
	}
	c := connectors.Connection{
		ID: e.NewID("k"), Kind: r.Kind, Name: r.Name, Created: e.Now().UTC(),
		Settings: connectors.Settings{Values: values, Secrets: map[string]consent.SecretRef{}},
	}
	if c.Name == "" {
		c.Name = e.freeName(ctx, spec.Name)
	}
	return spec, c, nil
}

// nameDevices puts our own names of devices into answers that name some.
func (e *Core) nameDevices(spec connectors.Spec, values map[string]string) error {
	for _, o := range spec.Options {
		if o.Device && values[o.Key] != "" {
			d, err := e.find(values[o.Key])
			if err != nil {
				return err
			}
			values[o.Key] = string(d.ID)
		}
	}
	return nil
}

// settle opens what was saved, and has done what waited for it.
func (e *Core) settle(ctx context.Context, c connectors.Connection) (ConnectionInfo, error) {
	if err := e.Sessions.Reload(ctx); err != nil {
		return ConnectionInfo{}, err
	}
	if err := e.ReconcileHandOvers(ctx); err != nil {
		return ConnectionInfo{}, err
	}
	if err := e.retryWaiting(ctx); err != nil {
		return ConnectionInfo{}, err
	}
	if err := e.RefreshGrants(ctx); err != nil {
		e.Log.Warn("listing access", "error", err) // it is asked again soon
	}
	e.changed(changes.Connections, changes.Diary)
	return e.connectionInfo(ctx, c), nil
}

// admit seals the secrets, tries c and saves it.
func (e *Core) admit(ctx context.Context, spec connectors.Spec, c connectors.Connection, values map[string]string) error {
	if err := e.sealAs(ctx, c, "", values); err != nil {
		return err
	}
	return e.tryAndSave(ctx, spec, c, words.Sprintf("Connected %s.", c.Name))
}

// sealAs seals what was typed as a secret, under names that end in suffix.
func (e *Core) sealAs(ctx context.Context, c connectors.Connection, suffix string, values map[string]string) error {
	for _, key := range slices.Sorted(keysOf(values)) {
		if e.PutSecret == nil {
			return words.Errorf("%q is a secret, and this computer has no key store to keep it in; start one (for example gnome-keyring) and try again", key)
		}
		ref, err := e.PutSecret(ctx, c.ID+"/"+key+suffix, connectors.NewSecret(values[key]))
		if err != nil {
			return err
		}
		c.Settings.Secrets[key] = ref
	}
	return nil
}

// tryAndSave opens and probes c, and keeps it; text is for the diary.
func (e *Core) tryAndSave(ctx context.Context, spec connectors.Spec, c connectors.Connection, text string) error {
	if err := spec.Check(c.Settings); err != nil {
		return err
	}
	if _, err := e.Sessions.Try(ctx, c); err != nil {
		return err
	}
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteConnected, Text: text}
	return e.Store.SaveConnection(ctx, c, n)
}

// dropSecrets forgets what was sealed for a connection that was refused, also
// when whoever asked is gone.
func (e *Core) dropSecrets(ctx context.Context, c connectors.Connection) (err error) {
	ctx = context.WithoutCancel(ctx)
	for _, ref := range c.Settings.Secrets {
		err = errors.Join(err, e.Store.DeleteSecret(ctx, ref))
	}
	return err
}

// onlyOnce refuses a second connection to what there is only one of.
func (e *Core) onlyOnce(ctx context.Context, spec connectors.Spec) error {
	cs, err := e.Store.Connections(ctx)
	if err != nil || !spec.Once {
		return err
	}
	for _, c := range cs {
		if c.Kind == spec.Kind {
			return words.Errorf("%s is connected already, as %s (%s)", spec.Name, c.Name, c.ID)
		}
	}
	return nil
}

// retryWaiting tries what needed a person because nothing could do it: the new
// connection may be able to.
func (e *Core) retryWaiting(ctx context.Context) error {
	as, err := e.Store.Actions(ctx)
	if err != nil {
		return err
	}
	for _, a := range as {
		if a.State == consent.NeedsPerson && a.Kind != consent.ActGuide {
			if err := e.Config.Retry(ctx, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func keysOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// freeName is name, or "name 2" where a connection has it already.
func (e *Core) freeName(ctx context.Context, name string) string {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return name
	}
	taken := func(s string) bool {
		return slices.ContainsFunc(cs, func(c connectors.Connection) bool { return c.Name == s })
	}
	for try, n := name, 2; ; n++ {
		if !taken(try) {
			return try
		}
		try = fmt.Sprintf("%s %d", name, n)
	}
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

// Held lists everything outside that carries our mark.
func (e *Core) Held(ctx context.Context) ([]HeldInfo, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var out []HeldInfo
	for _, c := range cs {
		held, err := e.heldAt(ctx, c.ID)
		out = append(out, held...)
		if err != nil {
			out = append(out, HeldInfo{Connection: c.ID, Unasked: err.Error()})
		}
	}
	return out, nil
}

func (e *Core) heldAt(ctx context.Context, id string) (out []HeldInfo, err error) {
	err = e.Sessions.Use(ctx, id, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.Holder == nil {
			return nil
		}
		held, err := caps.Holder.Held(ctx)
		for _, h := range held {
			known, err := e.Store.ByMark(ctx, h.Mark)
			if err != nil {
				return err
			}
			out = append(out, e.heldFor(id, h, known))
		}
		return err
	})
	return out, err
}

// heldFor names what a held thing is about, by the newest of its actions.
func (e *Core) heldFor(connection string, h connectors.Held, actions []consent.Action) HeldInfo {
	i := HeldInfo{Connection: connection, Held: h, Known: len(actions) > 0}
	if i.Known && actions[0].Device != "" {
		i.Device, i.Recipient = e.deviceName(actions[0].Device), actions[0].Recipient
	}
	return i
}

// Lift lifts one held thing of a connection, or all; it answers how many.
func (e *Core) Lift(ctx context.Context, connection, mark string) (int, error) {
	n := 0
	err := e.Sessions.Use(ctx, connection, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.Holder == nil || caps.Blocker == nil {
			return nil
		}
		held, err := caps.Holder.Held(ctx)
		if err != nil {
			return err
		}
		for _, h := range held {
			if mark != "" && h.Mark != mark {
				continue
			}
			if _, err := caps.Blocker.Unblock(ctx, h.Receipt); err != nil {
				return err
			}
			n++
			if err := e.Store.Note(ctx, ledger.Note{Time: e.Now(), Kind: consent.NoteLifted, Text: words.Sprintf("Lifted by hand: %s", h.Text)}); err != nil {
				return err
			}
		}
		return nil
	})
	if mark != "" && n == 0 && err == nil {
		err = words.Errorf("nothing with the mark %q is held there", mark)
	}
	e.changed(changes.Connections, changes.Diary)
	return n, err
}

// holder is the open connection that keeps a block's start by itself for a
// device, if there is one.
func (e *Core) holder(ctx context.Context) (connectors.Connection, connectors.Traits, bool) {
	return e.blocker(ctx, func(t connectors.Traits) bool { return t.HoldsStart })
}

// blocker is the open connection with the finest grain that can block and suits.
func (e *Core) blocker(ctx context.Context, suits func(connectors.Traits) bool) (best connectors.Connection, traits connectors.Traits, ok bool) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return best, traits, false
	}
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
