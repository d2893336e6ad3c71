package live

import (
	"context"
	"maps"

	"bestbefore/app/internal/view"
)

// OpenFound opens the form of a kind with what a peer at home announces of itself.
func (p *Pump) OpenFound(kind string, values map[string]string) {
	p.leaveLink()
	p.change(func(w *want) { w.form, w.setupSaved = form{kind: kind, answers: values}, view.Outcome{} })
}

// Test makes the peer of a connection answer now; the outcome stands beside it.
func (p *Pump) Test(id string) {
	p.outcome(id, view.Outcome{Busy: true})
	p.do(func(ctx context.Context) {
		c, err := p.config.Engine.TestConnection(ctx, id)
		p.staleConnections()
		out := p.presenter().Tested(c)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.outcome(id, out)
	})
}

func (p *Pump) outcome(id string, o view.Outcome) {
	p.change(func(w *want) {
		all := maps.Clone(w.tested) // others may be reading the old one
		if all == nil {
			all = map[string]view.Outcome{}
		}
		all[id] = o
		w.tested = all
	})
}

// ShowLog opens the log of a connection, or closes it when it is open.
func (p *Pump) ShowLog(id string) {
	p.change(func(w *want) {
		if w.logOf == id {
			id = ""
		}
		w.logOf = id
	})
}

// SaveSetup keeps the text of the open form, which belongs on the peer, as a file.
func (p *Pump) SaveSetup(path, text string) {
	p.do(func(context.Context) {
		out := p.presenter().SetupSaved(path)
		if err := p.config.Desk.WriteFile(path, text); err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.setupSaved = out })
	})
}
