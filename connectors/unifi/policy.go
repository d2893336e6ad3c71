package unifi

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// markStart begins the name of every policy of ours.
const markStart = "bestbefore:"

// policy is a firewall policy, as far as we write and read it.
type policy struct {
	ID          string  `json:"id,omitempty"`
	Enabled     bool    `json:"enabled"`
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	Action      kindOf  `json:"action"`
	Source      place   `json:"source"`
	Destination place   `json:"destination"`
	Scope       ipScope `json:"ipProtocolScope"`
	Logging     bool    `json:"loggingEnabled"`
	// States is never written: none means all, so that what is open is met too.
	States   []string `json:"connectionStateFilter,omitempty"`
	Schedule *kindOf  `json:"schedule,omitempty"`
}

type kindOf struct {
	Type string `json:"type"`
}

type ipScope struct {
	Version string `json:"ipVersion"`
}

type place struct {
	Zone   string  `json:"zoneId"`
	Filter *filter `json:"trafficFilter,omitempty"`
}

type filter struct {
	Type string     `json:"type"`
	MACs *macFilter `json:"macAddressFilter,omitempty"`
	IPs  *ipFilter  `json:"ipAddressFilter,omitempty"`
}

type macFilter struct {
	Addresses []string `json:"macAddresses"`
}

type ipFilter struct {
	Type     string   `json:"type"`
	Opposite bool     `json:"matchOpposite"`
	Items    []ipItem `json:"items"`
}

type ipItem struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// policies are those that a block is made of: one for each zone of the home, and
// for a recipient one for each family of addresses.
func policies(r connectors.BlockRequest, macs, home []string, outside string) ([]policy, error) {
	type half struct {
		version string
		to      *filter
	}
	halves := []half{{version: "IPV4_AND_IPV6"}}
	if !r.Target.Recipient.Any {
		four, six := addressesOf(r.Target)
		if len(four)+len(six) == 0 {
			return nil, connectors.Unsupported(words.Text("No address of this recipient is known, and the UniFi console goes by addresses."), nil)
		}
		halves = nil
		for _, f := range []struct {
			version string
			items   []ipItem
		}{{"IPV4", four}, {"IPV6", six}} {
			if len(f.items) > 0 {
				halves = append(halves, half{f.version, &filter{Type: "IP_ADDRESS", IPs: &ipFilter{Type: "IP_ADDRESSES", Items: f.items}}})
			}
		}
	}
	var out []policy
	for _, z := range home {
		for _, h := range halves {
			out = append(out, policy{
				Enabled: true, Name: markStart + r.Mark, Description: "Set by Best Before; lift it there.", Action: kindOf{"BLOCK"},
				Source:      place{Zone: z, Filter: &filter{Type: "MAC_ADDRESS", MACs: &macFilter{macs}}},
				Destination: place{Zone: outside, Filter: h.to}, Scope: ipScope{h.version},
			})
		}
	}
	return out, nil
}

// addressesOf are a recipient's addresses and networks, by family.
func addressesOf(t connectors.Target) (four, six []ipItem) {
	for _, d := range slices.Concat(t.Recipient.Destinations, t.Resolved) {
		item := ipItem{Type: "IP_ADDRESS"}
		a, err := netip.ParseAddr(d)
		if err != nil {
			p, err := netip.ParsePrefix(d)
			if err != nil {
				continue // a name; its addresses are among the resolved
			}
			item.Type, item.Value, a = "SUBNET", p.Masked().String(), p.Addr()
		} else {
			item.Value = a.Unmap().WithZone("").String()
		}
		into := &six
		if a.Unmap().Is4() {
			into = &four
		}
		if !slices.Contains(*into, item) {
			*into = append(*into, item)
		}
	}
	return four, six
}

// macsOf are the hardware addresses of a target.
func macsOf(t connectors.Target) []string {
	var out []string
	for _, id := range t.Identifiers {
		if m, ok := discovery.NormalizeMAC(id.Value); ok && id.Type == discovery.MAC {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ours are the policies that carry our mark, by mark.
func (s *Session) ours(ctx context.Context) (map[string][]policy, error) {
	all, err := list[policy](ctx, s.api, s.path("/firewall/policies"))
	if err != nil {
		return nil, tooOld(err)
	}
	out := map[string][]policy{}
	for _, p := range all {
		if mark, ok := strings.CutPrefix(p.Name, markStart); ok && goodMark(mark) && plainID(p.ID) {
			out[mark] = append(out[mark], p)
		}
	}
	return out, nil
}

// active reports whether a policy does what we set it for.
func (p policy) active() bool {
	return p.Enabled && p.Action.Type == "BLOCK" && len(p.States) == 0 && p.Schedule == nil && p.Source.Filter != nil && p.Source.Filter.MACs != nil
}

func goodMark(mark string) bool {
	return mark != "" && len(mark) <= 100 && strings.Trim(strings.ToLower(mark), "0123456789abcdefghijklmnopqrstuvwxyz-_.:/") == ""
}

// first puts our policies before those of the household, which could allow what
// ours refuse; the others keep their order.
func (s *Session) first(ctx context.Context, from, to string, ids []string) error {
	var order struct {
		IDs struct {
			Before []string `json:"beforeSystemDefined"`
			After  []string `json:"afterSystemDefined"`
		} `json:"orderedFirewallPolicyIds"`
	}
	q := url.Values{"sourceFirewallZoneId": {from}, "destinationFirewallZoneId": {to}}
	path := s.path("/firewall/policies/ordering")
	if err := s.api.do(ctx, http.MethodGet, path, q, nil, &order); err != nil {
		return err
	}
	mine := func(id string) bool { return slices.Contains(ids, id) }
	rest := slices.DeleteFunc(slices.Clone(order.IDs.Before), mine)
	now := slices.Concat(ids, rest)
	if slices.Equal(now, order.IDs.Before) {
		return nil
	}
	order.IDs.Before = now
	order.IDs.After = append([]string{}, slices.DeleteFunc(order.IDs.After, mine)...) // never null
	return s.api.do(ctx, http.MethodPut, path, q, order, nil)
}

// tooOld says of an API without policies what would have them.
func tooOld(err error) error {
	if connectors.KindOf(err) != consent.KindUnsupported {
		return err
	}
	return connectors.Unsupported(words.Text("This UniFi console has no firewall policies in its API; UniFi Network 10.1.68 or newer has them."), err)
}
