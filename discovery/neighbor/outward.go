package neighbor

// outward reports whether an interface leads out of the home instead of into
// it: its IPv4 addresses are all public (a cable modem's, or a provider's
// shared 100.64.0.0/10). Who answers there is the provider and strangers, no
// device of this household. That is so on a box which routes the home itself.
func outward(t Table, iface string) bool {
	public := 0
	for _, c := range t.Cards {
		if c.Name != iface {
			continue
		}
		for _, p := range c.Prefixes {
			a := p.Addr()
			switch {
			case !a.Is4() || a.IsLinkLocalUnicast():
			case a.IsPrivate():
				return false
			default:
				public++
			}
		}
	}
	return public > 0
}
