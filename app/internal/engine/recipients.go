package engine

import (
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// Receiver is who is behind a destination, looked up when it is asked for: a
// better table changes what is shown of the past too, and nothing of it is stored.
type Receiver struct {
	Company string `json:"company,omitempty"` // "" is unknown
	Country string `json:"country,omitempty"` // the company's home, ISO 3166-1
	Purpose string `json:"purpose,omitempty"` // a word of recipient.Purpose
	// AddressCountry and Network are what the address is registered as: whose
	// network carries the data, which need not be who receives it.
	AddressCountry string `json:"address_country,omitempty"`
	Network        string `json:"network,omitempty"`
	Basis          string `json:"basis,omitempty"`        // a word of recipient.Basis
	BasisSource    string `json:"basis_source,omitempty"` // where it can be checked, or the list that says so
	Hint           string `json:"hint,omitempty"`         // what the port is usually for, where nothing else tells; a hint only
}

// receiver says who is behind d, as far as a table was given to the engine.
// A device of the inventory is at home whatever its address looks like.
func (e *Core) receiver(d flow.Destination, protocol flow.Protocol, port uint16) Receiver {
	if e.Recipients == nil {
		return Receiver{}
	}
	if d.Address.IsValid() {
		if _, ok := e.Inventory.Resolve("", d.Address, ""); ok {
			return Receiver{Purpose: string(recipient.Home), Basis: string(recipient.BasisHome)}
		}
	}
	r := e.Recipients(d)
	out := Receiver{
		Company: r.Company, Country: r.CompanyCountry, Purpose: string(r.Purpose), AddressCountry: r.AddressCountry, Network: r.Network,
		Basis: string(r.Basis), BasisSource: r.Source,
	}
	if r.List != "" {
		out.BasisSource = r.List
	}
	if r.Purpose == "" {
		out.Hint = string(recipient.Hint(protocol, port))
	}
	return out
}
