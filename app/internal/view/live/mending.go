package live

import (
	"context"
	"errors"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
)

// unknownCertificate is what err asks a yes for; nil where it asks nothing.
func unknownCertificate(err error) *connectors.CertificateError {
	var unknown *connectors.CertificateError
	errors.As(err, &unknown)
	return unknown
}

// ChangeForm opens the form of a connection that is there.
func (p *Pump) ChangeForm(id string) {
	p.leaveLink()
	p.do(func(ctx context.Context) {
		info, err := p.config.Engine.Connectors(ctx)
		if err != nil {
			p.failed(err)
			return
		}
		for _, c := range info.Connections {
			if c.ID == id {
				p.change(func(w *want) { w.form, w.setupSaved = form{kind: c.Kind, id: id}, view.Outcome{} })
			}
		}
	})
}

// Change tries other answers for a connection, and keeps them where they are right.
func (p *Pump) Change(id string, values, secrets map[string]string) {
	p.setChange(id, func(f *form) { f.answers, f.busy, f.err, f.unknown = values, true, "", nil })
	p.do(func(ctx context.Context) {
		c, err := p.config.Engine.ChangeConnection(ctx, engine.ChangeRequest{ID: id, Values: values, Secrets: secrets})
		if err != nil {
			why := p.why(err)
			p.setChange(id, func(f *form) { f.busy, f.err, f.unknown = false, why, unknownCertificate(err) })
			return
		}
		p.staleConnections()
		p.setChange(id, func(f *form) { *f = form{} })
		p.toast(view.Toast{Text: p.presenter().Mended(c.Name), Severity: view.Fresh})
	})
}

// setChange changes the open form of a connection, if it is open still.
func (p *Pump) setChange(id string, f func(*form)) {
	p.change(func(w *want) {
		if w.form.id == id {
			f(&w.form)
		}
	})
}

// Trust says yes to the certificate that the peer of a connection shows now.
func (p *Pump) Trust(id, fingerprint string) {
	p.outcome(id, view.Outcome{Busy: true})
	p.do(func(ctx context.Context) {
		c, err := p.config.Engine.ChangeConnection(ctx, engine.ChangeRequest{ID: id, Values: map[string]string{connectors.OptCertificate: fingerprint}})
		p.staleConnections()
		out := p.presenter().Tested(c)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.outcome(id, out)
	})
}

// Abandon forgets a connection that does not answer.
func (p *Pump) Abandon(id string) {
	p.giveUp(id, func(ctx context.Context) (string, error) {
		standing, err := p.config.Engine.AbandonConnection(ctx, id, how)
		return p.presenter().Abandoned(standing), err
	})
}
