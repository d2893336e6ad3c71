package enforce

import (
	"context"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// warn tells the person; nothing is cut.
func (t *task) warn(ctx context.Context) error {
	why := t.a.Reason
	t.a.State, t.a.Finished = consent.Done, t.now()
	if why == "" {
		why = words.Text("It was only to be warned of; nothing was cut off.")
	}
	t.a.Reason = sentence(why)
	return t.save(ctx, t.note(consent.NoteWarned, t.warnText(why)))
}

// guide leaves the steps to the person, who alone can take them.
func (t *task) guide(ctx context.Context) error {
	t.a.State, t.a.Error, t.a.RetryAt = consent.NeedsPerson, consent.KindNeedsPerson, time.Time{}
	t.a.Reason = sentence(words.Sprintf("End it by hand: in the device's own settings or the account with %s, withdraw the access, then say here that it is done.", t.a.Recipient.Name))
	return t.save(ctx, t.note(consent.NoteGuide, t.a.Reason))
}

// revoke ends one grant at its issuer. Our own access is never revoked.
func (t *task) revoke(ctx context.Context) error {
	d, known, err := t.r.c.Store.Device(ctx, t.a.Device)
	if err != nil {
		return words.Errorf("reading a device: %w", err)
	}
	if known {
		why, err := t.unsafe(ctx, d)
		if err != nil {
			return err
		}
		if why != "" {
			return t.person(ctx, consent.KindNeedsPerson, words.Sprintf("It was not revoked: %s", why))
		}
	}
	if t.a.Origin != consent.FromPerson && !t.r.c.Sure() {
		return t.unsure(ctx)
	}
	if t.name == "" || t.a.Grant == "" {
		return t.fallBack(ctx, consent.KindUnsupported, words.Text("There is nothing that can be revoked."))
	}
	if why := t.r.shut.of(t.name); why != "" {
		return t.fallBack(ctx, consent.KindPermanent, why)
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	var also []string
	rec, err := call(ctx, t, t.name, func(ctx context.Context, c connectors.Capabilities) (rec connectors.Receipt, err error) {
		rec, also, err = t.revokeAt(ctx, c, d)
		return rec, err
	})
	if err != nil {
		return t.failed(ctx, err)
	}
	rec.Mark = t.a.Mark
	err = t.done(ctx, rec, t.revokedText(also))
	if errors.Is(err, consent.ErrChanged) {
		return nil // it cannot be undone; the newer decision stands and the diary of the peer is right
	}
	if err != nil {
		return err
	}
	return t.look(ctx)
}

// revokeAt has the issuer end the grant as it lists it now, and says what that
// ends besides.
func (t *task) revokeAt(ctx context.Context, c connectors.Capabilities, d discovery.Device) (rec connectors.Receipt, also []string, err error) {
	g := consent.Grant{ID: t.a.Grant, Connection: t.a.Connection, Device: t.a.Device}
	if c.GrantLister != nil {
		if g, err = t.listed(ctx, c.GrantLister, g); err != nil {
			return rec, nil, err
		}
	}
	if c.Revoker == nil {
		return rec, nil, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("This connection cannot revoke.")}
	}
	if err := t.leadsThere(ctx, c, d, g); err != nil {
		return rec, nil, err
	}
	rec, err = c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: t.a.Mark, Grant: g})
	rec, err = stillThere(ctx, c, g, rec, err)
	return rec, g.EndsAlso, err
}

// unsureWait is how soon it is looked again whether the date is sure.
const unsureWait = 30 * time.Second

// unsure waits with what cannot be undone until a second source, or a person,
// says that the date has really come (T3). It costs no try.
func (t *task) unsure(ctx context.Context) error {
	text := words.Text("It cannot be undone, so it waits until something beside this computer's own clock says what day it is.")
	told := t.a.State == consent.Waiting && t.a.Reason == text
	t.a.State, t.a.Error, t.a.Reason, t.a.RetryAt = consent.Waiting, consent.KindTransient, text, t.now().Add(unsureWait)
	if told {
		return t.save(ctx)
	}
	return t.save(ctx, t.note(consent.NoteAction, words.Sprintf("Revoking waits: %s", text)))
}

// listed completes g from the issuer's own list. One that is gone is revoked
// all the same, which is success twice (T27); one that is ours is refused.
func (t *task) listed(ctx context.Context, l connectors.GrantLister, g consent.Grant) (consent.Grant, error) {
	all, err := l.Grants(ctx)
	if err != nil {
		return g, err
	}
	for _, x := range all {
		if x.ID != g.ID {
			continue
		}
		if x.Own {
			return g, &connectors.Error{Kind: consent.KindPermanent, Text: words.Text("That is this program's own access.")}
		}
		return x, nil
	}
	return g, nil
}

// leadsThere refuses to end an account that does not lead to the recipient, or
// that is not this device's alone: what is deleted cannot be given back.
func (t *task) leadsThere(ctx context.Context, c connectors.Capabilities, d discovery.Device, g consent.Grant) error {
	if t.a.Consent == "" {
		return nil // a person named this very access
	}
	if c.Accounter == nil {
		return nil // a token or login says itself to whom it belongs
	}
	acc, err := c.Accounter.AccountOf(ctx, connectors.TargetOf(d, t.a.Recipient))
	switch {
	case err != nil:
		return err
	case acc.Name != g.ID:
		return &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("This access is no longer the device's own.")}
	case len(acc.Shares) > 0 && !t.a.Coarse:
		return &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("Other devices send through the same account and would stop for good too.")}
	}
	return nil
}
