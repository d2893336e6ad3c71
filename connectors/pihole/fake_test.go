package pihole

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors/connectortest"
)

const (
	fakePassword = "correct-horse-42"
	fakeAnswer   = "198.51.100.10"
)

// entry is one row of the fake's log.
type entry struct {
	id           int64
	at           time.Time
	client, name string
	status       string
	list         int64
	disk         bool // no longer in memory
}

type fakeClient struct {
	Comment string
	Groups  []int64
}

// fake is a Pi-hole on loopback. Each answer says which fact it follows: [V] was
// seen at the real program (FTL 6.4.1), [D] is from its own description or
// source. The awkward parts are switches.
type fake struct {
	*httptest.Server
	connectortest.Gate
	t connectortest.T

	mu       sync.Mutex // guards all below
	log      []entry    // oldest first
	last     int64      // the first row is 0 [V]
	groups   map[string]*group
	rules    map[string]*rule
	members  map[string]*fakeClient
	allows   []allow // of the household
	next     int64
	devices  map[string][]string // hardware address to addresses, as the sweep last found them
	sids     map[string]bool
	seats    int
	logins   int
	wrong    int
	wrongNow []time.Time
	password string
	asked    map[string]int
	inForce  func(client, name string) (status string, list int64)
	counted  inForce // as it tells of itself

	// The awkward parts.
	lag      time.Duration // until a change comes into force [V]: 0.1 to 1.5 s
	deaf     bool          // takes changes with 201 and says in "processed" that it did not [V]
	ignored  bool          // takes changes and applies none
	disabled bool          // its blocking is switched off
	totp     bool          // asks for a second factor [D]
	level    int           // of privacy [D]
	ahead    time.Duration // its clock
	mayNot   bool          // 403 to every write; an application password may write lists [V], so whoever stands before it says so
	sticks   bool          // gives the newest rows, whatever is asked for
	begins   bool          // it has not opened its lists yet [V]
	oneOfAll bool          // every session is refused although the password is right
	silent   bool          // it does not show the name server's own log
	pid      int           // of the program
	macBlind bool          // the sweep has not met the device yet: a hardware address hits nobody [V]
}

func newFake(t connectortest.T) *fake {
	f := &fake{
		t: t, last: -1, password: fakePassword, sids: map[string]bool{}, asked: map[string]int{}, seats: 16, next: 10, devices: map[string][]string{},
		groups: map[string]*group{"Default": {ID: 0, Name: "Default", Enabled: true}}, rules: map[string]*rule{}, members: map[string]*fakeClient{},
	}
	f.reload()
	f.Server = httptest.NewServer(f.Wrap(http.HandlerFunc(f.serve)))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *fake) now() time.Time { return time.Now().Add(f.ahead) }

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked[r.Method+" "+r.URL.Path]++
	f.mu.Unlock()
	w.Header().Set("Date", f.now().UTC().Format(http.TimeFormat)) // [V]
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/api/auth" && r.Method == http.MethodPost {
		f.login(w, r)
		return
	}
	sid := r.Header.Get("X-FTL-SID")
	if !f.sids[sid] || f.oneOfAll {
		f.fail(w, http.StatusUnauthorized, "unauthorized", "Unauthorized")
		return
	}
	if r.Method != http.MethodGet && f.mayNot && r.URL.Path != "/api/auth" {
		f.fail(w, http.StatusForbidden, "forbidden", "Forbidden")
		return
	}
	f.answer(w, r, sid)
}

// fail follows [V]: errors have a key, a message and a hint.
func (f *fake) fail(w http.ResponseWriter, status int, key, message string) {
	f.json(w, status, map[string]any{"error": map[string]any{"key": key, "message": message, "hint": nil}, "took": 0.001})
}

func (f *fake) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Logf("answering: %v", err)
	}
}

// login follows [V]: 401 with session.valid false to a wrong password; more than
// three tries within a second, or no free seat [D], are 429 without Retry-After.
func (f *fake) login(w http.ResponseWriter, r *http.Request) {
	f.logins++
	var in struct{ Password string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		f.fail(w, http.StatusBadRequest, "bad_request", "No password found in JSON payload")
		return
	}
	session := map[string]any{"valid": false, "totp": f.totp, "sid": nil, "validity": -1, "message": "password incorrect"}
	if in.Password != f.password {
		f.wrong++
		f.wrongNow = slices.DeleteFunc(append(f.wrongNow, time.Now()), func(at time.Time) bool { return time.Since(at) > time.Second })
		if len(f.wrongNow) > 3 {
			f.fail(w, http.StatusTooManyRequests, "rate_limiting", "Rate-limiting login attempts")
			return
		}
		f.json(w, http.StatusUnauthorized, map[string]any{"session": session, "took": 0.2})
		return
	}
	if f.totp {
		f.fail(w, http.StatusBadRequest, "bad_request", "No 2FA token found in JSON payload")
		return
	}
	if len(f.sids) >= f.seats {
		f.fail(w, http.StatusTooManyRequests, "api_seats_exceeded", "API seats exceeded")
		return
	}
	sid := fmt.Sprintf("sid-%d/+=", f.logins)
	f.sids[sid] = true
	session["valid"], session["sid"], session["csrf"], session["validity"], session["message"] = true, sid, "csrf", 1800, "password correct"
	f.json(w, http.StatusOK, map[string]any{"session": session, "took": 0.2})
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request, sid string) {
	kind, item, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/api/"), "/")
	if kind == "domains" && item == "allow" {
		f.json(w, 200, map[string]any{"domains": append([]allow{}, f.allows...), "took": 0.001})
		return
	}
	if kind == "domains" {
		item, _ = strings.CutPrefix(item, "deny/regex")
	}
	item, err := url.QueryUnescape(strings.TrimPrefix(item, "/")) // [V]: a plus sign in a path is a space
	if err != nil {
		f.fail(w, http.StatusBadRequest, "bad_request", "uri")
		return
	}
	switch kind + " " + item {
	case "auth ": // [V]: 204, and the session is over
		delete(f.sids, sid)
		w.WriteHeader(http.StatusNoContent)
	case "dns blocking": // [V]
		f.json(w, 200, map[string]any{"blocking": map[bool]string{true: "disabled", false: "enabled"}[f.disabled], "timer": nil})
	case "config misc/privacylevel": // [D]
		f.json(w, 200, map[string]any{"config": map[string]any{"misc": map[string]any{"privacylevel": f.level}}})
	case "info ftl": // [V]: the numbers change in the moment in which the lists come into force
		f.json(w, 200, map[string]any{"ftl": map[string]any{"database": map[string]any{
			"clients": f.counted.members, "regex": map[string]any{"denied": map[string]any{"total": f.counted.rules}},
		}}})
	case "network devices":
		f.network(w)
	case "logs dnsmasq":
		f.logs(w, r.URL.Query())
	case "queries ":
		f.queries(w, r.URL.Query())
	default:
		f.table(w, r, kind, item)
	}
}

// network follows [V]; a device met by its address alone is "ip-…" [D].
func (f *fake) network(w http.ResponseWriter) {
	var out []map[string]any
	for mac, ips := range f.devices {
		var list []map[string]any
		for _, ip := range ips {
			list = append(list, map[string]any{"ip": ip, "name": "bell", "lastSeen": f.now().Unix(), "nameUpdated": 0})
		}
		out = append(out, map[string]any{"id": 1, "hwaddr": mac, "interface": "eth0", "macVendor": "Bell Makers Ltd", "ips": list, "numQueries": 3})
	}
	out = append(out, map[string]any{"hwaddr": "ip-192.168.77.99", "ips": []map[string]any{{"ip": "192.168.77.99", "name": nil, "lastSeen": f.now().Unix()}}})
	f.json(w, 200, map[string]any{"devices": out, "took": 0.001})
}

// table follows [V]: 201 or 200 with what was processed, whose errors say more
// than the status; 204 or 404 to a deletion.
func (f *fake) table(w http.ResponseWriter, r *http.Request, kind, item string) {
	if !slices.Contains([]string{"groups", "domains", "clients"}, kind) {
		f.fail(w, http.StatusNotFound, "not_found", "Not found")
		return
	}
	if f.begins {
		f.fail(w, http.StatusBadRequest, "database_error", "Could not read domains from database table")
		return
	}
	if r.Method == http.MethodGet {
		f.json(w, 200, f.list(kind))
		return
	}
	if r.Method == http.MethodDelete {
		f.delete(w, kind, item)
		return
	}
	var in struct {
		Name, Domain, Client, Comment string
		Enabled                       bool
		Groups                        []int64
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		f.fail(w, http.StatusBadRequest, "bad_request", "Invalid request body data (no valid JSON)")
		return
	}
	fresh := r.Method == http.MethodPost
	name := cmp.Or(item, in.Name, in.Domain, in.Client)
	status := map[bool]int{true: http.StatusCreated, false: http.StatusOK}[fresh]
	done := map[string]any{"success": []any{map[string]any{"item": name}}, "errors": []any{}}
	if f.deaf || fresh && f.has(kind, name) { // [D]: UNIQUE constraint failed
		done = map[string]any{"success": []any{}, "errors": []any{map[string]any{"item": name, "error": "UNIQUE constraint failed"}}}
	} else {
		f.put(kind, name, in.Comment, in.Enabled, in.Groups)
	}
	out := f.list(kind)
	out["processed"] = done
	f.json(w, status, out)
}

func (f *fake) has(kind, name string) bool {
	_, list := f.groups[name], f.list(kind)
	b, _ := json.Marshal(list)
	quoted, _ := json.Marshal(name)
	return strings.Contains(string(b), ":"+string(quoted))
}

func (f *fake) put(kind, name, comment string, enabled bool, groups []int64) {
	f.next++
	switch kind {
	case "groups":
		if g := f.groups[name]; g != nil {
			g.Comment, g.Enabled = comment, enabled
		} else {
			f.groups[name] = &group{ID: f.next, Name: name, Comment: comment, Enabled: enabled}
		}
	case "domains":
		if x := f.rules[name]; x != nil {
			x.Comment, x.Enabled, x.Groups = comment, enabled, groups
		} else {
			f.rules[name] = &rule{ID: f.next, Domain: name, Comment: comment, Enabled: enabled, Groups: groups}
		}
	case "clients":
		f.members[name] = &fakeClient{comment, groups}
	}
	f.later()
}

func (f *fake) delete(w http.ResponseWriter, kind, item string) {
	found := false
	switch kind {
	case "groups":
		if g := f.groups[item]; g != nil {
			found = true
			for _, x := range f.rules {
				x.Groups = without(x.Groups, g.ID)
			}
			for _, x := range f.members {
				x.Groups = without(x.Groups, g.ID)
			}
			delete(f.groups, item)
		}
	case "domains":
		_, found = f.rules[item]
		delete(f.rules, item)
	case "clients":
		_, found = f.members[item]
		delete(f.members, item)
	}
	if !found {
		f.json(w, http.StatusNotFound, map[string]any{"took": 0.001})
		return
	}
	f.later()
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) list(kind string) map[string]any {
	var out []any
	switch kind {
	case "groups":
		for _, g := range f.groups {
			out = append(out, map[string]any{"name": g.Name, "comment": g.Comment, "enabled": g.Enabled, "id": g.ID})
		}
	case "domains":
		for _, x := range f.rules {
			out = append(out, map[string]any{"domain": x.Domain, "unicode": x.Domain, "type": "deny", "kind": "regex", "comment": x.Comment, "groups": x.Groups, "enabled": x.Enabled, "id": x.ID})
		}
	case "clients":
		for c, x := range f.members {
			out = append(out, map[string]any{"client": c, "name": "", "comment": x.Comment, "groups": x.Groups, "id": 1})
		}
	}
	if out == nil {
		out = []any{}
	}
	return map[string]any{kind: out, "took": 0.001}
}

// later puts what was changed into force, after the lag.
func (f *fake) later() {
	switch {
	case f.ignored:
	case f.lag == 0:
		f.reload()
	default:
		time.AfterFunc(f.lag, func() { f.with(f.reload) })
	}
}

// reload takes the tables as they stand into force. [V] and [D]: the member is
// found by its address, then the narrowest network, then its hardware address;
// else the group 0 applies. Rules of its enabled groups are tried.
func (f *fake) reload() {
	type compiled struct {
		re     *regexp.Regexp
		id     int64
		groups []int64
	}
	var rules []compiled
	for _, x := range f.rules {
		if re, err := regexp.CompilePOSIX("(?i)" + x.Domain); err == nil && x.Enabled {
			rules = append(rules, compiled{re, x.ID, slices.Clone(x.Groups)})
		} else if re, err := regexp.Compile("(?i)" + x.Domain); err == nil && x.Enabled {
			rules = append(rules, compiled{re, x.ID, slices.Clone(x.Groups)})
		}
	}
	f.counted = inForce{rules: len(f.rules), members: len(f.members)}
	allows := slices.Clone(f.allows)
	members, enabled, owners := map[string][]int64{}, map[int64]bool{}, map[string]string{}
	for c, x := range f.members {
		members[strings.ToLower(c)] = slices.Clone(x.Groups)
	}
	for _, g := range f.groups {
		enabled[g.ID] = g.Enabled
	}
	for mac, ips := range f.devices {
		for _, ip := range ips {
			owners[ip] = strings.ToLower(mac)
		}
	}
	f.inForce = func(client, name string) (string, int64) {
		groups, ok := members[client]
		if !ok {
			a := netip.MustParseAddr(client)
			for c, g := range members {
				if p, err := netip.ParsePrefix(c); err == nil && p.Contains(a) {
					groups, ok = g, true
				}
			}
		}
		if !ok && !f.macBlind {
			groups, ok = members[owners[client]]
		}
		if !ok {
			groups = []int64{0}
		}
		for _, x := range allows { // [V]: what is allowed goes before what is refused
			if re := regexp.MustCompile(x.Domain); x.Enabled && (x.Kind == "regex" && re.MatchString(name) || x.Domain == name) &&
				slices.ContainsFunc(x.Groups, func(id int64) bool { return enabled[id] && slices.Contains(groups, id) }) {
				return "FORWARDED", 0
			}
		}
		for _, r := range rules {
			if slices.ContainsFunc(r.groups, func(id int64) bool { return enabled[id] && slices.Contains(groups, id) }) && r.re.MatchString(name) {
				return "REGEX", r.id
			}
		}
		return "FORWARDED", 0
	}
}

// ask is a device asking for a name; it says whether it was given an answer.
func (f *fake) ask(client, name string) (passed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	status, list := f.inForce(client, name)
	if f.disabled {
		status, list = "FORWARDED", 0
	}
	f.last++
	f.log = append(f.log, entry{id: f.last, at: f.now(), client: client, name: name, status: status, list: list})
	return status == "FORWARDED"
}

// rotate keeps only the newest rows.
func (f *fake) rotate(left int) {
	f.with(func() { f.log = slices.Clone(f.log[max(len(f.log)-left, 0):]) })
}

// powerCut loses the newest rows, which were not on its disk yet, and uses their
// numbers again [V].
func (f *fake) powerCut(rows int) {
	f.with(func() { f.log, f.last = f.log[:len(f.log)-rows], f.last-int64(rows) })
}

// queries follows [V] and [D]: newest first; cursor is inclusive, and larger than
// the newest row it is 400; memory holds a day, the rest is on disk; from is inclusive.
func (f *fake) queries(w http.ResponseWriter, q url.Values) {
	limit, err := strconv.Atoi(cmp.Or(q.Get("length"), "100"))
	if err != nil {
		limit = 100
	}
	cursor := f.last
	if s := q.Get("cursor"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > f.last {
			f.fail(w, http.StatusBadRequest, "bad_request", "Requested cursor is invalid")
			return
		}
		if cursor = n; f.sticks {
			cursor = f.last
		}
	}
	from, _ := strconv.ParseFloat(q.Get("from"), 64)
	disk := q.Get("disk") == "true"
	rows := []map[string]any{}
	for i := len(f.log) - 1; i >= 0 && len(rows) < limit; i-- {
		e := f.log[i]
		at := float64(e.at.UnixMicro()) / 1e6
		if e.id > cursor || e.disk && !disk || at < from || q.Get("client_ip") != "" && q.Get("client_ip") != e.client {
			continue
		}
		row := map[string]any{
			"id": e.id, "time": at, "type": "A", "status": e.status, "dnssec": "UNKNOWN", "domain": e.name, "upstream": nil,
			"reply": map[string]any{"type": "IP", "time": 0.0001}, "client": map[string]any{"ip": e.client, "name": nil}, "list_id": nil,
			"ede": map[string]any{"code": 0, "text": nil}, "cname": nil,
		}
		if e.list > 0 {
			row["list_id"] = e.list
		}
		if f.level >= 1 {
			row["domain"] = "hidden"
		}
		if f.level >= 2 {
			row["client"] = map[string]any{"ip": "0.0.0.0", "name": nil}
		}
		rows = append(rows, row)
	}
	f.json(w, 200, map[string]any{"queries": rows, "cursor": cursor, "recordsTotal": len(f.log), "recordsFiltered": len(f.log), "draw": 0, "took": 0.001})
}
