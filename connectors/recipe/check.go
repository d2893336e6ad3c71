package recipe

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The bounds of what a file may ask for.
const (
	verbMax    = 20 // steps of one verb
	listsMax   = 5
	optionsMax = 20
	hostsMax   = 8
)

var (
	kindForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)
	keyForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)
	headForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,60}$`)
)

// checker looks for faults that can be found without asking anybody.
type checker struct {
	r      *Recipe
	faults []error
}

func (c *checker) fault(where, text string) {
	if len(c.faults) < faultMax {
		line, column := c.r.at.at(where)
		c.faults = append(c.faults, Fault{line, column, text})
	}
}

func (r *Recipe) check() error {
	c := &checker{r: r}
	c.head()
	c.options()
	c.verbs()
	return errors.Join(r.once(c.faults)...)
}

func (c *checker) head() {
	r := c.r
	if r.Schema != Schema {
		c.fault("schema", words.Sprintf("schema must be %d; this program reads no other", Schema))
	}
	if !kindForm.MatchString(r.Kind) {
		c.fault("kind", words.Text("kind must be 2 to 31 lower-case letters, digits and -, such as my-router"))
	}
	if r.Name == "" {
		c.fault("name", words.Text("name is needed: what it is called on screen"))
	}
	if r.Sees == "" {
		c.fault("sees", words.Text("sees is needed: one sentence about what it shows"))
	}
	if r.Stops == "" {
		c.fault("stops", words.Text("stops is needed: one sentence about what it ends, or that it ends nothing"))
	}
	for where, text := range map[string]string{"name": r.Name, "author": r.Author} {
		if text != string(discovery.Clean(text)) {
			c.fault(where, words.Sprintf("%s is too long, or holds signs that cannot be shown", where))
		}
	}
	for where, text := range map[string]string{"sees": r.Sees, "stops": r.Stops} {
		if text != string(discovery.CleanLong(text)) {
			c.fault(where, words.Sprintf("%s is one sentence without line breaks", where))
		}
	}
	for i, text := range append([]string{r.Stays.What}, r.Stays.Steps...) {
		if text != string(discovery.CleanLong(text)) || i > optionsMax {
			c.fault("stays", words.Text("stays is a few sentences without line breaks"))
		}
	}
	if r.Stays.What == "" && len(r.Stays.Steps) > 0 {
		c.fault("stays", words.Text("stays has steps for what it does not name"))
	}
	if len(r.Hosts) > hostsMax {
		c.fault("hosts", words.Sprintf("at most %d hosts", hostsMax))
	}
	for i, h := range r.Hosts {
		if !hostForm.MatchString(h) || slices.Contains([]string{"local", "lan", "home", "internal", "localhost", "arpa", "onion"}, h[strings.LastIndexByte(h, '.')+1:]) {
			c.fault(fmt.Sprintf("hosts[%d]", i), words.Sprintf("%q is no name on the internet; what stands at home is an option of type address", h))
		}
	}
	if r.Base == "" {
		c.fault("base", words.Text("base is needed: where requests go"))
	} else if _, err := r.place(r.Base); err != nil {
		c.fault("base", err.Error())
	}
}

func (c *checker) options() {
	if len(c.r.Options) > optionsMax {
		c.fault("options", words.Sprintf("at most %d options", optionsMax))
	}
	seen := map[string]bool{connectors.OptCertificate: true}
	for i, o := range c.r.Options {
		where := fmt.Sprintf("options[%d]", i)
		if !keyForm.MatchString(o.Key) || seen[o.Key] || slices.Contains(reserved, o.Key) {
			c.fault(where+".key", words.Sprintf("the key %q must be lower-case letters, digits and _, must stand once, and must not be one of %s", o.Key, strings.Join(reserved, ", ")))
		}
		seen[o.Key] = true
		if o.Label == "" || o.Label != string(discovery.Clean(o.Label)) || o.Help != string(discovery.CleanLong(o.Help)) {
			c.fault(where+".label", words.Sprintf("%q needs a short label, and a help of one sentence at most", o.Key))
		}
		if !slices.Contains([]string{"", typeText, typeSecret, typeAddress}, o.Type) {
			c.fault(where+".type", words.Text("type is text, secret or address"))
		}
		if o.Type == typeSecret && o.Default != "" {
			c.fault(where+".default", words.Text("a secret has no default"))
		}
		if o.Required && o.Default != "" {
			c.fault(where+".required", words.Text("what has a default is not required"))
		}
		if o.Scheme != "" && (o.Type != typeAddress || o.Scheme != "http" && o.Scheme != "https") {
			c.fault(where+".scheme", words.Text("scheme is http or https, and only of an address"))
		}
		c.mayGo(where, o)
	}
	for i, f := range c.r.Found {
		if o, ok := c.r.option(f.Key); !ok || o.Type != typeAddress {
			c.fault(fmt.Sprintf("announced[%d].key", i), words.Text("announced names an option of type address"))
		}
	}
	for i, k := range c.r.Knocks {
		if o, ok := c.r.option(k.Key); !ok || o.Type != typeAddress || k.Scheme != "http" && k.Scheme != "https" || k.Port < 1 || k.Port > 65535 || !strings.HasPrefix(k.Path, "/") || len(k.Has) == 0 {
			c.fault(fmt.Sprintf("knocks[%d]", i), words.Text("a knock needs an option of type address, http or https, a port, a path and what its answer has"))
		}
	}
}

// reserved are names that stand for something else in a template.
var reserved = []string{"mark", "mac", "address", "row", "each", "grant", "cursor", "now_unix", "now_ms", "now_rfc3339", "secret", "device"}

func (c *checker) mayGo(where string, o Option) {
	if len(o.To) > 0 && o.Type != typeSecret {
		c.fault(where+".to", words.Text("only a secret says where it may go"))
	}
	for _, to := range o.To {
		at, ok := c.r.option(to)
		if !slices.Contains(c.r.Hosts, to) && (!ok || at.Type != typeAddress) {
			c.fault(where+".to", words.Sprintf("%q is neither one of hosts nor an option of type address", to))
		}
	}
}

func (r *Recipe) option(key string) (Option, bool) {
	i := slices.IndexFunc(r.Options, func(o Option) bool { return o.Key == key })
	if i < 0 {
		return Option{}, false
	}
	return r.Options[i], true
}

// place is where a base leads: the key of an address option, or a host.
func (r *Recipe) place(base string) (string, error) {
	if rest, ok := strings.CutPrefix(base, "{{"); ok {
		key, path, closed := strings.Cut(rest, "}}")
		key = strings.TrimSpace(key)
		o, known := r.option(key)
		if !closed || !known || o.Type != typeAddress || !fixedPath(path) {
			return "", words.New("base is {{option}} of an option of type address, with at most a fixed path after it")
		}
		return key, nil
	}
	rest, ok := strings.CutPrefix(base, "https://")
	if !ok {
		return "", words.New("base begins with https:// or is {{option}} of an option of type address")
	}
	host, path, slash := strings.Cut(rest, "/")
	if slash {
		path = "/" + path
	}
	if !slices.Contains(r.Hosts, host) || !fixedPath(path) {
		return "", words.Errorf("base leads to %q, which is not one of hosts; name it there, so that it is shown and approved", host)
	}
	return host, nil
}

func fixedPath(s string) bool {
	return s == "" || strings.HasPrefix(s, "/") && !strings.HasSuffix(s, "/") && !strings.ContainsAny(s, "{}?#@\\ \t\r\n") && !strings.Contains(s, "//") && !strings.Contains(s, "..")
}

// verbs checks what can be done and whether it fits together.
func (c *checker) verbs() {
	r := c.r
	if r.Probe == nil {
		c.fault("", words.Text("probe is needed: a request that shows whether the connection works"))
	}
	c.steps("probe", r.Probe, nil)
	c.stopping()
	if r.Revoke != nil && r.Grants == nil {
		c.fault("revoke", words.Text("revoke needs grants: what was revoked is looked for again"))
	}
	if r.Apply != nil && r.Block == nil && r.Revoke == nil {
		c.fault("apply", words.Text("apply follows a change; there is none"))
	}
	var row []string
	if len(r.Grants) > listsMax {
		c.fault("grants", words.Sprintf("at most %d lists", listsMax))
	}
	for i, g := range r.Grants {
		where := fmt.Sprintf("grants[%d]", i)
		c.grants(where, g)
		row = append(row, g.fields("row")...)
	}
	c.steps("revoke", r.Revoke, append(row, "grant", "mark"))
	c.steps("apply", r.Apply, nil)
	if d := r.Devices; d != nil {
		c.request("devices", d.Request, nil)
		c.rows("devices", d.Rows, nil)
		c.every("devices.every", d.Every)
		c.column("devices", d.Rows, map[string]string{"mac": d.MAC, "address": d.Address, "label": d.Label, "id": d.ID})
		if d.MAC == "" && d.Address == "" {
			c.fault("devices", words.Text("a device needs a mac or an address"))
		}
	}
	c.observing()
}

func (c *checker) stopping() {
	r := c.r
	if r.Block == nil {
		if r.Unblock != nil || r.Held != nil {
			c.fault("unblock", words.Text("unblock and held belong to a block"))
		}
		return
	}
	if len(r.Unblock) == 0 || len(r.Held) == 0 || len(r.Block.Steps) == 0 {
		c.fault("block", words.Text("block needs steps, held and unblock: what is set must be found again and lifted"))
	}
	if r.Block.Grain != string(connectors.GrainDevice) {
		c.fault("block.grain", words.Text("grain must be device: a recipe stops a device as a whole"))
	}
	if r.Block.Text == "" || !r.Block.IPv4 && !r.Block.IPv6 {
		c.fault("block", words.Text("block needs a text, and ipv4 or ipv6"))
	}
	c.steps("block.steps", r.Block.Steps, []string{"mark", "device"})
	marks := slices.ContainsFunc(r.Block.Steps, func(s Step) bool { return slices.Contains(s.Request.names(), "mark") })
	if !marks {
		c.fault("block.steps", words.Text("no step writes {{mark}}, so that what is set could not be found again"))
	}
	var row []string
	if len(r.Held) > listsMax {
		c.fault("held", words.Sprintf("at most %d lists", listsMax))
	}
	for i, h := range r.Held {
		where := fmt.Sprintf("held[%d]", i)
		c.request(where, h.Request, nil)
		c.rows(where, h.Rows, nil)
		c.path(where+".mark", h.Mark)
		c.path(where+".refused", h.Refused)
		c.conds(where+".active", h.Active, nil, false)
		if h.Mark == "" {
			c.fault(where, words.Text("held says in mark where the text stands that {{mark}} was written into"))
		}
		row = append(row, h.fields("row")...)
	}
	c.steps("unblock", r.Unblock, append(row, "mark"))
}

func (c *checker) grants(where string, g GrantList) {
	c.request(where, g.Request, nil)
	c.rows(where, g.Rows, nil)
	c.conds(where+".own", g.Own, nil, false)
	if g.ID == "" || g.Name == "" || g.What == "" {
		c.fault(where, words.Text("a list of grants says id, name and what"))
	}
	known := append(g.fields("row"), c.plainNames()...)
	for field, text := range map[string]string{"id": g.ID, "name": g.Name, "created": g.Created, "last_used": g.LastUsed, "expires": g.Expires} {
		c.template(where+"."+field, text, known, "")
	}
}

func (c *checker) observing() {
	o := c.r.Observe
	if o == nil {
		return
	}
	c.request("observe", o.Request, []string{"cursor"})
	c.rows("observe", o.Rows, nil)
	c.every("observe.every", o.Every)
	c.conds("observe.refused", o.Refused, nil, false)
	c.column("observe", o.Rows, map[string]string{
		"cursor": o.Cursor, "time": o.Time, "mac": o.MAC, "address": o.Address, "id": o.ID, "domain": o.Domain,
		"to": o.To, "protocol": o.Protocol, "port": o.Port, "up": o.Up, "down": o.Down,
	})
	if o.Cursor == "" || o.Time == "" || o.MAC == "" && o.Address == "" && o.ID == "" || o.Domain == "" && o.To == "" {
		c.fault("observe", words.Text("observe names the fields cursor and time, one of mac, address and id, and domain or to"))
	}
	if !slices.Contains([]string{"now_unix", "now_ms", "now_rfc3339"}, o.First) {
		c.fault("observe.first", words.Text("first is now_unix, now_ms or now_rfc3339"))
	}
	if o.Page < 1 || o.Page > 1000 {
		c.fault("observe.page", words.Text("page is how many rows an answer may hold, 1 to 1000"))
	}
	if len(o.Sees) == 0 {
		c.fault("observe.sees_what", words.Text("sees_what is needed: bytes, destinations, names or queries"))
	}
	for i, s := range o.Sees {
		if !slices.Contains([]string{"bytes", "destinations", "names", "queries"}, s) {
			c.fault(fmt.Sprintf("observe.sees_what[%d]", i), words.Sprintf("%q is not bytes, destinations, names or queries", s))
		}
	}
}

func (c *checker) every(where, s string) {
	if d, err := time.ParseDuration(s); err != nil || d < 10*time.Second || d > 24*time.Hour {
		c.fault(where, words.Text("every is a time from 10s to 24h"))
	}
}

// column wants each named field to be one that the rows have.
func (c *checker) column(where string, rows Rows, fields map[string]string) {
	for name, f := range fields {
		if _, taken := rows.Take[f]; f != "" && !taken && rows.Set[f] == "" {
			c.fault(where+"."+name, words.Sprintf("%q is not a field of take or set", f))
		}
	}
}

// kinds are the words for what an error means.
var kinds = []consent.ErrorKind{consent.KindTransient, consent.KindSignIn, consent.KindUnsupported, consent.KindPermanent, consent.KindNeedsPerson}
