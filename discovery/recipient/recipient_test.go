package recipient

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"bestbefore/assets"
	"bestbefore/discovery/flow"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"
)

// shipped is the table that the program ships.
func shipped(t testing.TB) *Table {
	t.Helper()
	table, err := New(bundle())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func bundle() Config {
	return Config{
		Curated: strings.NewReader(assets.RecipientsHousehold), Seed: strings.NewReader(assets.RecipientsWeb),
		Countries: assets.RecipientsCountries, Owners: assets.RecipientsOwners, PublicSuffix: publicsuffix.PublicSuffix,
	}
}

func to(domain, address string) flow.Destination {
	d := flow.Destination{Domain: domain}
	if address != "" {
		d.Address = netip.MustParseAddr(address)
	}
	return d
}

func TestLookup(t *testing.T) {
	table := shipped(t)
	for _, c := range []struct {
		name, domain, address    string
		company, country, basis  string
		purpose                  Purpose
		addressCountry, ownsHome string
	}{
		{name: "a maker's cloud", domain: "fw-eu.meethue.com", company: "Signify (Philips Hue)", country: "NL", basis: "curated", purpose: Maker},
		{name: "the domain itself", domain: "tuyaeu.com", company: "Tuya", country: "CN", basis: "curated", purpose: Platform},
		{name: "upper case and a last dot", domain: "API.Netatmo.COM.", company: "Netatmo (Legrand)", country: "FR", basis: "curated", purpose: Maker},
		{name: "the longest row", domain: "time.google.com", company: "Google", country: "US", basis: "curated", purpose: Time},
		{name: "a longer one below", domain: "x.acr0.samsungcloudsolution.com", company: "Samsung", country: "KR", basis: "curated", purpose: Audience},
		{name: "a shorter one", domain: "lcprd1.samsungcloudsolution.com", company: "Samsung", country: "KR", basis: "curated", purpose: Platform},
		{name: "letters in common are no domain in common", domain: "notuyaeu.com", basis: "unknown"},
		{name: "only the seed has it", domain: "cdn.permutive.com", company: "Permutive", basis: "seed", purpose: Ads},
		{name: "a public suffix", domain: "co.uk", basis: "unknown"},
		{name: "below a public suffix", domain: "some-shop.co.uk", basis: "unknown"},
		{name: "nobody knows it", domain: "telemetry.nobody-knows.example", basis: "unknown"},
		{name: "only an address: whose network, not who receives", address: "8.8.8.8", basis: "registry", addressCountry: "US", ownsHome: "Google LLC"},
		{name: "only an IPv6 address", address: "2606:4700::1111", basis: "registry", addressCountry: "US", ownsHome: "Cloudflare, Inc."},
		{name: "an address in IPv6 wrapping", address: "::ffff:8.8.8.8", basis: "registry", addressCountry: "US", ownsHome: "Google LLC"},
		{name: "an address as a name", domain: "8.8.8.8", basis: "registry", addressCountry: "US", ownsHome: "Google LLC"},
		{name: "name and address", domain: "api.tado.com", address: "8.8.8.8", company: "tado", country: "DE", basis: "curated", purpose: Maker, addressCountry: "US", ownsHome: "Google LLC"},
		{name: "an address that nobody has", address: "192.0.2.7", basis: "unknown"},
		{name: "another device", address: "192.168.1.7", basis: "home", purpose: Home},
		{name: "another device, IPv6", address: "fd12::7", basis: "home", purpose: Home},
		{name: "a link-local address with a zone", address: "fe80::1%eth0", basis: "home", purpose: Home},
		{name: "everybody at home", address: "255.255.255.255", basis: "home", purpose: Home},
		{name: "multicast", address: "ff02::fb", basis: "home", purpose: Home},
		{name: "a name of the home", domain: "printer.local", basis: "home", purpose: Home},
		{name: "a name of the router", domain: "nas.fritz.box", basis: "home", purpose: Home},
		{name: "a single word", domain: "printer", basis: "home", purpose: Home},
		{name: "a public name at a private address", domain: "nas.my-family.example", address: "10.0.0.2", basis: "home", purpose: Home},
		{name: "a blocker's answer says nothing", domain: "telemetry.roku.com", address: "0.0.0.0", company: "Roku", country: "US", basis: "curated", purpose: Platform},
		{name: "a local name at a public address", domain: "evil.local", address: "8.8.8.8", basis: "registry", addressCountry: "US", ownsHome: "Google LLC"},
		{name: "nothing", basis: "unknown"},
		{name: "no name", domain: "<script>", basis: "unknown"},
		{name: "no name either", domain: "..", basis: "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := table.Lookup(to(c.domain, c.address))
			if got.Basis == BasisCurated && (got.Source == "" || got.Match == "") {
				t.Errorf("no source or no row: %+v", got)
			}
			got.Source, got.Match = "", ""
			want := Result{
				Company: c.company, CompanyCountry: c.country, Basis: Basis(c.basis), Purpose: c.purpose,
				AddressCountry: c.addressCountry, Network: c.ownsHome,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhoWins: the person's rows before all others, the longest row next, and
// of equal ones our own before an imported list before the seed.
func TestWhoWins(t *testing.T) {
	c := Config{
		Curated: strings.NewReader("domain\tcompany\nbell.example\tOurs\nboth.example\tOurs\n"),
		Seed:    strings.NewReader("domain\tcompany\nbell.example\tSeed\nlist.example\tSeed\nlong.bell.example\tSeed\n"),
		Lists:   []List{{"Strict", []Row{{Domain: "both.example", Company: "Listed"}, {Domain: "list.example", Company: "Listed"}}}},
		Yours:   []List{{"mine", []Row{{Domain: "example", Company: "Mine"}}}},
	}
	table, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Lookup(to("long.bell.example", "")); got.Company != "Mine" || got.Basis != BasisYours || got.List != "mine" {
		t.Errorf("the person's own row does not win: %+v", got)
	}
	c.Yours = nil
	c.Curated = strings.NewReader("domain\tcompany\nbell.example\tOurs\nboth.example\tOurs\n")
	c.Seed = strings.NewReader("domain\tcompany\nbell.example\tSeed\nlist.example\tSeed\nlong.bell.example\tSeed\n")
	if table, err = New(c); err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]Result{
		"bell.example":        {Company: "Ours", Basis: BasisCurated, Match: "bell.example"},
		"a.long.bell.example": {Company: "Seed", Basis: BasisSeed, Match: "long.bell.example"},
		"both.example":        {Company: "Ours", Basis: BasisCurated, Match: "both.example"},
		"list.example":        {Company: "Listed", Basis: BasisList, List: "Strict", Match: "list.example"},
		"other.example":       {Basis: BasisUnknown},
	} {
		if diff := cmp.Diff(want, table.Lookup(to(domain, ""))); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
}

func TestEmptyTableKnowsNothing(t *testing.T) {
	table, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Lookup(to("api.tado.com", "8.8.8.8")); got != (Result{Basis: BasisUnknown}) {
		t.Errorf("%+v", got)
	}
	if got := table.Lookup(to("", "10.0.0.1")); got.Basis != BasisHome {
		t.Errorf("%+v", got)
	}
}

func TestSite(t *testing.T) {
	table := shipped(t)
	for domain, want := range map[string]string{
		"video.bell.co.uk": "bell.co.uk", "bell.de": "bell.de", "Bell.DE.": "bell.de", "co.uk": "", "de": "", "printer.local": "", "192.0.2.1": "",
		"a.b.nothing-such": "", "": "", "home.myds.me": "home.myds.me",
	} {
		if got := table.Site(domain); got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
}

// TestCoarseTellsTheCompanyOnly: of each row that is shipped the coarse domain
// names the same company, and it is one for all domains of a company.
func TestCoarseTellsTheCompanyOnly(t *testing.T) {
	table := shipped(t)
	of := map[string]string{}
	for domain := range table.all {
		d := to("secret-page."+domain, "8.8.8.8")
		company, coarse := table.Lookup(d).Company, table.Coarse(d)
		if got := table.Lookup(to(coarse, "")).Company; got != company || strings.Contains(coarse, "secret-page") {
			t.Errorf("%s of %s becomes %s of %s", domain, company, coarse, got)
		}
		if was, ok := of[company]; ok && was != coarse {
			t.Errorf("%s is %s and %s", company, was, coarse)
		}
		of[company] = coarse
	}
	for _, d := range []flow.Destination{to("secret-page.nobody.example", ""), to("", "8.8.8.8"), to("nas.local", "")} {
		if got := table.Coarse(d); got != "" {
			t.Errorf("%v becomes %s", d, got)
		}
	}
	mine, err := New(Config{Curated: strings.NewReader("domain\tcompany\na.com\tA\nlong.net\tA\n"), Yours: []List{{"mine", []Row{{Domain: "a.com", Company: "B"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := mine.Coarse(to("x.long.net", "")); got != "long.net" {
		t.Errorf("the shortest domain is another's now: %s", got)
	}
}

func TestHint(t *testing.T) {
	if Hint("udp", 123) != Time || Hint("tcp", 853) != Names || Hint("tcp", 443) != "" || Hint("tcp", 123) != "" {
		t.Error("hints")
	}
}

func TestPurposesHaveWords(t *testing.T) {
	for _, p := range Purposes() {
		if p.Words() == "" || !p.Known() {
			t.Errorf("%s has no words", p)
		}
	}
	if Purpose("nonsense").Known() || Purpose("nonsense").Words() != "" {
		t.Error("an unknown purpose is known")
	}
}

// TestBundleIsSmall: what the tables add to the program, and to its memory.
func TestBundleIsSmall(t *testing.T) {
	size := len(assets.RecipientsHousehold) + len(assets.RecipientsWeb) + len(assets.RecipientsCountries) + len(assets.RecipientsOwners)
	if size > 15_000_000 {
		t.Errorf("%d bytes", size)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := shipped(t)
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d domains, %d bytes in the program, %d bytes of memory", table.Len(), size, heap)
	if heap > 4_000_000 {
		t.Errorf("%d bytes of memory", heap)
	}
	runtime.KeepAlive(table)
}

func TestLookupAllocatesNothing(t *testing.T) {
	table := shipped(t)
	for _, d := range somewhere() {
		if n := testing.AllocsPerRun(100, func() { table.Lookup(d) }); n > 0 {
			t.Errorf("%v: %v allocations", d, n)
		}
	}
}

// somewhere is one destination of each sort.
func somewhere() []flow.Destination {
	return []flow.Destination{
		to("api-iot-eu.he.services", "18.194.1.1"), to("e12345.a.akamaiedge.net", "2a02:26f0:1700::1"), to("nobody.knows.some-shop.co.uk", "185.15.59.224"),
		to("", "8.8.8.8"), to("", "2606:4700::1111"), to("", "192.168.1.4"), to("cdn.permutive.com", ""),
	}
}

func FuzzLookup(f *testing.F) {
	table, err := New(bundle())
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range somewhere() {
		f.Add(d.Domain, d.Address.AsSlice())
	}
	f.Add("..", []byte{1})
	f.Add(strings.Repeat("a.", 200), []byte{})
	f.Add("1.2.3", []byte{0, 0, 0, 0})
	f.Add("fe80::1%25", []byte{127, 0, 0, 1})
	f.Fuzz(func(t *testing.T, domain string, address []byte) {
		a, _ := netip.AddrFromSlice(address)
		got := table.Lookup(flow.Destination{Domain: domain, Address: a})
		if got.Known() != (got.Match != "") || got.Basis == "" || got.Basis == BasisHome && got.Known() {
			t.Errorf("%+v", got)
		}
		if s := table.Site(domain); s != "" && !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(domain, ".")), s) {
			t.Errorf("%q is the site of %q", s, domain)
		}
	})
}
