package live

import (
	"context"
	"fmt"
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// access is the page of access.
func (p *Pump) access(ctx context.Context, w want) error {
	in := view.AccessInput{Kinds: map[discovery.DeviceID]view.Kind{}}
	var err error
	if in.All, err = p.config.Engine.Access(ctx); err != nil {
		return err
	}
	if len(in.All) == 0 {
		if in.Kits, err = p.config.Engine.Connectors(ctx); err != nil {
			return err
		}
	} else if err := p.kindsOf(ctx, in.Kinds); err != nil {
		return err
	}
	for _, e := range w.endings {
		if e.Action, err = p.config.Engine.Action(ctx, e.Action.ID); err != nil {
			return err
		}
		in.Endings = append(in.Endings, e)
	}
	put(p, string(view.PageAccess), p.presenter().Access(in, w.access), same, func(a *view.Access, r uint64) { a.Revision = r }, p.config.Screen.Access)
	return nil
}

func (p *Pump) kindsOf(ctx context.Context, kinds map[discovery.DeviceID]view.Kind) error {
	ds, err := p.config.Engine.Devices(ctx)
	for _, d := range ds {
		kinds[d.ID] = d.Guess.Kind
	}
	return err
}

// AskEndAccess opens the preview before an access is ended.
func (p *Pump) AskEndAccess(id string) {
	p.do(func(ctx context.Context) {
		a, err := p.accessOf(ctx, id)
		if err != nil {
			p.failed(err)
			return
		}
		p.forget("disconnect")
		p.change(func(w *want) {
			w.cut = &cut{device: id, access: &view.Ending{ID: id, Name: a.Name, Peer: a.ConnectionName}}
		})
	})
}

func (p *Pump) accessOf(ctx context.Context, id string) (engine.AccessInfo, error) {
	all, err := p.config.Engine.Access(ctx)
	if err != nil {
		return engine.AccessInfo{}, err
	}
	i := slices.IndexFunc(all, func(a engine.AccessInfo) bool { return a.ID == id })
	if i < 0 {
		return engine.AccessInfo{}, fmt.Errorf("this access is no longer there: %w", consent.ErrNotFound)
	}
	return all[i], nil
}

// endAccess ends the access of the open preview for good.
func (p *Pump) endAccess(a view.Ending, sure bool) {
	p.setCut(a.ID, func(c *cut) { c.busy, c.err = true, "" })
	p.do(func(ctx context.Context) {
		act, err := p.config.Engine.EndAccess(ctx, a.ID, sure, how)
		why := p.why(err)
		p.setCut(a.ID, func(c *cut) { c.busy, c.action, c.err = false, act.ID, why })
		if err != nil {
			return
		}
		a.Action = act
		p.change(func(w *want) {
			if w.route.Page == view.PageAccess {
				w.endings = append(slices.DeleteFunc(slices.Clone(w.endings), func(e view.Ending) bool { return e.ID == a.ID }), a)
			}
		})
	})
}

// accessDialog is the preview before an access is ended, and then its result.
// What is ended is no longer listed, so that it is not asked for again.
func (p *Pump) accessDialog(ctx context.Context, w want) error {
	a := *w.cut.access
	var pre engine.Preview
	var err error
	if w.cut.action != "" {
		a.Action, err = p.config.Engine.Action(ctx, w.cut.action)
	} else if pre, err = p.config.Engine.PreviewEndAccess(ctx, a.ID); err != nil {
		pre.Refused, err = p.presenter().Failure(err), nil
	}
	if err != nil {
		return err
	}
	p.putCut(w, p.presenter().EndAccess(a, pre, w.cut.action != "", w.cut.busy, w.cut.err))
	return nil
}
