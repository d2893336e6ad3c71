package live

import (
	"context"

	"bestbefore/app/internal/view"
	"bestbefore/discovery"
)

// Rename gives a device the person's own name; "" takes it away.
func (p *Pump) Rename(device, name string) {
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.Label(ctx, discovery.DeviceID(device), name); err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().Renamed(name), Severity: view.Fresh, Undo: undoLast})
	})
}

// Answer settles whether two entries are one device.
func (p *Pump) Answer(question string, yes bool) {
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.Answer(ctx, question, yes); err != nil {
			p.failed(err)
			return
		}
		if yes { // two devices that are two need no undo: the question comes back with new evidence
			p.toast(view.Toast{Text: p.presenter().OneDevice(), Severity: view.Fresh, Undo: undoLast})
		}
	})
}

// Confirm turns the guess of a device's name into its name.
func (p *Pump) Confirm(device string) {
	p.do(func(ctx context.Context) {
		d, err := p.config.Engine.Device(ctx, device)
		if err != nil {
			p.failed(err)
			return
		}
		name := p.presenter().GuessedName(d)
		if err := p.config.Engine.Label(ctx, d.ID, name); err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().Renamed(name), Severity: view.Fresh, Undo: undoLast})
	})
}

// Split takes a device apart that was joined.
func (p *Pump) Split(device string) {
	p.edit(func(ctx context.Context) (string, error) {
		_, err := p.config.Engine.Split(ctx, discovery.DeviceID(device))
		return p.presenter().TakenApart(), err
	})
}

// Merge says that two entries are one device, which goes on as the first.
func (p *Pump) Merge(keep, gone string) {
	p.edit(func(ctx context.Context) (string, error) {
		return p.presenter().OneDevice(), p.config.Engine.Merge(ctx, discovery.DeviceID(keep), discovery.DeviceID(gone))
	})
}

// SetEssential says whether somebody depends on a device.
func (p *Pump) SetEssential(device, grade string) {
	p.edit(func(ctx context.Context) (string, error) {
		e := discovery.Essential(grade)
		return p.presenter().Marked(e), p.config.Engine.SetEssential(ctx, discovery.DeviceID(device), e)
	})
}

// edit runs a correction of the person's, which can be undone.
func (p *Pump) edit(f func(context.Context) (string, error)) {
	p.do(func(ctx context.Context) {
		text, err := f(ctx)
		if err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: text, Severity: view.Fresh, Undo: undoLast})
	})
}
