// Package guide holds the steps that only a person can take, by maker and by
// account: a table that is part of the program (assets/recipes/guides.yaml).
package guide

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// row is one guide and for whom it is.
type row struct {
	ID        string           `yaml:"id"`
	Name      string           `yaml:"name"`
	Makers    []string         `yaml:"makers"`
	Companies []string         `yaml:"companies"`
	Kinds     []discovery.Kind `yaml:"kinds"`
	Page      string           `yaml:"page"`
	Where     string           `yaml:"where"`
	Steps     []string         `yaml:"steps"`
	Stops     string           `yaml:"stops"`
	Keeps     string           `yaml:"keeps"`
	Sign      string           `yaml:"sign"`
}

// Book is all guides. It does not change and is safe for concurrent use.
type Book struct{ rows []row }

// Shipped is the book that is part of the program.
func Shipped() (*Book, error) {
	data, err := assets.Recipes.ReadFile("recipes/guides.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the guides: %w", err)
	}
	return Parse(data)
}

// Parse reads a book and joins all faults that it finds.
func Parse(data []byte) (*Book, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	b := &Book{}
	if err := d.Decode(&b.rows); err != nil {
		return nil, fmt.Errorf("reading the guides: %w", err)
	}
	var errs []error
	seen := map[string]string{}
	for i, r := range b.rows {
		for _, err := range r.faults(seen) {
			errs = append(errs, fmt.Errorf("guide %d (%s): %w", i+1, r.ID, err))
		}
		for m := range b.rows[i].Makers {
			b.rows[i].Makers[m] = spaced(r.Makers[m])
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return b, nil
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)

// faults are what is wrong with one row; seen is what others claimed before.
func (r row) faults(seen map[string]string) (errs []error) {
	claim := func(what, v string) {
		if was, twice := seen[what+v]; twice {
			errs = append(errs, fmt.Errorf("the %s %q is claimed by %s too", what, v, was))
		}
		seen[what+v] = r.ID
	}
	if !idForm.MatchString(r.ID) {
		errs = append(errs, errors.New("the id must be lower-case letters, digits and -"))
	}
	claim("id ", r.ID)
	for _, m := range r.Makers {
		claim("maker ", spaced(m))
	}
	for _, c := range r.Companies {
		claim("company ", c)
	}
	for _, k := range r.Kinds {
		claim("kind ", string(k))
	}
	if len(r.Makers)+len(r.Companies)+len(r.Kinds) == 0 {
		errs = append(errs, errors.New("nobody would ever be shown it"))
	}
	if u, err := url.Parse(r.Page); err != nil || r.Page != "" && (u.Scheme != "https" || !strings.Contains(u.Host, ".") || u.User != nil || u.Port() != "") {
		errs = append(errs, fmt.Errorf("the page %q is no https link", r.Page))
	}
	if len(r.Steps) == 0 || len(r.Steps) > 6 {
		errs = append(errs, errors.New("it wants one to six steps"))
	}
	for _, s := range append([]string{r.Name, r.Where, r.Stops, r.Keeps, r.Sign}, r.Steps...) {
		if s == "" || s != string(discovery.CleanLong(s)) {
			errs = append(errs, fmt.Errorf("%q is empty, too long, or cannot be shown", s))
		}
	}
	return errs
}

// spaced is a text in lower case with single spaces around every word.
func spaced(s string) string {
	f := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
	})
	return " " + strings.Join(f, " ") + " "
}

// For chooses the guide for ending what d sends to somebody. names are the
// recipient's: its companies and what the household calls it; none for anybody.
// What fits the device's maker and the recipient comes first, then the
// recipient's own account, then the maker's, then what is for this kind of device.
func (b *Book) For(names []string, d discovery.Device) (connectors.Guide, bool) {
	maker, isMaker := b.ofMaker(d)
	to, isTo := b.ofCompany(names)
	switch {
	case isMaker && isTo && maker.ID == to.ID, isMaker && !isTo:
		return maker.guide(), true
	case isTo:
		return to.guide(), true
	}
	for _, r := range b.rows {
		if slices.Contains(r.Kinds, d.Guess.Kind) {
			return r.guide(), true
		}
	}
	return connectors.Guide{}, false
}

// ofMaker finds by the longest word of a maker that stands in what is known of d.
func (b *Book) ofMaker(d discovery.Device) (best row, ok bool) {
	text := spaced(d.Guess.Vendor) + spaced(d.Guess.Model) + spaced(d.Guess.Name)
	if first := strings.Fields(spaced(d.Guess.Vendor)); d.Guess.Kind == discovery.KindTelevision && len(first) > 0 {
		text += " " + first[0] + " tv "
	}
	longest := 0
	for _, r := range b.rows {
		for _, m := range r.Makers {
			if len(m) > longest && strings.Contains(text, m) {
				best, ok, longest = r, true, len(m)
			}
		}
	}
	return best, ok
}

func (b *Book) ofCompany(names []string) (row, bool) {
	for _, n := range names {
		for _, r := range b.rows {
			for _, c := range r.Companies {
				if n == c || n != "" && spaced(n) == spaced(c) {
					return r, true
				}
			}
		}
	}
	return row{}, false
}

// guide is r in the person's language: the texts of the table are its keys.
func (r row) guide() connectors.Guide {
	return connectors.Guide{
		ID: r.ID, Name: words.Text(r.Name), Page: r.Page, Where: words.Text(r.Where), Steps: words.Texts(r.Steps),
		Stops: words.Text(r.Stops), Keeps: words.Text(r.Keeps), Sign: words.Text(r.Sign),
	}
}

// All are the guides by name, each with whom it is for; only says of some, by
// their IDs, why what they end can be ended nowhere else.
func (b *Book) All(only map[string]string) []connectors.Guide {
	out := make([]connectors.Guide, 0, len(b.rows))
	for _, r := range b.rows {
		g := r.guide()
		g.Only, g.For = only[r.ID], slices.Clone(r.Companies)
		for _, m := range r.Makers {
			g.For = append(g.For, strings.TrimSpace(m))
		}
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(a, b connectors.Guide) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out
}
