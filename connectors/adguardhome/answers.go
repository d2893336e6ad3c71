package adguardhome

import (
	"encoding/json"
	"net/netip"
	"time"

	"bestbefore/discovery/flow"
)

// answers are the addresses that a device was given. What else stands there, or
// cannot be read, is left out: the question counts all the same.
type answers []flow.Answer

// maxAnswers and maxTTL bound what one answer can make us keep.
const (
	maxAnswers = 16
	maxTTL     = 24 * time.Hour
)

// UnmarshalJSON never fails, so that an odd answer does not cost its row.
func (a *answers) UnmarshalJSON(b []byte) error {
	*a = nil
	var all []struct {
		Type  string  `json:"type"`
		Value string  `json:"value"`
		TTL   float64 `json:"ttl"`
	}
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	for _, x := range all {
		if len(*a) >= maxAnswers || x.Type != "A" && x.Type != "AAAA" {
			continue
		}
		ip, err := netip.ParseAddr(x.Value)
		if err != nil || ip.IsUnspecified() || ip.Zone() != "" {
			continue
		}
		ttl := min(max(x.TTL, 0), maxTTL.Seconds())
		*a = append(*a, flow.Answer{Address: ip.Unmap(), TTL: time.Duration(ttl) * time.Second})
	}
	return nil
}
