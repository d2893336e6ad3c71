package live

import (
	"context"
	"strings"

	"bestbefore/app/internal/view"
)

// FindGuides changes what is searched for among the steps by hand.
func (p *Pump) FindGuides(q view.Query) { p.change(func(w *want) { w.guides = q }) }

// guides is the page of what only a person can end.
func (p *Pump) guides(ctx context.Context, w want) error {
	in := view.GuidesInput{Arg: w.route.Arg}
	var err error
	if in.Book, err = p.config.Engine.GuideBook(ctx); err != nil {
		return err
	}
	if id, of := strings.CutPrefix(in.Arg, view.GuideAccess); of {
		if a, err := p.accessOf(ctx, id); err == nil { // else it is gone, and the page says so
			in.Access = &a
		}
	}
	put(p, string(view.PageGuides), p.presenter().Guides(in, w.guides), same, func(g *view.Guides, r uint64) { g.Revision = r }, p.config.Screen.Guides)
	return nil
}
