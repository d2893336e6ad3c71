// Package recipe runs connectors that are written as data: a YAML file says
// where a peer is, what to ask it over HTTP, and where in its JSON answers the
// facts stand. Parse reads such a file strictly; New makes a connector of it.
//
// A recipe never sees a secret: it writes {{secret:token}} and the value is
// filled in here, only for the hosts that the file names for that secret. It
// reaches nothing but its own hosts, through the one guarded way out. What it
// says about itself is not believed either: after a block or a revocation the
// list is read again, and what is not there was not done.
package recipe

import (
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"

	"go.yaml.in/yaml/v3"
)

// Schema is the version of the file's form that is read here.
const Schema = 1

// Recipe is one connector as it stands in its file.
type Recipe struct {
	Schema  int         `yaml:"schema"`
	Kind    string      `yaml:"kind"` // lower-case letters, digits, - : "shelly"
	Name    string      `yaml:"name"` // on screen
	Author  string      `yaml:"author"`
	Facts   string      `yaml:"facts"` // where what it relies on is written down
	Sees    string      `yaml:"sees"`  // one sentence each, for the connectors page
	Stops   string      `yaml:"stops"`
	Needs   []string    `yaml:"needs"`
	Stays   Stays       `yaml:"stays"` // what stays at the peer when the connection is removed
	Options []Option    `yaml:"options"`
	Found   []Announced `yaml:"announced"`
	// Knocks are for what is part of the program alone: a file from outside may not make it ask around.
	Knocks []Knock `yaml:"knocks"`
	// Hosts are names on the internet, spoken to over TLS only, beside the answers of type address.
	Hosts []string `yaml:"hosts"`
	// Base is where requests go: "{{box}}" for an option of type address, or "https://" and one of Hosts.
	Base    string            `yaml:"base"`
	Login   Login             `yaml:"login"`
	Headers map[string]string `yaml:"headers"`
	Errors  []ErrorRule       `yaml:"errors"` // for every request, after its own

	Probe   []Step      `yaml:"probe"`
	Devices *Devices    `yaml:"devices"`
	Grants  []GrantList `yaml:"grants"`
	Revoke  []Step      `yaml:"revoke"`
	Block   *Block      `yaml:"block"`
	Unblock []Step      `yaml:"unblock"` // for each row of held that carries the mark
	Held    []HeldList  `yaml:"held"`
	Apply   []Step      `yaml:"apply"` // once after each change by block, unblock or revoke
	Observe *Observe    `yaml:"observe"`

	at places
}

// Stays is what the peer keeps of us, and how a person takes it away there.
type Stays struct {
	What  string   `yaml:"what"` // a sentence
	Steps []string `yaml:"steps"`
}

// Option is one question of the form.
type Option struct {
	Key      string `yaml:"key"`
	Label    string `yaml:"label"`
	Help     string `yaml:"help"`
	Default  string `yaml:"default"`
	Required bool   `yaml:"required"`
	Type     string `yaml:"type"`   // text (the usual one), secret, address
	Scheme   string `yaml:"scheme"` // of an address that was typed without one: https (the usual one) or http
	// To names where a secret may go: keys of address options, or hosts. Empty: to where Base leads.
	To []string `yaml:"to"`
}

// Announced is a service by which such a peer is found at home.
type Announced struct {
	Type   string `yaml:"type"` // "_shelly._tcp"
	Key    string `yaml:"key"`  // the address option that it answers
	Scheme string `yaml:"scheme"`
}

// Knock is a page by which a router is known as such a peer.
type Knock struct {
	Key    string   `yaml:"key"` // the address option that it answers
	Scheme string   `yaml:"scheme"`
	Port   int      `yaml:"port"`
	Path   string   `yaml:"path"`
	Has    []string `yaml:"has"` // texts in its answer
}

// Login is a user name and a password that go with every request.
type Login struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

// Request is one question to the peer. Exactly one of the methods is given.
type Request struct {
	Get    string `yaml:"get"`
	Post   string `yaml:"post"`
	Put    string `yaml:"put"`
	Patch  string `yaml:"patch"`
	Delete string `yaml:"delete"`

	Base    string            `yaml:"base"` // instead of the recipe's
	Query   map[string]string `yaml:"query"`
	Headers map[string]string `yaml:"headers"`
	Form    map[string]string `yaml:"form"`
	JSON    yaml.Node         `yaml:"json"`   // texts in it are filled; a member "name?" is left out where it is empty
	OK      []int             `yaml:"ok"`     // states that are well; empty: 200 to 299
	Nothing []Cond            `yaml:"none"`   // any of them: the answer means that nothing is there
	Errors  []ErrorRule       `yaml:"errors"` // the first that fits counts
}

// Cond is something that an answer must show. All that is given must hold. Of a
// whole answer, not and "exists: false" hold only where it is well (200 to 299)
// and JSON, unless states are given.
type Cond struct {
	Status []int   `yaml:"status"`
	Path   string  `yaml:"path"`
	Equals *string `yaml:"equals"`
	Not    *string `yaml:"not"`
	Starts *string `yaml:"starts"`
	Has    *string `yaml:"has"`
	Exists *bool   `yaml:"exists"`
}

// ErrorRule says what an answer means that is not well.
type ErrorRule struct {
	When Cond   `yaml:"when"`
	Kind string `yaml:"kind"` // transient, sign_in, unsupported, permanent, needs_person
	Text string `yaml:"text"` // one sentence for the person
	Say  string `yaml:"say"`  // where the peer's own words stand
}

// Rows is what to take of an answer: one row for each item.
type Rows struct {
	Items string            `yaml:"items"` // path of the items; empty: the answer itself
	Where []Cond            `yaml:"where"` // all must hold of an item
	Take  map[string]string `yaml:"take"`  // field: path in the item
	Set   map[string]string `yaml:"set"`   // field: fixed text
}

// Step is one request, once or for each of something.
type Step struct {
	Request `yaml:",inline"`
	Rows    `yaml:",inline"`
	// Each repeats the step: macs, addresses, addresses4, addresses6 (of what is
	// blocked; {{mac}}, {{address}}), or a saved name ({{each.field}}).
	Each string `yaml:"each"`
	Save string `yaml:"save"` // keeps the rows for later steps: {{name.field}} is of the first
}

// GrantList lists tokens, keys and links. The texts are filled from {{row.field}}.
type GrantList struct {
	Request  `yaml:",inline"`
	Rows     `yaml:",inline"`
	ID       string `yaml:"id"`
	Name     string `yaml:"name"`
	What     string `yaml:"what"` // "token", "cloud link" ...
	Created  string `yaml:"created"`
	LastUsed string `yaml:"last_used"`
	Expires  string `yaml:"expires"`
	Own      []Cond `yaml:"own"` // all hold of our own access
}

// HeldList lists what carries our mark.
type HeldList struct {
	Request `yaml:",inline"`
	Rows    `yaml:",inline"`
	Mark    string `yaml:"mark"`    // path of the text that we wrote {{mark}} into
	Active  []Cond `yaml:"active"`  // all hold of one that is in force; none: all are
	Refused string `yaml:"refused"` // path of a counter of what was turned away
}

// Block says how a device is stopped.
type Block struct {
	Grain           string `yaml:"grain"` // device
	Text            string `yaml:"text"`  // one sentence for the person: what is stopped
	IPv4            bool   `yaml:"ipv4"`
	IPv6            bool   `yaml:"ipv6"`
	CutsOpenFlows   bool   `yaml:"cuts_open_flows"`
	SurvivesRestart bool   `yaml:"survives_restart"`
	Note            string `yaml:"note"`
	Steps           []Step `yaml:"steps"`
}

// Devices lists what the peer knows of the home.
type Devices struct {
	Request `yaml:",inline"`
	Rows    `yaml:",inline"`
	Every   string `yaml:"every"` // "10m"
	// Fields of the rows; each may be empty.
	MAC     string `yaml:"mac"`
	Address string `yaml:"address"`
	Label   string `yaml:"label"`
	ID      string `yaml:"id"`
}

// Observe reads flows or queries by asking again and again for what is newer.
type Observe struct {
	Request `yaml:",inline"`
	Rows    `yaml:",inline"`
	Every   string   `yaml:"every"`
	Sees    []string `yaml:"sees_what"` // bytes, destinations, names, queries
	Cursor  string   `yaml:"cursor"`    // field of a row that grows; {{cursor}} is the last one seen
	First   string   `yaml:"first"`     // {{cursor}} of the first request: now_unix, now_ms or now_rfc3339
	Page    int      `yaml:"page"`      // how many rows an answer holds at most; a full one is followed by another request
	// Fields of the rows. Time and one of MAC, Address, ID are needed, and Domain or To.
	Time     string `yaml:"time"`
	MAC      string `yaml:"mac"`
	Address  string `yaml:"address"`
	ID       string `yaml:"id"` // the peer's own id of the device
	Domain   string `yaml:"domain"`
	To       string `yaml:"to"` // address that it went to
	Protocol string `yaml:"protocol"`
	Port     string `yaml:"port"`
	Up       string `yaml:"up"`
	Down     string `yaml:"down"`
	Refused  []Cond `yaml:"refused"` // all hold of what was turned away
}

// Parse reads a recipe. The error joins all faults, each with its place.
func Parse(data []byte) (*Recipe, error) {
	r := &Recipe{}
	at, err := decode(data, r)
	if err != nil {
		return nil, err
	}
	r.at = at
	if err := r.check(); err != nil {
		return nil, err
	}
	return r, nil
}

// Spec is what the form, the command line and the guard need to know, in the
// person's language: the texts of a recipe that is part of the program are its keys,
// and those of a file from outside stay as they are.
func (r *Recipe) Spec() connectors.Spec {
	s := connectors.Spec{Kind: r.Kind, Name: r.Name, Sees: words.Text(r.Sees), Stops: words.Text(r.Stops), Needs: words.Texts(r.Needs), Hosts: r.Hosts}
	s.SetsNothing = r.Block == nil
	s.Stays = connectors.Stays{What: words.Text(r.Stays.What), Steps: words.Texts(r.Stays.Steps)}
	home := false
	for _, o := range r.Options {
		home = home || o.Type == typeAddress
		s.Options = append(s.Options, connectors.Option{
			Key: o.Key, Label: words.Text(o.Label), Help: words.Text(o.Help), Default: o.Default, Required: o.Required,
			Secret: o.Type == typeSecret, Address: o.Type == typeAddress,
		})
	}
	if home {
		s.Options = append(s.Options, connectors.CertificateOption())
	}
	var what []string
	for _, g := range r.Grants {
		if w := words.Text(g.What); !slices.Contains(what, w) {
			what = append(what, w)
		}
	}
	s.Access = strings.Join(what, ", ")
	for _, f := range r.Found {
		s.Announced = append(s.Announced, connectors.Announced{Type: f.Type, Key: f.Key, Scheme: f.Scheme})
	}
	for _, k := range r.Knocks {
		s.Knocks = append(s.Knocks, connectors.Knock{Scheme: k.Scheme, Port: k.Port, Path: k.Path, Key: k.Key, Status: []int{200}, Has: k.Has})
	}
	return s
}

// Places are all hosts that it may speak to, in words: names on the internet,
// and the addresses that the household will type.
func (r *Recipe) Places() []string {
	out := append([]string{}, r.Hosts...)
	for _, o := range r.Options {
		if o.Type == typeAddress {
			out = append(out, words.Sprintf("the address that you type as %s", words.Text(o.Label)))
		}
	}
	return out
}

// The types of an option.
const (
	typeText    = "text"
	typeSecret  = "secret"
	typeAddress = "address"
)
