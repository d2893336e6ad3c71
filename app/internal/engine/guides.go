package engine

import (
	"context"
	"net/netip"
	"slices"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Guidebook is how a person ends by hand what nothing here can end.
type Guidebook interface {
	// GuideBook lists the steps for all makers and accounts that are known, by name.
	GuideBook(ctx context.Context) ([]connectors.Guide, error)
}

// GuideBook implements Guidebook.
func (e *Core) GuideBook(context.Context) ([]connectors.Guide, error) {
	if e.Book == nil {
		return nil, nil
	}
	return e.Book(), nil
}

// guideAt gives the steps for what the peer of c gave: those of its kind, or of
// the provider that it stands for. Nil where there are none but the usual ones.
func (e *Core) guideAt(c connectors.Connection) *connectors.Guide {
	if e.Book != nil {
		all := e.Book()
		if i := slices.IndexFunc(all, func(g connectors.Guide) bool { return g.ID == c.Kind }); i >= 0 {
			return &all[i]
		}
	}
	kind, known := e.Registry.Get(c.Kind)
	if !known || e.Guides == nil {
		return nil
	}
	if of := connectors.StaysAt(kind, c.Settings).Of; of != "" {
		if g, ok := e.Guides([]string{of}, discovery.Device{}); ok {
			return &g
		}
	}
	return nil
}

// guide gives the steps for ending c by hand, where somebody has to take some:
// those of the recipient or of the device's maker, else those of the home's
// router. Nil where there are none but the usual ones.
func (e *Core) guide(c consent.Consent, actions []consent.Action) *connectors.Guide {
	byHand := slices.ContainsFunc(actions, func(a consent.Action) bool {
		return a.Kind == consent.ActGuide && a.State != consent.Cancelled || a.Failed()
	})
	if e.Guides == nil || !byHand && c.Remedy != consent.Guide {
		return nil
	}
	d, _ := e.Inventory.Device(c.Device)
	if g, ok := e.Guides(e.recipientNames(c.Recipient), d); ok {
		return &g
	}
	for _, r := range e.Inventory.Devices() {
		if r.Role != discovery.RoleRouter {
			continue
		}
		if r.Guess.Kind == "" {
			r.Guess.Kind = discovery.KindRouter
		}
		if g, ok := e.Guides(nil, r); ok {
			return &g
		}
	}
	return nil
}

// recipientNames are what a recipient is called: by the household, and by the
// table of companies for each of its destinations.
func (e *Core) recipientNames(r consent.Recipient) []string {
	if r.Any {
		return nil
	}
	out := []string{r.Name}
	for _, text := range r.Destinations {
		d := flow.Destination{Domain: text}
		if a, err := netip.ParseAddr(text); err == nil {
			d = flow.Destination{Address: a}
		}
		if e.Recipients == nil {
			continue
		}
		if company := e.Recipients(d).Company; company != "" && !slices.Contains(out, company) {
			out = append(out, company)
		}
	}
	return out
}
