package flow

import (
	"time"

	"bestbefore/discovery"
)

// CaptureDevice is one device of a capture file, by its hardware address.
type CaptureDevice struct {
	MAC       string   `json:"mac"` // empty for what the file gives no address of
	Up        uint64   `json:"bytes_up"`
	Down      uint64   `json:"bytes_down"`
	Encrypted uint64   `json:"bytes_encrypted"` // of both
	Names     []string `json:"names,omitempty"` // some of those that it talked to
	// Said is what it said of itself in asking for an address: "hostname",
	// "vendor_class", "mud_url". Claims, cleaned.
	Said []discovery.Fact `json:"said,omitempty"`
}

// Capture is what a capture file holds.
type Capture struct {
	Packets uint64          `json:"packets"`
	Bytes   uint64          `json:"bytes"` // on the wire
	First   time.Time       `json:"first,omitzero"`
	Last    time.Time       `json:"last,omitzero"`
	Devices []CaptureDevice `json:"devices"`
	Records uint64          `json:"records"`
	AtHome  uint64          `json:"at_home"`    // packets that stayed at home
	NotSeen uint64          `json:"not_seen"`   // packets of which it cannot be told whose they are
	Broken  uint64          `json:"broken"`     // packets that are cut off, make no sense or are no IP
	Dropped uint64          `json:"dropped"`    // devices, names and beginnings for which there was no room
	Cut     bool            `json:"cut_off"`    // the file ends in the middle
	Names   int             `json:"names_seen"` // addresses whose name was told
}
