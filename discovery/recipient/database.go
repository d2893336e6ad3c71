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
type database struct{ reader *maxminddb.Reader }

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

// openDatabase reads and checks a whole database, since a person may drop any file.
func openDatabase(data string) (*database, error) {
	r, err := maxminddb.OpenBytes([]byte(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	if err := r.Verify(); err != nil {
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	for res := range r.Networks() {
		var rec record
		if err := res.Decode(&rec); err != nil || rec.text() == "" {
			return nil, errDatabase
		}
		return &database{r}, nil
	}
	return nil, errDatabase
}

func (d *database) find(a netip.Addr) string {
	var rec record
	if err := d.reader.Lookup(a).Decode(&rec); err != nil {
		return ""
	}
	return rec.text()
}
