package assets

import _ "embed"

// The tables of who receives what devices send, for discovery/recipient. They
// are strings so that they are read where they lie in the program's file.

// RecipientsHousehold is our own table of makers' domains and of the services
// that household devices use.
//
//go:embed recipients/household.tsv
var RecipientsHousehold string

// RecipientsWeb is the seed of web companies (third-party-web, MIT, licence in
// recipients), written by recipients/generate.go.
//
//go:embed recipients/web.tsv
var RecipientsWeb string

// RecipientsCountries says in which country an address is registered
// (geo-whois-asn-country, with data of nro.net, CC BY 4.0), packed by recipients/generate.go.
//
//go:embed recipients/countries.bin
var RecipientsCountries string

// RecipientsOwners says who owns the network of an address (RouteViews, DB-IP
// and NRO through ip-location-db, CC BY 4.0), packed by recipients/generate.go.
//
//go:embed recipients/owners.bin
var RecipientsOwners string
