package engine

import (
	"context"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// PreviewDisconnect says what a disconnect would do, before anything is asked.
func (e *Core) PreviewDisconnect(ctx context.Context, id discovery.DeviceID) (Preview, error) {
	d, err := e.find(string(id))
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Then: consent.Block}
	safe, err := e.Guard(ctx, d)
	if err != nil {
		return p, err
	}
	if err := consent.CanBlock(safe, consent.FromPerson, true); err != nil {
		p.Refused = err.Error()
		return p, nil
	}
	p.Confirm = consent.CanBlock(safe, consent.FromPerson, false) != nil
	x, ok := e.enderOf(ctx, d, consent.Recipient{Any: true})
	if !ok {
		p.Refused = words.Text("Nothing that is connected can disconnect this device. Connect your router or gateway first.")
		return p, nil
	}
	if err := e.whatCuts(ctx, &p, x, target{d, consent.Recipient{Any: true}, false}, words.Text("Now")); err != nil {
		return p, err
	}
	p.Account, p.AtHome = x.traits.Grain == connectors.GrainAccount, x.traits.AtHome
	p.Pause = pauseSentence(x.conn.Name, x.traits)
	p.Partly = p.Account || !whole(x.traits)
	if !p.Account && !p.AtHome {
		p.Lines = append(p.Lines, words.Text("Talking to other devices at home goes on."))
	}
	return p, nil
}

// liveOf are the live permissions of a device.
func (e *Core) liveOf(ctx context.Context, id discovery.DeviceID) ([]consent.Consent, error) {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	var out []consent.Consent
	for _, c := range cs {
		if c.Decided.Live() && e.same(c.Device, id) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (e *Core) clicked(id discovery.DeviceID, kind consent.ActionKind) consent.Action {
	now := e.Now().UTC()
	return consent.Action{
		Kind: kind, Origin: consent.FromPerson, Device: id, Recipient: consent.Recipient{Name: "everybody", Any: true},
		Mark: consent.MarkDisconnect(id), State: consent.Pending, DueAt: now, Created: now,
	}
}

// Action is one action as it stands now.
func (e *Core) Action(ctx context.Context, id consent.ActionID) (consent.Action, error) {
	return e.Store.Action(ctx, id)
}

// Retry tries an action now.
func (e *Core) Retry(ctx context.Context, id consent.ActionID) error {
	if err := e.Config.Retry(ctx, id); err != nil {
		return err
	}
	e.changed(changes.Actions)
	return nil
}
