package live

import (
	"context"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// linkTime is longer than any page waits for a yes.
const linkTime = 40 * time.Minute

// connect tests and keeps a connection, through the peer's own page where it has one.
func (p *Pump) connect(ctx context.Context, r engine.ConnectRequest) {
	if p.hasPage(ctx, r.Kind) {
		p.startLink(ctx, r)
		return
	}
	c, err := p.config.Engine.Connect(ctx, r)
	if err != nil {
		p.notConnected(r, err)
		return
	}
	p.connected(c)
}

func (p *Pump) hasPage(ctx context.Context, kind string) bool {
	info, err := p.config.Engine.Connectors(ctx)
	if err != nil {
		return false // Connect says why
	}
	for _, k := range info.Kinds {
		if k.Kind == kind {
			return k.Links
		}
	}
	return false
}

func (p *Pump) connected(c engine.ConnectionInfo) {
	p.staleConnections()
	p.change(func(w *want) { w.form = form{} })
	p.toast(view.Toast{Text: p.presenter().ConnectedTo(c.Name), Severity: view.Fresh})
}

func (p *Pump) notConnected(r engine.ConnectRequest, err error) {
	failed := p.formOf(r, err)
	p.change(func(w *want) { w.form = failed })
}

// formOf is the form of r, open still, with why it did not work.
func (p *Pump) formOf(r engine.ConnectRequest, err error) form {
	return form{kind: r.Kind, answers: r.Values, err: p.why(err), unknown: unknownCertificate(err)}
}

// startLink shows where the person says yes, and waits beside.
func (p *Pump) startLink(ctx context.Context, r engine.ConnectRequest) {
	l, err := p.config.Engine.StartLink(ctx, r)
	if err != nil {
		p.notConnected(r, err)
		return
	}
	p.change(func(w *want) {
		if w.form.kind == r.Kind && w.form.busy {
			w.form.link = l
		}
	})
	p.queue(job{func(ctx context.Context) { p.waitLink(ctx, r, l) }, linkTime})
}

// waitLink waits for the yes. Once the form was closed nobody is told any more.
func (p *Pump) waitLink(ctx context.Context, r engine.ConnectRequest, l engine.LinkInfo) {
	open := func() bool { return p.wanted().form.link.ID == l.ID }
	if !open() {
		_ = p.config.Engine.CancelLink(ctx, l.ID) // it was closed before the page was known
		return
	}
	c, err := p.config.Engine.WaitLink(ctx, l.ID)
	switch {
	case err == nil && open():
		p.connected(c)
	case err == nil:
		p.staleConnections()
		p.toast(view.Toast{Text: p.presenter().ConnectedTo(c.Name), Severity: view.Fresh})
	default:
		failed := p.formOf(r, err)
		p.change(func(w *want) {
			if w.form.link.ID == l.ID {
				w.form = failed
			}
		})
	}
}

// leaveLink gives the page up that the open form waits for. The form forgets it
// first: what comes back of a page that was given up is told nobody.
func (p *Pump) leaveLink() {
	if l := p.wanted().form.link; l.ID != "" {
		p.change(func(w *want) { w.form.link = engine.LinkInfo{} })
		p.do(func(ctx context.Context) { _ = p.config.Engine.CancelLink(ctx, l.ID) })
	}
}
