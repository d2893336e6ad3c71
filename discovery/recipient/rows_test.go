package recipient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"
)

func TestReadRows(t *testing.T) {
	want := []Row{
		{Domain: "bell-maker.example.com", Company: "Bell, Maker & Sons", Country: "DE", Purpose: Maker, Source: "https://bell-maker.example.com/"},
		{Domain: "chime.co.uk", Company: "Chime"},
	}
	for name, text := range map[string]string{
		"tabs":                 "# ours\n\ndomain\tcompany\tcountry\tpurpose\tsource\nbell-maker.example.com\tBell, Maker & Sons\tDE\tmaker\thttps://bell-maker.example.com/\nchime.co.uk\tChime\t-\t-\t-\n",
		"semicolons":           "Domain;Company;Country;Purpose;Source\r\nBELL-maker.example.com.;Bell, Maker & Sons;de;Maker;https://bell-maker.example.com/\r\n*.chime.co.uk;Chime;;;\r\n",
		"commas and quotes":    "\ufeffdomain,company,country,purpose,source\nbell-maker.example.com,\"Bell, Maker & Sons\",DE,maker,https://bell-maker.example.com/\n\n chime.co.uk ,Chime,,,\n",
		"another order, fewer": "source;company;domain;purpose;country\nhttps://bell-maker.example.com/;Bell, Maker & Sons;bell-maker.example.com;maker;DE\n;Chime;chime.co.uk\n",
	} {
		got, err := ReadRows(strings.NewReader(text), publicsuffix.PublicSuffix)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestFaultsAreNamedByLine: what is wrong, and where.
func TestFaultsAreNamedByLine(t *testing.T) {
	for line, want := range map[string]string{
		"co.uk\tEverybody":                     "line 3: everybody can have a name under co.uk",
		"com\tEverybody":                       "line 3: com is a name of the home network",
		"192.0.2.1\tSomebody":                  "line 3: 192.0.2.1 is an address",
		"bell .com\tSomebody":                  "line 3: \"bell .com\" is no domain",
		"nas.local\tSomebody":                  "line 3: nas.local is a name of the home network",
		"a.b.nothing-such\tSomebody":           "line 3: a.b.nothing-such ends in nothing that exists",
		"bell.com\t":                           "line 3: bell.com has no company",
		"bell.com":                             "line 3: bell.com has no company",
		"bell.com\tBell\tGermany":              "line 3: bell.com: \"GERMANY\" is no country code",
		"bell.com\tBell\tDE\tspying":           "line 3: bell.com: \"spying\" is no purpose",
		"first.com\tAgain":                     "line 3: first.com is in line 2 already",
		"bell.com\t\"Bell":                     "line 3: extraneous",
		"x.com\tX\nbell.com\tBell\tDE\tspying": "line 4: bell.com: \"spying\" is no purpose",
	} {
		rows, err := ReadRows(strings.NewReader("domain\tcompany\tcountry\tpurpose\nfirst.com\tFirst\n"+line+"\n"), publicsuffix.PublicSuffix)
		if !errors.Is(err, ErrTable) || rows != nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

func TestFaultsOfTheWhole(t *testing.T) {
	many := "domain;company\n" + strings.Repeat("not a domain;x\n", 1000)
	for name, text := range map[string]string{"nothing": "", "no columns": "bell.com\tBell\n", "a picture": "\x89PNG\r\n\x1a\n\x00\x00"} {
		if _, err := ReadRows(strings.NewReader(text), nil); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ReadRows(strings.NewReader(many), nil)
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != maxFaults {
		t.Errorf("%d faults are named: %v", n, err)
	}
	if _, err := ReadRows(&endless{}, nil); !errors.Is(err, ErrTable) {
		t.Errorf("an endless file: %v", err)
	}
}

// endless never ends.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func FuzzReadRows(f *testing.F) {
	f.Add("domain\tcompany\nbell.com\tBell\n")
	f.Add("domain;company;country;purpose;source\nbell.com;\"Bell\";DE;maker;x\n")
	f.Add("#\n\ndomain,company\n*.co.uk,x\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ReadRows(strings.NewReader(text), publicsuffix.PublicSuffix)
		if err != nil && rows != nil {
			t.Error("rows beside an error")
		}
		table, fault := New(Config{Yours: []List{{"fuzz", rows}}})
		if fault != nil {
			t.Fatal(fault)
		}
		for _, r := range rows {
			if got := table.Lookup(to("x."+r.Domain, "")); len(r.Domain) < 250 && got.Match != r.Domain && !strings.HasSuffix(got.Match, r.Domain) {
				t.Errorf("%q is not found: %+v", r.Domain, got)
			}
		}
	})
}
