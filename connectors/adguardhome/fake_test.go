package adguardhome

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors/connectortest"
)

// The fake's household account.
const (
	fakeUser     = "household"
	fakePassword = "correct-horse-41"
)

// entry is one row of the fake's log.
type entry struct {
	at                   time.Time
	client, name, reason string
	rule                 string
}

// fake is an AdGuard Home on loopback. Each answer says which fact it follows:
// [V] was seen at the real program (v0.108 snapshot of August 2026), [D] is from
// its own description or source. The awkward parts are switches.
type fake struct {
	*httptest.Server
	connectortest.Gate
	t connectortest.T

	mu       sync.Mutex // guards all below
	log      []entry    // oldest first
	memory   int        // how many of the newest rows are not in the file yet
	rules    []string
	inForce  []string // the rules that are applied
	cookies  map[string]bool
	logins   int // tried
	wrong    int
	password string
	asked    map[string]int
	limits   map[string]int    // how often so many rows were asked for
	leases   map[string]string // address to hardware address; nil: no DHCP server

	// The awkward parts.
	lag         time.Duration // until rules that were taken come into force [V]: it builds its filters beside
	ignored     bool          // takes rules with 200 and applies none
	forgetful   bool          // takes rules with 200 and keeps none
	unfindable  bool          // a row that is looked up by its time is not found [D]: rows stand out of order
	sticks      bool          // gives the newest rows, whatever is asked for
	off         bool          // its query log is switched off
	masked      bool          // addresses in the log are shortened [D]
	unprotected bool          // its protection is switched off; its verdict does not say so [V]
	ahead       time.Duration // its clock
	mayNot      bool          // 403 to every write: a proxy that lets only reading through
	padding     string        // in every row
	oneOfAll    bool          // every session is refused although the password is right
}

func newFake(t connectortest.T) *fake {
	f := &fake{t: t, password: fakePassword, cookies: map[string]bool{}, asked: map[string]int{}, limits: map[string]int{}, memory: 3}
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
	f.asked[r.URL.Path]++
	w.Header().Set("Date", f.now().UTC().Format(http.TimeFormat)) // [V]
	f.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/control/login" {
		f.login(w, r)
		return
	}
	c, err := r.Cookie("agh_session")
	if err != nil || !f.cookies[c.Value] || f.oneOfAll {
		w.WriteHeader(http.StatusUnauthorized) // [V]: 401 with an empty body
		return
	}
	if r.Method == http.MethodPost && f.mayNot {
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	}
	f.answer(w, r)
}

// login follows [V]: 403 to a wrong password; after five of them 429 with
// Retry-After for 15 minutes, during which the right one is refused too.
func (f *fake) login(w http.ResponseWriter, r *http.Request) {
	f.logins++
	if f.wrong >= 5 {
		w.Header().Set("Retry-After", "899")
		http.Error(w, "auth: blocked for 14m59s", http.StatusTooManyRequests)
		return
	}
	var in struct{ Name, Password string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name != fakeUser || in.Password != f.password {
		f.wrong++
		http.Error(w, "invalid username or password", http.StatusForbidden)
		return
	}
	f.wrong = 0
	token := fmt.Sprintf("token-%d", f.logins)
	f.cookies[token] = true
	http.SetCookie(w, &http.Cookie{Name: "agh_session", Value: token, Path: "/", HttpOnly: true})
	_, _ = w.Write([]byte("OK\n"))
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/control/status": // [V]
		f.json(w, map[string]any{"version": "v0.108.0", "dns_addresses": []string{"127.0.0.1"}, "protection_enabled": !f.unprotected, "running": true})
	case "/control/logout": // [D]: a redirect to its own page
		if c, err := r.Cookie("agh_session"); err == nil {
			delete(f.cookies, c.Value)
		}
		http.Redirect(w, r, "/login.html", http.StatusFound)
	case "/control/querylog/config": // [V]
		f.json(w, map[string]any{"enabled": !f.off, "anonymize_client_ip": f.masked, "interval": 86400000, "ignored": []string{}})
	case "/control/querylog":
		f.querylog(w, r)
	case "/control/clients": // [V]: null when there are none
		auto := []map[string]any{{"ip": "192.168.77.30", "name": "doorbell", "source": "rDNS", "whois_info": map[string]any{}}}
		f.json(w, map[string]any{"clients": nil, "auto_clients": auto, "supported_tags": []string{}})
	case "/control/dhcp/status": // [V]
		f.dhcp(w)
	case "/control/filtering/status": // [V]: null when there are none
		f.json(w, map[string]any{"enabled": true, "user_rules": f.rules, "filters": nil})
	case "/control/filtering/set_rules": // [V]: replaces the whole list, 200 with an empty body
		f.setRules(w, r)
	case "/control/filtering/check_host": // [V]: answers as if protection were on
		name, client := r.URL.Query().Get("name"), r.URL.Query().Get("client")
		reason, rule := f.judge(client, name)
		f.json(w, map[string]any{"reason": reason, "rule": rule, "rules": []map[string]any{{"text": rule}}})
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Logf("answering: %v", err)
	}
}

func (f *fake) dhcp(w http.ResponseWriter) {
	var ls []map[string]any
	for ip, mac := range f.leases {
		ls = append(ls, map[string]any{"mac": mac, "ip": ip, "hostname": "bell-" + mac[15:], "expires": f.now().Add(time.Hour).Format(time.RFC3339)})
	}
	f.json(w, map[string]any{"enabled": f.leases != nil, "leases": ls, "static_leases": []any{}})
}

func (f *fake) setRules(w http.ResponseWriter, r *http.Request) {
	var in struct{ Rules []string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "reading req", http.StatusBadRequest)
		return
	}
	if f.forgetful {
		return
	}
	f.rules = in.Rules
	apply := func() {
		if !f.ignored {
			f.inForce = slices.Clone(in.Rules)
		}
	}
	if f.lag == 0 {
		apply()
		return
	}
	time.AfterFunc(f.lag, func() { f.with(apply) })
}

// judge follows [V]: a rule with $client= hits that client alone, a name its
// subdomains too, and ||*^ every name, those without a dot included.
func (f *fake) judge(client, name string) (reason, rule string) {
	for _, l := range f.inForce {
		pattern, rest, ok := strings.Cut(l, "$client=")
		if !ok {
			continue
		}
		domain := strings.TrimSuffix(strings.TrimPrefix(pattern, "||"), "^")
		hit := domain == "*" || name == domain || strings.HasSuffix(name, "."+domain)
		if hit && slices.Contains(strings.Split(strings.TrimSuffix(rest, ",important"), "|"), client) {
			return "FilteredBlackList", l
		}
	}
	return "NotFilteredNotFound", ""
}

// ask is a device asking for a name; it says whether it was given an answer.
func (f *fake) ask(client, name string) (passed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reason, rule := f.judge(client, name)
	if f.unprotected {
		reason, rule = "NotFilteredNotFound", ""
	}
	if !f.off {
		f.log = append(f.log, entry{at: f.now(), client: client, name: name, reason: reason, rule: rule})
	}
	return reason == "NotFilteredNotFound"
}

// rotate keeps only the newest rows.
func (f *fake) rotate(left int) {
	f.with(func() { f.log = slices.Clone(f.log[max(len(f.log)-left, 0):]) })
}

// querylog follows [V] and [D]: newest first; older_than is exclusive and is
// looked up in the file by exactly that time, and where it is not found there,
// the file gives nothing; the rows in memory are filtered.
func (f *fake) querylog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.limits[q.Get("limit")]++
	limit, err := strconv.Atoi(cmp.Or(q.Get("limit"), "500"))
	if err != nil {
		limit = 500
	}
	var older time.Time
	if s := q.Get("older_than"); s != "" {
		if older, err = time.Parse(time.RFC3339Nano, s); err != nil {
			http.Error(w, "bad time", http.StatusBadRequest)
			return
		}
	}
	if f.sticks {
		older = time.Time{}
	}
	term := strings.Trim(q.Get("search"), `"`)
	inFile := max(len(f.log)-f.memory, 0)
	found := older.IsZero() || inFile == 0 || older.After(f.log[inFile-1].at)
	if !found && !f.unfindable {
		found = slices.ContainsFunc(f.log[:inFile], func(e entry) bool { return e.at.Equal(older) })
	}
	offset, _ := strconv.Atoi(q.Get("offset"))
	if f.sticks {
		offset = 0
	}
	data, oldest := []map[string]any{}, ""
	for i := len(f.log) - 1 - offset; i >= 0 && len(data) < limit; i-- {
		e := f.log[i]
		if (i < inFile && !found) || (!older.IsZero() && !e.at.Before(older)) || (term != "" && term != e.client && term != e.name) {
			continue
		}
		data = append(data, f.row(e))
		oldest = e.at.Format(time.RFC3339Nano)
	}
	f.json(w, map[string]any{"data": data, "oldest": oldest})
}

// row follows [V]: elapsedMs is a string, disallowed_rule is filled although
// disallowed is false, and a shortened address has no client_info.
func (f *fake) row(e entry) map[string]any {
	out := map[string]any{
		"time": e.at.Format(time.RFC3339Nano), "client": e.client, "reason": e.reason, "elapsedMs": "0.05", "cached": false, "upstream": f.padding, "status": "NOERROR",
		"question": map[string]any{"class": "IN", "name": e.name, "type": "A"},
		"answer":   []map[string]any{{"type": "A", "value": "192.0.2.1", "ttl": 10}},
		"rules":    []map[string]any{},
	}
	if e.rule != "" {
		out["rule"], out["filterId"] = e.rule, 0
		out["rules"] = []map[string]any{{"filter_list_id": 0, "text": e.rule}}
	}
	if !f.masked {
		out["client_info"] = map[string]any{"name": "", "disallowed": false, "disallowed_rule": e.client, "whois": map[string]any{}}
		return out
	}
	if a, err := netip.ParseAddr(e.client); err == nil && a.Is4() {
		b := a.As4()
		b[2], b[3] = 0, 0
		out["client"] = netip.AddrFrom4(b).String()
	}
	return out
}
