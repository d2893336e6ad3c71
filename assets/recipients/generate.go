//go:build ignore

// This program writes what this folder holds of others' data, from files that
// CREDITS.md names:
//
//	web.tsv        web companies and their domains, from third-party-web's entities
//	countries.bin  which addresses are registered in which country, from geo-whois-asn-country
//	owners.bin     who owns the network of an address, from asn's two CSV files
//
//	go run generate.go entities.json country.mmdb asn-ipv4.csv asn-ipv6.csv
package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"bestbefore/discovery"
	"bestbefore/discovery/recipient"

	"github.com/oschwald/maxminddb-golang/v2"
	"golang.org/x/net/publicsuffix"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: go run generate.go entities.json country.mmdb asn-ipv4.csv asn-ipv6.csv")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(web, countries string, owners []string) error {
	if err := writeWeb(web); err != nil {
		return err
	}
	spans, err := countrySpans(countries)
	if err == nil {
		err = writeRanges("countries.bin", spans)
	}
	if err != nil {
		return err
	}
	spans = nil
	for _, name := range owners {
		more, err := ownerSpans(name)
		if err != nil {
			return err
		}
		spans = append(spans, more...)
	}
	return writeRanges("owners.bin", spans)
}

// purposes are third-party-web's categories in our words.
var purposes = map[string]recipient.Purpose{
	"ad": recipient.Ads, "analytics": recipient.Analytics, "social": recipient.Social, "cdn": recipient.Network, "video": recipient.Video,
	"hosting": recipient.Hosting, "marketing": recipient.Marketing, "customer-success": recipient.Support, "content": recipient.Content,
	"tag-manager": recipient.Analytics, "consent-provider": recipient.Web, "utility": recipient.Web, "other": recipient.Web,
}

func writeWeb(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var entities []struct {
		Name, Company, Category string
		Categories              []string
		Domains                 []string
	}
	if err := json.Unmarshal(text, &entities); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	var lines []string
	seen := map[string]bool{}
	for _, e := range entities {
		category := e.Category
		if category == "" && len(e.Categories) > 0 {
			category = e.Categories[0]
		}
		purpose, ok := purposes[category]
		if !ok {
			return fmt.Errorf("%s: unknown category %q", e.Name, category)
		}
		for _, d := range e.Domains {
			d = strings.ToLower(strings.TrimPrefix(d, "*."))
			if _, err := netip.ParseAddr(d); err == nil {
				continue // an address changes hands; a row needs a domain
			}
			if suffix, icann := publicsuffix.PublicSuffix(d); seen[d] || !icann && !strings.Contains(suffix, ".") || icann && suffix == d {
				continue
			}
			seen[d] = true
			lines = append(lines, fmt.Sprintf("%s\t%s\t%s\n", d, discovery.Clean(cmp.Or(e.Company, e.Name)), purpose))
		}
	}
	slices.Sort(lines)
	fmt.Println("web.tsv:", len(lines), "domains")
	return os.WriteFile("web.tsv", []byte("# Written by generate.go; see CREDITS.md. Corrections belong in household.tsv, which wins.\ndomain\tcompany\tpurpose\n"+strings.Join(lines, "")), 0o644)
}

func countrySpans(name string) ([]recipient.Span, error) {
	db, err := maxminddb.Open(name)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var spans []recipient.Span
	for r := range db.Networks() {
		var rec struct {
			Code string `maxminddb:"country_code"`
		}
		if err := r.Decode(&rec); err != nil {
			return nil, err
		}
		p := r.Prefix()
		if p.Addr().Is4In6() {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		spans = append(spans, recipient.Span{From: p.Addr(), To: last(p), Name: rec.Code})
	}
	slices.SortFunc(spans, func(a, b recipient.Span) int { return a.From.Compare(b.From) })
	return joined(spans), nil
}

// last is the last address of p.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// joined puts spans of one name that touch each other together. Where two
// overlap (one pair did in 2026), the one that begins later counts.
func joined(in []recipient.Span) (out []recipient.Span) {
	for _, s := range in {
		if n := len(out); n > 0 && out[n-1].To.Is4() == s.From.Is4() && !out[n-1].To.Less(s.From) {
			out[n-1].To = s.From.Prev()
		}
		if n := len(out); n > 0 && out[n-1].Name == s.Name && out[n-1].To.Next() == s.From {
			out[n-1].To = s.To
			continue
		}
		out = append(out, s)
	}
	return out
}

func ownerSpans(name string) ([]recipient.Span, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	spans := make([]recipient.Span, 0, len(rows))
	for _, r := range rows {
		from, err := netip.ParseAddr(r[0])
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		to, err := netip.ParseAddr(r[1])
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		spans = append(spans, recipient.Span{From: from, To: to, Name: string(discovery.Clean(r[3]))})
	}
	return joined(spans), nil
}

func writeRanges(name string, spans []recipient.Span) error {
	out, err := recipient.PackRanges(spans)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("%s: %d spans, %d bytes\n", name, len(spans), len(out))
	return os.WriteFile(name, out, 0o644)
}
