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
