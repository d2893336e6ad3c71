// Package recipient says who receives what a device sends: it turns a domain or
// an address into a company, what that company is there for, and a country. It
// knows only what it is given (tables of rows, ranges of addresses) and never
// asks the network. What nobody has written down stays unknown: no result is a
// guess, and every result says what it rests on.
package recipient

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"bestbefore/discovery/flow"
)

// Basis says on what a result rests.
type Basis string

// The bases, the most trusted first.
const (
	BasisHome     Basis = "home"     // another device at home, or the home network itself
	BasisYours    Basis = "yours"    // a row of a file that the person gave
	BasisCurated  Basis = "curated"  // our own table
	BasisList     Basis = "list"     // a list that the person imported; Result.List names it
	BasisSeed     Basis = "seed"     // the bundled table of web companies
	BasisRegistry Basis = "registry" // only whom the address is registered to is known
	BasisUnknown  Basis = "unknown"
)

// Row is one fact: everything at or below Domain belongs to Company.
type Row struct {
	Domain  string  `json:"domain"`
	Company string  `json:"company"`
	Country string  `json:"country,omitempty"` // the company's home, ISO 3166-1 alpha-2; "" where it is not known
	Purpose Purpose `json:"purpose,omitempty"` // "" where it is not known
	Source  string  `json:"source,omitempty"`  // where it can be checked
}

// Result is who receives. Empty fields are not known.
type Result struct {
	Company string  `json:"company,omitempty"`
	Purpose Purpose `json:"purpose,omitempty"`
	// CompanyCountry is where the company has its home. AddressCountry is where
	// the address is registered, which is neither the company's home nor, with
	// networks that span the world, the place where the computer stands.
	CompanyCountry string `json:"company_country,omitempty"`
	AddressCountry string `json:"address_country,omitempty"`
	// Network is who owns the network of the address. It carries the data; who
	// rents it from them receives the data.
	Network string `json:"network,omitempty"`
	Basis   Basis  `json:"basis"`
	Source  string `json:"source,omitempty"`
	List    string `json:"list,omitempty"`  // of BasisList and BasisYours: the file's name
	Match   string `json:"match,omitempty"` // the row's domain
}

// Known reports whether the result names a company.
func (r Result) Known() bool { return r.Company != "" }

// List is rows under a name of their own, kept apart from the others.
type List struct {
	Label string
	Rows  []Row
}

// Config is what a table is built from. Everything may be left out.
type Config struct {
	// Curated and Seed are tables as ReadRows reads them. They are ours and
	// tested, so that they are not compared with the public suffixes at each start.
	Curated, Seed io.Reader
	// Yours are the person's own rows, which win over all others.
	Yours []List
	// Lists are imported; they win over the seed only.
	Lists []List
	// Countries and Owners say what an address is registered as: text made by
	// PackRanges, or a file in the MaxMind DB format.
	Countries, Owners string
	// PublicSuffix is golang.org/x/net/publicsuffix.PublicSuffix or its like.
	// Without it Site knows no site.
	PublicSuffix func(domain string) (suffix string, icann bool)
}

// Table answers lookups. It does not change once it is built and is safe for
// concurrent use.
type Table struct {
	yours     map[string]entry
	all       map[string]entry
	deepest   int               // labels of the longest row; longer names are not looked at whole
	heads     map[string]string // company → the shortest domain that names it
	countries ranges
	owners    ranges
	suffix    func(string) (string, bool)
}

// entry is a row and where it comes from.
type entry struct {
	*Row
	basis Basis
	list  string
}

// ranges is what an address is registered as.
type ranges interface{ find(netip.Addr) string }

// New builds a table. Faults of the bundled tables are joined; no table comes with them.
func New(c Config) (*Table, error) {
	t := &Table{yours: map[string]entry{}, all: map[string]entry{}, suffix: c.PublicSuffix}
	seed, errSeed := readTable("web companies", c.Seed)
	curated, errCurated := readTable("makers", c.Curated)
	var errCountries, errOwners error
	t.countries, errCountries = openRanges(c.Countries, "country")
	t.owners, errOwners = openRanges(c.Owners, "owner")
	if err := errors.Join(errSeed, errCurated, errCountries, errOwners); err != nil {
		return nil, err
	}
	t.add(t.all, seed, BasisSeed, "")
	for _, l := range c.Lists {
		t.add(t.all, l.Rows, BasisList, l.Label)
	}
	t.add(t.all, curated, BasisCurated, "")
	for _, l := range c.Yours {
		t.add(t.yours, l.Rows, BasisYours, l.Label)
	}
	t.name()
	return t, nil
}

func readTable(name string, r io.Reader) ([]Row, error) {
	if r == nil {
		return nil, nil
	}
	rows, err := ReadRows(r, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the table of %s: %w", name, err)
	}
	return rows, nil
}

// add puts rows into m; of two rows for one domain the later one counts.
func (t *Table) add(m map[string]entry, rows []Row, basis Basis, list string) {
	for i := range rows {
		m[rows[i].Domain] = entry{&rows[i], basis, list}
		t.deepest = max(t.deepest, strings.Count(rows[i].Domain, ".")+1)
	}
}

// name finds for each company the shortest of its domains, the first of equal ones.
func (t *Table) name() {
	t.heads = map[string]string{}
	for _, m := range []map[string]entry{t.yours, t.all} {
		for domain, e := range m {
			was, ok := t.heads[e.Company]
			if !ok || len(domain) < len(was) || len(domain) == len(was) && domain < was {
				t.heads[e.Company] = domain
			}
		}
	}
}

// Coarse is a domain that stands for the company behind d and tells nothing
// more: for devices of which only the companies may be kept. "" where no company
// is known. Looking the answer up names the same company.
func (t *Table) Coarse(d flow.Destination) string {
	r := t.Lookup(d)
	if !r.Known() {
		return ""
	}
	head := t.heads[r.Company]
	if t.Lookup(flow.Destination{Domain: head}).Company != r.Company {
		return r.Match // the person's own rows say otherwise of the shortest one
	}
	return head
}

// Len is how many domains the table knows.
func (t *Table) Len() int { return len(t.all) + len(t.yours) }

// Lookup says who receives what is sent to d. The longest row counts; the
// person's own rows count before all others.
func (t *Table) Lookup(d flow.Destination) Result {
	name, addr := canonical(d)
	if homeAddress(addr) || homeName(name) && !outside(addr) {
		return Result{Basis: BasisHome, Purpose: Home}
	}
	r := Result{Basis: BasisUnknown}
	if outside(addr) {
		r.AddressCountry, r.Network = t.countries.find(addr), t.owners.find(addr)
		if r.AddressCountry != "" || r.Network != "" {
			r.Basis = BasisRegistry
		}
	}
	e, ok := t.match(t.yours, name)
	if !ok {
		e, ok = t.match(t.all, name)
	}
	if ok {
		r.Company, r.Purpose, r.CompanyCountry, r.Source, r.Match = e.Company, e.Purpose, e.Country, e.Source, e.Domain
		r.Basis, r.List = e.basis, e.list
	}
	return r
}

// match finds the longest row at or above name.
func (t *Table) match(m map[string]entry, name string) (entry, bool) {
	if name == "" || len(m) == 0 {
		return entry{}, false
	}
	name = lastLabels(name, t.deepest)
	for {
		if e, ok := m[name]; ok {
			return e, true
		}
		dot := strings.IndexByte(name, '.')
		if dot < 0 {
			return entry{}, false
		}
		name = name[dot+1:]
	}
}

// Site is the name under which somebody registered domain ("video.bell.co.uk"
// is "bell.co.uk"), to put names of unknown companies together; "" where
// there is none.
func (t *Table) Site(domain string) string {
	name, _ := canonical(flow.Destination{Domain: domain})
	if t.suffix == nil || name == "" || homeName(name) {
		return ""
	}
	suffix, icann := t.suffix(name)
	if len(suffix) >= len(name) || !icann && !strings.Contains(suffix, ".") {
		return ""
	}
	rest := name[:len(name)-len(suffix)-1]
	return name[strings.LastIndexByte(rest, '.')+1:]
}
