package engine

import (
	"net/netip"
	"slices"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

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
