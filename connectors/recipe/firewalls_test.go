package recipe

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
)

// routerOS follows connectors.md 4.10 and the maker's REST pages: Basic
// authentication, all values are strings, GET prints, PUT adds, DELETE removes,
// ids like *1, a rule counts its packets, errors are {error, message, detail}.
type routerOS struct {
	mu    sync.Mutex // guards all below
	next  int
	rules map[string][]map[string]string // by tree
	conns []map[string]string
}

func (r *routerOS) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = 10
	dummy := map[string]string{".id": "*9", "chain": "forward", "action": "passthrough", "dynamic": "true", "comment": "special dummy rule to show fasttrack counters"}
	fast := map[string]string{".id": "*1", "chain": "forward", "action": "fasttrack-connection", "dynamic": "false", "disabled": "false"}
	r.rules = map[string][]map[string]string{"ip": {dummy, fast}, "ipv6": nil}
	r.conns = []map[string]string{{".id": "*A1", "src-address": "192.0.2.11:5000"}, {".id": "*A2", "src-address": "192.0.2.110:5000"}}
}

func (r *routerOS) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u, p, ok := q.BasicAuth(); !ok || u != "best" || p != "router-pass-1" {
		answer(w, 401, map[string]any{"error": 401, "message": "Unauthorized"})
		return
	}
	at := strings.Split(strings.TrimPrefix(q.URL.Path, "/rest/"), "/")
	switch {
	case len(at) >= 3 && at[1] == "firewall" && at[2] == "filter":
		r.filter(w, q, at[0], at[3:])
	case q.URL.Path == "/rest/system/resource":
		answer(w, 200, map[string]string{"version": "7.15 (stable)"})
	case q.URL.Path == "/rest/ip/dhcp-server/lease":
		answer(w, 200, []map[string]string{{".id": "*1", "address": "192.0.2.11", "mac-address": "02:00:00:00:00:01", "host-name": "bell"}})
	case strings.HasPrefix(q.URL.Path, "/rest/ip/firewall/connection"):
		if q.Method == http.MethodDelete {
			r.conns = slices.DeleteFunc(r.conns, func(c map[string]string) bool { return c[".id"] == at[3] })
			w.WriteHeader(204)
			return
		}
		answer(w, 200, r.conns)
	default:
		answer(w, 404, map[string]any{"error": 404, "message": "Not Found"})
	}
}

func (r *routerOS) filter(w http.ResponseWriter, q *http.Request, tree string, id []string) {
	rules := r.rules[tree]
	switch q.Method {
	case http.MethodGet:
		answer(w, 200, append([]map[string]string{}, rules...))
	case http.MethodPut:
		var in map[string]string
		if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
			answer(w, 400, map[string]any{"error": 400, "message": "Bad Request", "detail": "values must be strings"})
			return
		}
		r.next++
		rule := map[string]string{".id": fmt.Sprintf("*%X", r.next), "disabled": "false", "dynamic": "false", "packets": "0", "bytes": "0"}
		at := len(rules)
		for k, v := range in {
			if k == "place-before" {
				at = slices.IndexFunc(rules, func(o map[string]string) bool { return o[".id"] == v && o["dynamic"] != "true" })
				continue
			}
			rule[k] = v
		}
		if at < 0 {
			answer(w, 400, map[string]any{"error": 400, "message": "Bad Request", "detail": "no such item"})
			return
		}
		r.rules[tree] = slices.Insert(rules, at, rule)
		answer(w, 201, rule)
	case http.MethodDelete:
		r.rules[tree] = slices.DeleteFunc(rules, func(o map[string]string) bool { return o[".id"] == id[0] })
		w.WriteHeader(204)
	}
}

// passes sends a packet of a device through the chain.
func (r *routerOS) passes(t connectors.Target) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	through := true
	for _, tree := range []string{"ip", "ipv6"} {
		for _, rule := range r.rules[tree] {
			if rule["action"] == "fasttrack-connection" {
				break // what comes after it is not met any more
			}
			if rule["action"] == "drop" && rule["src-mac-address"] == macOf(t) {
				n, _ := strconv.Atoi(rule["packets"])
				rule["packets"] = strconv.Itoa(n + 1)
				through = false
				break
			}
		}
	}
	return through
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func mikrotik(t testing.TB) (*rig, *routerOS) {
	p := &routerOS{}
	p.reset()
	return newRig(t, recipeText(t, "mikrotik"), p, map[string]string{"router": "$peer", "user": "best"}, map[string]string{"password": "router-pass-1"}), p
}

func TestMikroTik(t *testing.T) {
	g, p := mikrotik(t)
	o := g.options(p.reset)
	o.Try = func(_ connectortest.T, to connectors.Target) bool { return p.passes(to) }
	connectortest.Run(t, o)
	p.reset()
	s := connectors.CapabilitiesOf(g.open(t))
	if _, err := s.Blocker.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: o.Target}); err != nil {
		t.Fatal(err)
	}
	if len(p.conns) != 1 || p.conns[0][".id"] != "*A2" {
		t.Errorf("open connections after the block: %v; want only the other device's", p.conns)
	}
}

// opnSense follows connectors.md 4.11 and opnsense/core: key and secret as
// Basic, add_rule answers 200 with {result: failed, validations} or {result:
// saved, uuid}; only apply puts rules into force; kill_states cuts.
type opnSense struct {
	mu     sync.Mutex // guards all below
	next   int
	rules  []map[string]string
	live   []map[string]string
	killed []string
	refuse bool // 200, and nothing is taken over
	lies   bool // says saved, and keeps nothing
}

func (o *opnSense) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rules, o.live, o.killed = nil, nil, nil
}

func (o *opnSense) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if u, p, ok := q.BasicAuth(); !ok || u != "key-1" || p != "opn-secret-1" {
		answer(w, 401, map[string]any{"status": 401, "message": "Authentication Failed"})
		return
	}
	at, rest, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/api/firewall/filter/"), "/")
	switch {
	case at == "search_rule":
		rows := slices.DeleteFunc(slices.Clone(o.rules), func(r map[string]string) bool {
			return !strings.Contains(r["description"], q.URL.Query().Get("searchPhrase"))
		})
		answer(w, 200, map[string]any{"rows": append([]map[string]string{}, rows...), "total": len(rows)})
	case at == "add_rule":
		o.add(w, q)
	case at == "del_rule":
		o.rules = slices.DeleteFunc(o.rules, func(r map[string]string) bool { return r["uuid"] == rest })
		answer(w, 200, map[string]string{"result": "deleted"})
	case at == "apply":
		o.live = slices.Clone(o.rules)
		answer(w, 200, map[string]string{"status": "OK\n\n"})
	case strings.HasSuffix(q.URL.Path, "/kill_states"):
		var in struct{ Filter string }
		_ = json.NewDecoder(q.Body).Decode(&in)
		o.killed = append(o.killed, in.Filter)
		answer(w, 200, map[string]any{"result": "", "dropped_states": 1})
	case strings.HasSuffix(q.URL.Path, "/search_arp"):
		answer(w, 200, map[string]any{"rows": []map[string]string{{"mac": "02:00:00:00:00:01", "ip": "192.0.2.11", "hostname": "bell"}}})
	default:
		answer(w, 404, map[string]string{"errorMessage": "Endpoint not found"})
	}
}

func (o *opnSense) add(w http.ResponseWriter, q *http.Request) {
	var in struct{ Rule map[string]string }
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil || in.Rule["source_net"] == "" || o.refuse {
		answer(w, 200, map[string]any{"result": "failed", "validations": map[string]string{"rule.source_net": "not a valid address"}})
		return
	}
	o.next++
	in.Rule["uuid"] = fmt.Sprintf("u-%d", o.next)
	if !o.lies {
		o.rules = append(o.rules, in.Rule)
	}
	answer(w, 200, map[string]string{"result": "saved", "uuid": in.Rule["uuid"]})
}

func (o *opnSense) passes(t connectors.Target) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !slices.ContainsFunc(o.live, func(r map[string]string) bool {
		return r["enabled"] == "1" && r["action"] == "block" && slices.Contains(t.Addresses, r["source_net"])
	})
}

func opnsense(t testing.TB) (*rig, *opnSense) {
	p := &opnSense{}
	return newRig(t, recipeText(t, "opnsense"), p, map[string]string{"firewall": "$peer", "key": "key-1"}, map[string]string{"secret_part": "opn-secret-1"}), p
}

func TestOPNsense(t *testing.T) {
	g, p := opnsense(t)
	o := g.options(p.reset)
	o.Try = func(_ connectortest.T, to connectors.Target) bool { return p.passes(to) }
	connectortest.Run(t, o)
}
