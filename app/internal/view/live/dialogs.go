package live

import (
	"context"
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Disconnect cuts a device with one click; its result appears in its place, and
// it can be taken back. It asks first where that is refused, where somebody may
// depend on the device, and where more than it would be cut.
func (p *Pump) Disconnect(device string) {
	p.do(func(ctx context.Context) {
		pre, err := p.config.Engine.PreviewDisconnect(ctx, discovery.DeviceID(device))
		if err == nil && (pre.Refused != "" || pre.Confirm || pre.Coarse) {
			p.AskDisconnect(device)
			return
		}
		if err == nil {
			_, err = p.config.Engine.Disconnect(ctx, discovery.DeviceID(device), false, how)
		}
		if err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().Disconnecting(), Severity: view.Fresh, Undo: undoLast})
	})
}

// AskDisconnect opens the preview of a disconnect.
func (p *Pump) AskDisconnect(device string) {
	p.forget("disconnect")
	p.change(func(w *want) { w.cut = &cut{device: device} })
}

// ConfirmDisconnect cuts the device, or ends the access, of the open preview. The
// dialog calls it only after the second confirmation, where the preview asked for one.
func (p *Pump) ConfirmDisconnect(device string) {
	if w := p.wanted(); w.cut != nil && w.cut.access != nil {
		p.endAccess(*w.cut.access, p.askedTwice(device))
		return
	}
	second := p.askedTwice(device)
	until := p.presenter().PauseTerm(p.pauseOf(device))
	p.setCut(device, func(c *cut) { c.busy, c.err = true, "" })
	p.do(func(ctx context.Context) {
		var a consent.Action
		var err error
		if until == "" {
			a, err = p.config.Engine.Disconnect(ctx, discovery.DeviceID(device), second, how)
		} else {
			a, err = p.config.Engine.Pause(ctx, discovery.DeviceID(device), until, second, how)
		}
		why := p.why(err)
		p.setCut(device, func(c *cut) { c.busy, c.action, c.err = false, a.ID, why })
	})
}

// ChoosePause takes for how long the open preview is to cut the device.
func (p *Pump) ChoosePause(device, id string) {
	p.setCut(device, func(c *cut) { c.pause = id })
}

// pauseOf is what was chosen in the open preview of a device.
func (p *Pump) pauseOf(device string) string {
	if w := p.wanted(); w.cut != nil && w.cut.device == device {
		return w.cut.pause
	}
	return ""
}

// askedTwice reports whether the preview that is shown wants a second confirmation.
func (p *Pump) askedTwice(device string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.last["disconnect"].(view.Disconnect)
	return ok && d.DeviceID == device && d.Second != ""
}

// Reconnect lifts what a disconnect set.
func (p *Pump) Reconnect(device string) {
	p.setCut(device, func(c *cut) { c.busy, c.err = true, "" })
	p.do(func(ctx context.Context) {
		a, err := p.config.Engine.Reconnect(ctx, discovery.DeviceID(device), how)
		why := p.why(err)
		shown := p.setCut(device, func(c *cut) { c.busy, c.action, c.err = false, a.ID, why })
		switch {
		case shown: // the result stands in the dialog
		case err != nil:
			p.failed(err)
		default:
			p.toast(view.Toast{Text: p.presenter().Reconnecting(), Severity: view.Fresh, Undo: undoLast})
		}
	})
}

// CloseDisconnect is told that the preview was closed; what was asked for goes on.
func (p *Pump) CloseDisconnect() { p.change(func(w *want) { w.cut = nil }) }

// setCut changes the open dialog about a device; false when there is none.
func (p *Pump) setCut(device string, f func(*cut)) bool {
	shown := false
	p.change(func(w *want) {
		if w.cut == nil || w.cut.device != device {
			return
		}
		next := *w.cut // looks under way read the old one
		f(&next)
		w.cut, shown = &next, true
	})
	return shown
}

func (p *Pump) cutDialog(ctx context.Context, w want) error {
	if w.cut.access != nil {
		return p.accessDialog(ctx, w)
	}
	d, err := p.config.Engine.Device(ctx, w.cut.device)
	if err != nil {
		return err
	}
	in := view.DisconnectInput{Device: d, Pause: w.cut.pause, Busy: w.cut.busy, Error: w.cut.err}
	if in.Preview, err = p.config.Engine.PreviewDisconnect(ctx, d.ID); err != nil {
		return err
	}
	if w.cut.action != "" {
		a, err := p.config.Engine.Action(ctx, w.cut.action)
		if err != nil {
			return err
		}
		in.Action = &a
	}
	p.putCut(w, p.presenter().Disconnect(in))
	return nil
}

// putCut shows the dialog, unless it was closed meanwhile.
func (p *Pump) putCut(w want, d view.Disconnect) {
	if p.config.Screen.Disconnect == nil {
		return
	}
	// Asked on the window's own goroutine: a look that was under way while the
	// person closed the dialog must not open it again.
	put(p, "disconnect", d, same, func(d *view.Disconnect, r uint64) { d.Revision = r }, func(d view.Disconnect) {
		if now := p.wanted().cut; now != nil && *now == *w.cut {
			p.config.Screen.Disconnect(d)
			return
		}
		p.forget("disconnect")
	})
}

// StartGive opens the form of a new permission for a device, with recipients
// that were ticked; there may be none.
func (p *Pump) StartGive(device string, recipients ...string) {
	p.forget("give")
	recipients = slices.DeleteFunc(slices.Clone(recipients), func(id string) bool { return id == "" })
	p.change(func(w *want) { w.give = &give{draft: view.GiveDraft{DeviceID: device, Recipients: recipients}} })
}

// ChangeGive takes what the person has chosen so far.
func (p *Pump) ChangeGive(d view.GiveDraft) {
	p.change(func(w *want) {
		if w.give != nil {
			w.give = &give{draft: d}
		}
	})
}

// CloseGive is told that the form was closed.
func (p *Pump) CloseGive() { p.change(func(w *want) { w.give = nil }) }

// ConfirmGive gives the permission that the form asks for.
func (p *Pump) ConfirmGive(d view.GiveDraft) {
	p.change(func(w *want) { w.give = &give{draft: d, busy: true} })
	p.do(func(ctx context.Context) {
		var given engine.ConsentInfo
		in, err := p.giveInput(ctx, d)
		if err == nil {
			given, err = p.config.Engine.Allow(ctx, p.presenter().Request(in))
		}
		if err != nil {
			why := p.why(err)
			p.change(func(w *want) { w.give = &give{draft: d, err: why} })
			return
		}
		p.change(func(w *want) { w.give = nil })
		if p.config.Screen.Close != nil {
			p.config.Dispatch(p.config.Screen.Close)
		}
		p.toast(view.Toast{Text: p.presenter().Given(in.Device, given.Consent), Severity: view.Fresh, Undo: undoLast})
	})
}

func (p *Pump) giveInput(ctx context.Context, d view.GiveDraft) (view.GiveInput, error) {
	in := view.GiveInput{Draft: d}
	var err error
	if in.Device, err = p.config.Engine.Device(ctx, d.DeviceID); err != nil {
		return in, err
	}
	if in.Consents, err = p.consentsOf(ctx, in.Device); err != nil {
		return in, err
	}
	if in.Flows, err = p.config.Engine.Flows(ctx, engine.FlowQuery{Device: in.Device.ID, Since: p.since(), Limit: 1000}); err != nil {
		return in, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in.Connections = p.conns
	return in, nil
}

func (p *Pump) giveDialog(ctx context.Context, w want) error {
	in, err := p.giveInput(ctx, w.give.draft)
	if err != nil {
		return err
	}
	in.Busy, in.Error = w.give.busy, w.give.err
	if p.presenter().Complete(in.Draft) {
		if in.Preview, err = p.config.Engine.PreviewAllow(ctx, p.presenter().Request(in)); err != nil && in.Error == "" {
			in.Error = p.presenter().Failure(err)
		}
	}
	if p.config.Screen.Give == nil {
		return nil
	}
	put(p, "give", p.presenter().Give(in), same, func(d *view.Give, r uint64) { d.Revision = r }, func(d view.Give) {
		if p.wanted().give == w.give { // as in cutDialog
			p.config.Screen.Give(d)
			return
		}
		p.forget("give")
	})
	return nil
}

// OpenForm opens the form of a kind of connector; "" closes it.
func (p *Pump) OpenForm(kind string) {
	p.leaveLink()
	p.change(func(w *want) { w.form, w.setupSaved = form{kind: kind}, view.Outcome{} })
}

// Connect tests and keeps a connection. The secrets are handed on and forgotten.
func (p *Pump) Connect(kind string, values, secrets map[string]string) {
	p.change(func(w *want) { w.form = form{kind: kind, answers: values, busy: true} })
	p.do(func(ctx context.Context) {
		p.connect(ctx, engine.ConnectRequest{Kind: kind, Values: values, Secrets: secrets})
	})
}

func (p *Pump) staleConnections() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = true
}
