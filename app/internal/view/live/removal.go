package live

import (
	"context"

	"bestbefore/app/internal/view"
)

// AskRemove asks what removing a connection means, so that the person can choose;
// "" takes the question back.
func (p *Pump) AskRemove(id string) {
	p.change(func(w *want) { w.removal = view.RemovalInput{ID: id} })
	if id == "" {
		return
	}
	p.do(func(ctx context.Context) {
		info, err := p.config.Engine.PreviewRemove(ctx, id)
		why := p.why(err)
		p.setRemoval(id, func(r *view.RemovalInput) { r.Info, r.Known, r.Error = info, err == nil, why })
	})
}

// setRemoval changes the question about a connection, unless it was taken back.
func (p *Pump) setRemoval(id string, f func(*view.RemovalInput)) {
	p.change(func(w *want) {
		if w.removal.ID == id {
			f(&w.removal)
		}
	})
}

// Remove lifts what a connection holds and forgets it here.
func (p *Pump) Remove(id string) {
	p.giveUp(id, func(ctx context.Context) (string, error) {
		info := p.wanted().removal.Info
		return p.presenter().OnlyForgotten(info), p.config.Engine.RemoveConnection(ctx, id)
	})
}

// EndAndRemove ends at the peer what it gave to us, and forgets the connection
// where that succeeds.
func (p *Pump) EndAndRemove(id string) {
	p.giveUp(id, func(ctx context.Context) (string, error) {
		said, err := p.config.Engine.EndAndRemove(ctx, id, how)
		return p.presenter().EndedAndRemoved(said), err
	})
}

// giveUp removes a connection, and tells how that went: where it failed, beside
// the connection, which stays.
func (p *Pump) giveUp(id string, remove func(context.Context) (string, error)) {
	p.setRemoval(id, func(r *view.RemovalInput) { r.Busy, r.Error = true, "" })
	p.do(func(ctx context.Context) {
		said, err := remove(ctx)
		if err != nil {
			why := p.why(err)
			p.setRemoval(id, func(r *view.RemovalInput) { r.Busy, r.Error = false, why })
			return
		}
		p.setRemoval(id, func(r *view.RemovalInput) { *r = view.RemovalInput{} })
		p.staleConnections()
		p.toast(view.Toast{Text: said})
	})
}
