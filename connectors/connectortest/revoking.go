package connectortest

import (
	"context"
	"slices"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func revokeCases() []Case {
	return []Case{
		{"a revoked grant is gone and no longer works", revokeEnds},
		{"revoking twice is success", revokeTwice},
		{"a grant that has died meanwhile is not tried for ever", deadGrant},
	}
}

func revoke(t T, o Options, c connectors.Capabilities, g consent.Grant) connectors.Receipt {
	t.Helper()
	return must(t, o, "Revoke", func(ctx context.Context) (connectors.Receipt, error) {
		return c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: markOne, Grant: g})
	})
}

func listed(t T, o Options, c connectors.Capabilities, id string) bool {
	t.Helper()
	return slices.ContainsFunc(must(t, o, "Grants", c.GrantLister.Grants), func(g consent.Grant) bool { return g.ID == id })
}

func revokeEnds(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Revoker != nil && o.Grant != nil, "revoke")
	g := o.Grant(t)
	if c.GrantLister != nil && !listed(t, o, c, g.ID) {
		t.Errorf("the grant is not listed")
	}
	if o.Works != nil && !o.Works(t, g) {
		t.Fatalf("the grant does not work before it is revoked, so nothing can be tested")
	}
	r := stored(t, revoke(t, o, c, g))
	if r.Level != consent.Accepted && r.Level != consent.Configured {
		t.Errorf("a call proves accepted or configured, not %q", r.Level)
	}
	if o.Works != nil && o.Works(t, g) {
		t.Errorf("it said that the grant was revoked, but it works")
	}
	if c.GrantLister != nil && listed(t, o, c, g.ID) {
		t.Errorf("the revoked grant is still listed")
	}
	if c.GrantLister == nil {
		return
	}
	for _, g := range must(t, o, "Grants", c.GrantLister.Grants) {
		checkSecrets(t, o, "a grant", g.Name+g.Kind+g.ID)
	}
}

func revokeTwice(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Revoker != nil && o.Grant != nil, "revoke")
	g := o.Grant(t)
	revoke(t, o, c, g)
	revoke(t, o, c, g)
}
