package view

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery/recipient"
)

// country is the name of a country by its code; "" stays unknown.
func (p Presenter) country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return ""
	}
	tag, err := language.Parse(p.Language)
	if err != nil {
		tag = language.English
	}
	names := display.Regions(tag)
	if names == nil {
		names = display.Regions(language.English)
	}
	return clean(names.Name(region))
}

// purpose is what a recipient is there for; "" is not known.
func (p Presenter) purpose(word string) string {
	w := recipient.Purpose(word)
	if !w.Known() {
		return ""
	}
	return p.T(w.Words())
}

// who says what a recipient is there for and where it sits. What only the
// address tells is said as that: whose network, registered where.
func (p Presenter) who(r engine.Receiver) string {
	var parts []string
	switch {
	case p.purpose(r.Purpose) != "":
		parts = append(parts, p.purpose(r.Purpose))
	case p.purpose(r.Hint) != "":
		parts = append(parts, p.T("perhaps: %s", p.purpose(r.Hint)))
	}
	switch {
	case p.country(r.Country) != "":
		parts = append(parts, p.country(r.Country))
	case r.Network != "" && r.Company == "":
		parts = append(parts, p.T("in the network of %s", clean(r.Network)))
	}
	if r.Country == "" && p.country(r.AddressCountry) != "" {
		parts = append(parts, p.T("address registered in %s", p.country(r.AddressCountry)))
	}
	return strings.Join(parts, " · ")
}

// basis says on what the name of a recipient rests.
func (p Presenter) basis(f engine.FlowInfo) string {
	if f.Recipient != "" && f.Recipient != f.Destination {
		return p.T("named by you")
	}
	switch recipient.Basis(f.Receiver.Basis) {
	case recipient.BasisHome:
		return p.T("at home")
	case recipient.BasisYours:
		return p.T("from your own list %s", clean(f.Receiver.BasisSource))
	case recipient.BasisCurated:
		return p.T("from our table of makers")
	case recipient.BasisList:
		return p.T("from the list %s", clean(f.Receiver.BasisSource))
	case recipient.BasisSeed:
		return p.T("from our table of web companies")
	case recipient.BasisRegistry:
		return p.T("from the address register")
	default:
		return p.T("nobody names it")
	}
}
