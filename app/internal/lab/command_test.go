//go:build lab && linux

package lab

import (
	"strings"
	"time"
)

// The keys of the command line's JSON that these tests read. They are a promise
// to scripts, so the tests keep their own copy.
type deviceRow struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Identifiers []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"identifiers"`
	Addresses []string     `json:"addresses"`
	Services  []serviceRow `json:"services"`
}

type serviceRow struct {
	Type     string `json:"type"`
	Instance string `json:"instance"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
}

type flowRow struct {
	Device      string    `json:"device"`
	Recipient   string    `json:"recipient"`
	Destination string    `json:"destination"`
	Protocol    string    `json:"protocol"`
	Port        int       `json:"port"`
	BytesUp     uint64    `json:"bytes_up"`
	BytesDown   uint64    `json:"bytes_down"`
	Last        time.Time `json:"last"`
	Source      string    `json:"source"`
}

type consentRow struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	Recipient string    `json:"recipient"`
	Expires   time.Time `json:"expires"`
	Decided   string    `json:"decided"`
	Done      string    `json:"done"`
	Level     string    `json:"level"`
	Seen      string    `json:"seen"`
	HeldBy    string    `json:"held_by"`
	Reason    string    `json:"reason"`
}

type diaryRow struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Device  string    `json:"device"`
	Consent string    `json:"consent"`
	Text    string    `json:"text"`
	Hash    string    `json:"hash"`
}

// device waits until the agent knows the device with that hardware address.
func (h *home) device(mac string) deviceRow {
	h.t.Helper()
	var found deviceRow
	eventually(h.t, 20*time.Second, "the device "+mac+" is found", func() bool {
		for _, d := range ask[[]deviceRow](h, "devices") {
			for _, i := range d.Identifiers {
				if strings.EqualFold(i.Type, "mac") && strings.EqualFold(i.Value, mac) {
					found = d
					return true
				}
			}
		}
		return false
	})
	return found
}

// flowTo waits until the agent saw the device send to an address.
func (h *home) flowTo(device, address string) flowRow {
	h.t.Helper()
	var found flowRow
	eventually(h.t, 20*time.Second, "a flow to "+address+" is seen", func() bool {
		for _, f := range ask[[]flowRow](h, "flows", device) {
			if f.Destination == address && f.BytesUp > 0 {
				found = f
				return true
			}
		}
		return false
	})
	return found
}

// allow gives a permission and finds it among all.
func (h *home) allow(device, to, data, term string) consentRow {
	h.t.Helper()
	h.must("allow", device, "--to", to, "--data", data, "--until", term, "--then", "block")
	name, _, _ := strings.Cut(to, "=")
	for _, c := range ask[[]consentRow](h, "consents") {
		if c.Device == device && c.Recipient == name {
			return c
		}
	}
	h.t.Fatalf("the permission for %s is not listed", name)
	return consentRow{}
}

func (h *home) consent(id string) consentRow {
	h.t.Helper()
	for _, c := range ask[[]consentRow](h, "consents") {
		if c.ID == id {
			return c
		}
	}
	h.t.Fatalf("permission %s is not listed", id)
	return consentRow{}
}
