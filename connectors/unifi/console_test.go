package unifi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors/web"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const (
	apiKey   = "unifi-key-3141592653"
	homeZone = "11111111-0000-0000-0000-000000000001"
	iotZone  = "11111111-0000-0000-0000-000000000002"
	outZone  = "11111111-0000-0000-0000-00000000000f"
	siteID   = "22222222-0000-0000-0000-000000000001"
	cameraAt = "02:00:00:00:00:01"
)

// console stands in for UniFi Network. No console can run here: its answers
// follow the OpenAPI description of version 10.5.66 (paths, pages, error body,
// policies, ordering) and connectors.md 4.3 (policies since 10.1.68).
type console struct {
	mu       sync.Mutex // guards all below
	key      string
	refused  int
	next     int
	policies []policy
	order    map[string][]string // by zones, those before the system's own
	clients  []client
	old      bool // a version without policies
	readOnly bool
	deaf     bool // says yes to a policy and keeps none
	noZones  bool
}

func newConsole() *console {
	return &console{key: apiKey, order: map[string][]string{}, clients: []client{
		{Name: "bell", Address: "192.168.77.11", MAC: strings.ToUpper(cameraAt)}, {Name: "guest over VPN", Address: "10.1.1.1"},
	}}
}

func (c *console) with(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"statusCode": status, "statusName": http.StatusText(status), "code": code, "message": message})
}

// paged answers with one page, as offset and limit ask.
func paged[T any](w http.ResponseWriter, q *http.Request, all []T) {
	offset, _ := strconv.Atoi(q.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(q.URL.Query().Get("limit"))
	rest := all[min(offset, len(all)):]
	rest = rest[:min(limit, 3, len(rest))] // shorter pages than asked for are its right
	answer(w, 200, map[string]any{"offset": offset, "limit": limit, "count": len(rest), "totalCount": len(all), "data": rest})
}

func (c *console) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.Header.Get("X-API-KEY") != c.key {
		c.refused++
		refuse(w, 401, "api.authentication.missing-credentials", "Missing credentials")
		return
	}
	path, ours := strings.CutPrefix(q.URL.Path, apiPath)
	below := strings.TrimPrefix(path, "/sites/"+siteID)
	switch {
	case ours && path == "/sites":
		paged(w, q, []site{{ID: "33333333-0000-0000-0000-000000000001", Reference: "abc", Name: "Office"}, {ID: siteID, Reference: "default", Name: "Home"}})
	case !ours || below == path:
		refuse(w, 404, "api.err.NotFound", "Not Found")
	case below == "/clients":
		paged(w, q, c.clients)
	case c.old:
		refuse(w, 404, "api.err.NotFound", "Not Found")
	case below == "/firewall/zones":
		paged(w, q, c.zones())
	case below == "/firewall/policies/ordering":
		c.ordering(w, q)
	case strings.HasPrefix(below, "/firewall/policies"):
		c.serve(w, q, strings.TrimPrefix(strings.TrimPrefix(below, "/firewall/policies"), "/"))
	default:
		refuse(w, 404, "api.err.NotFound", "Not Found")
	}
}

func (c *console) zones() []zone {
	if c.noZones {
		return []zone{}
	}
	return []zone{
		{homeZone, "Internal", []string{"n1"}},
		{outZone, "External", []string{"w1"}},
		{"11111111-0000-0000-0000-000000000003", "Gateway", []string{}},
		{"11111111-0000-0000-0000-000000000004", "Vpn", []string{}},
		{iotZone, "Things", []string{"n2"}},
	}
}

func (c *console) serve(w http.ResponseWriter, q *http.Request, id string) {
	at := slices.IndexFunc(c.policies, func(p policy) bool { return p.ID == id })
	switch {
	case q.Method == http.MethodGet && id == "":
		paged(w, q, c.policies)
	case c.readOnly:
		refuse(w, 403, "api.authorization.forbidden", "Forbidden")
	case q.Method == http.MethodPost && id == "":
		c.add(w, q)
	case q.Method == http.MethodDelete && at >= 0:
		key := c.policies[at].Source.Zone + c.policies[at].Destination.Zone
		c.order[key] = slices.DeleteFunc(c.order[key], func(x string) bool { return x == id })
		c.policies = slices.Delete(c.policies, at, at+1)
		w.WriteHeader(200)
	default:
		refuse(w, 404, "api.firewall.policy.not-found", "Not Found")
	}
}

// add checks what the description demands of a policy.
func (c *console) add(w http.ResponseWriter, q *http.Request) {
	var raw map[string]json.RawMessage
	var p policy
	body := json.NewDecoder(q.Body)
	if err := body.Decode(&raw); err != nil {
		refuse(w, 400, "api.err.Invalid", err.Error())
		return
	}
	for _, need := range []string{"action", "destination", "enabled", "ipProtocolScope", "loggingEnabled", "name", "source"} {
		if raw[need] == nil {
			refuse(w, 400, "api.err.Invalid", need+" is required")
			return
		}
	}
	all, _ := json.Marshal(raw)
	if err := json.Unmarshal(all, &p); err != nil {
		refuse(w, 400, "api.err.Invalid", err.Error())
		return
	}
	c.next++
	p.ID = fmt.Sprintf("44444444-0000-0000-0000-%012d", c.next)
	if !c.deaf {
		c.policies = append(c.policies, p)
		key := p.Source.Zone + p.Destination.Zone
		c.order[key] = append(c.order[key], p.ID)
	}
	answer(w, 201, p)
}

func (c *console) ordering(w http.ResponseWriter, q *http.Request) {
	key := q.URL.Query().Get("sourceFirewallZoneId") + q.URL.Query().Get("destinationFirewallZoneId")
	type ids struct {
		Before []string `json:"beforeSystemDefined"`
		After  []string `json:"afterSystemDefined"`
	}
	var o struct {
		IDs *ids `json:"orderedFirewallPolicyIds"`
	}
	if q.Method == http.MethodPut {
		if err := json.NewDecoder(q.Body).Decode(&o); err != nil || o.IDs == nil || o.IDs.Before == nil || o.IDs.After == nil {
			refuse(w, 400, "api.err.Invalid", "an ordering names both lists")
			return
		}
		c.order[key] = o.IDs.Before
	}
	o.IDs = &ids{append([]string{}, c.order[key]...), []string{}}
	answer(w, 200, o)
}

// passes sends a packet of a target's device from a zone through the policies.
func (c *console) passes(t connectors.Target, from string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.order[from+outZone] {
		p := c.policies[slices.IndexFunc(c.policies, func(p policy) bool { return p.ID == id })]
		if p.Enabled && meets(p, t) {
			return p.Action.Type == "ALLOW"
		}
	}
	return true
}

func meets(p policy, t connectors.Target) bool {
	if f := p.Source.Filter; f != nil && f.MACs != nil && !slices.Contains(f.MACs.Addresses, macsOf(t)[0]) {
		return false
	}
	if f := p.Destination.Filter; f != nil {
		return slices.ContainsFunc(f.IPs.Items, func(i ipItem) bool { return slices.Contains(t.Recipient.Destinations, i.Value) })
	}
	return true
}

func settings(at string) connectors.Settings {
	return connectors.Settings{Values: map[string]string{optAddress: at}, Secrets: map[string]consent.SecretRef{optKey: "key"}}
}

func target(mac string, to ...string) connectors.Target {
	t := connectors.Target{Device: "d1", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Recipient: consent.Recipient{Any: len(to) == 0}}
	if len(to) > 0 {
		t.Recipient.Name, t.Recipient.Destinations = "somebody", to
	}
	return t
}

// fixed is an API that always answers the same.
func fixed(body []byte) *api {
	base, err := url.Parse("http://192.0.2.1")
	if err != nil {
		panic(err)
	}
	return &api{web: &web.Client{Base: base, Now: time.Now, Peer: peer, HTTP: &http.Client{Transport: same(body)}}}
}

type same []byte

func (b same) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(b))}, nil
}
