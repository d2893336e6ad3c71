package gateway

import "net/netip"

// Behind implements connectors.Resident: the networks of this box's interfaces
// but those of the default routes, where its kernel forwards between them.
// Whether anybody lives there is for the caller to know: a computer with
// virtual machines forwards too.
func (*Connector) Behind() []netip.Prefix {
	if !forwards("ipv4") && !forwards("ipv6") {
		return nil
	}
	h, err := readHome(nil, nil)
	if err != nil || len(h.wan) == 0 {
		return nil // it cannot be told; Open says why
	}
	return h.prefixes
}
