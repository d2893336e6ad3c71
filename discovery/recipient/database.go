package recipient

import (
	"errors"
	"fmt"
	"net/netip"

	"bestbefore/discovery"

	"github.com/oschwald/maxminddb-golang/v2"
)

// database is ranges in the MaxMind DB format: a file that the person put into
// the data folder in place of ours.
type database struct {
	reader *maxminddb.Reader
	owners bool // else countries
}

// record is what the free databases call what we look for: GeoLite2 and DB-IP
// nest the country, ip-location-db does not.
type record struct {
	Code    string `maxminddb:"country_code"`
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Owner string `maxminddb:"autonomous_system_organization"`
}

// text is the one field that is filled.
func (r record) text() string {
	for _, s := range []string{r.Owner, r.Code, r.Country.Code} {
		if s != "" {
			return string(discovery.Clean(s))
		}
	}
	return ""
}

var errDatabase = errors.New("this is not a database of countries or of network owners in the MaxMind DB format")

// openDatabase looks at a database that a person dropped: it must open, and
// answer a sample of addresses without a fault and at least one with a country
// or an owner. The whole is not walked through: the tree of a hostile file has no end.
func openDatabase(data string) (*database, error) {
	r, err := maxminddb.OpenBytes([]byte(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	d, known := &database{reader: r}, false
	for first := range 224 {
		for _, a := range []netip.Addr{
			netip.AddrFrom4([4]byte{byte(first), 1, 1, 1}), netip.AddrFrom16([16]byte{0x20 | byte(first>>7), byte(first), 0x48, 0x60, 15: 1}),
		} {
			if a.Is6() && r.Metadata.IPVersion == 4 {
				continue
			}
			var rec record
			if err := r.Lookup(a).Decode(&rec); err != nil {
				return nil, fmt.Errorf("%w: %w", errDatabase, err)
			}
			known = known || rec.text() != ""
			d.owners = d.owners || rec.Owner != ""
		}
	}
	if !known {
		return nil, errDatabase
	}
	return d, nil
}

func (d *database) find(a netip.Addr) string {
	var rec record
	if err := d.reader.Lookup(a).Decode(&rec); err != nil {
		return ""
	}
	return rec.text()
}
