package live

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/discovery"
)

// behaviour asks how a device behaves, for its page.
func (p *Pump) behaviour(ctx context.Context, in *view.DeviceInput) error {
	e := p.config.Engine
	all, err := e.Unusual(ctx, true)
	if err != nil {
		return err
	}
	in.Unusual = slices.DeleteFunc(all, func(u engine.Unusual) bool { return u.Device != in.Device.ID })
	said, err := e.Declared(ctx, in.Device.ID)
	if err != nil {
		return err
	}
	in.Said = &said
	return nil
}

// Usual says that findings are fine.
func (p *Pump) Usual(findings ...string) {
	p.edit(func(ctx context.Context) (string, error) {
		return p.presenter().SaidUsual(), p.config.Engine.Usual(ctx, findings, how)
	})
}

// Declare gives a device its maker's description; without data the one that it
// announces is fetched, which the person agreed to by asking for it.
func (p *Pump) Declare(device, name string, data []byte) {
	p.said(func(ctx context.Context) (string, error) {
		_, err := p.config.Engine.Declare(ctx, engine.DeclareRequest{Device: discovery.DeviceID(device), Name: name, File: data, How: how})
		return p.presenter().Declared(), err
	})
}

// NoDescription says why a file could not be read; nil is an empty one.
func (p *Pump) NoDescription(err error) { p.failed(cmp.Or(err, errNoDescription)) }

var errNoDescription = errors.New("the file is empty")

// Undeclare forgets the description of a device.
func (p *Pump) Undeclare(device string) {
	p.said(func(ctx context.Context) (string, error) {
		return p.presenter().Undeclared(), p.config.Engine.Undeclare(ctx, discovery.DeviceID(device), how)
	})
}

// said runs what cannot be undone, because doing it again undoes it.
func (p *Pump) said(f func(context.Context) (string, error)) {
	p.do(func(ctx context.Context) {
		text, err := f(ctx)
		if err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: text, Severity: view.Fresh})
	})
}
