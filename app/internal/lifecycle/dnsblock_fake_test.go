package lifecycle

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// dnsBlocker is the part of an AdGuard Home or a Pi-hole that one story needs,
// on loopback. The facts that its answers follow are named in the fakes of
// connectors/adguardhome and connectors/pihole, which are whole.
type dnsBlocker struct {
	*httptest.Server
	mu    sync.Mutex // guards all below
	log   []lookedUp
	rules []string // AdGuard Home: the household's own rules
	rows  map[string][]map[string]any
	next  int
	dead  bool // takes rules and applies none
	// leases are whom its own DHCP server gave which address; none is no server.
	leases map[string]string
}

func (b *dnsBlocker) dhcp() map[string]any {
	rows := []any{}
	for ip, mac := range b.leases {
		rows = append(rows, map[string]any{"ip": ip, "mac": mac, "hostname": "", "expires": time.Now().Add(time.Hour).Format(time.RFC3339)})
	}
	return map[string]any{"enabled": len(rows) > 0, "leases": rows}
}

type lookedUp struct {
	at           time.Time
	client, name string
	by           string // what refused it; "" is nothing
}

const blockerPassword = "correct-horse-77"

func startBlocker(t testing.TB, serve func(*dnsBlocker, http.ResponseWriter, *http.Request)) *dnsBlocker {
	b := &dnsBlocker{rows: map[string][]map[string]any{"groups": {{"id": 0, "name": "Default", "comment": "", "enabled": true}}, "domains": {}, "clients": {}}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		serve(b, w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// ask is a device that looks a name up; it says whether it was given an answer.
func (b *dnsBlocker) ask(client, name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	by := ""
	for _, l := range b.rules {
		if domain, rest, ok := strings.Cut(strings.TrimPrefix(l, "||"), "^$client="); ok && strings.HasSuffix("."+name, "."+domain) && strings.HasPrefix(rest, client) {
			by = l
		}
	}
	for _, r := range b.rows["domains"] {
		pattern := strings.ReplaceAll(fmt.Sprint(r["domain"]), "[.]", ".")
		for _, c := range b.rows["clients"] {
			if c["client"] == client && shareGroup(r, c) && strings.Contains(pattern, "maker.example") && strings.HasSuffix(name, "maker.example") {
				by = fmt.Sprint(r["id"])
			}
		}
	}
	if b.dead {
		by = ""
	}
	b.log = append(b.log, lookedUp{time.Now(), client, name, by})
	return by == ""
}

func shareGroup(a, b map[string]any) bool {
	x, _ := a["groups"].([]any)
	y, _ := b["groups"].([]any)
	return slices.ContainsFunc(x, func(id any) bool { return slices.Contains(y, id) })
}

func (b *dnsBlocker) refused() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.log {
		if l.by != "" {
			n++
		}
	}
	return n
}

func say(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked sees that it is broken
}

// asAdGuardHome answers as AdGuard Home does.
func asAdGuardHome(b *dnsBlocker, w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name, Password string
		Rules          []string
	}
	if r.Method == http.MethodPost {
		_ = json.NewDecoder(r.Body).Decode(&in) // what is missing is found out below
	}
	if r.URL.Path == "/control/login" {
		if in.Password != blockerPassword {
			http.Error(w, "invalid username or password", http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "agh_session", Value: "s1"})
		return
	}
	if c, err := r.Cookie("agh_session"); err != nil || c.Value != "s1" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch r.URL.Path {
	case "/control/status":
		say(w, 200, map[string]any{"protection_enabled": true, "running": true})
	case "/control/querylog/config":
		say(w, 200, map[string]any{"enabled": true, "anonymize_client_ip": false})
	case "/control/clients":
		say(w, 200, map[string]any{"clients": nil, "auto_clients": nil})
	case "/control/dhcp/status":
		say(w, 200, b.dhcp())
	case "/control/filtering/status":
		say(w, 200, map[string]any{"enabled": true, "user_rules": b.rules})
	case "/control/filtering/set_rules":
		b.rules = in.Rules
	case "/control/filtering/check_host":
		say(w, 200, map[string]any{"reason": "FilteredBlackList", "rules": []any{}})
	case "/control/querylog":
		b.querylog(w, r.URL.Query())
	default:
		http.NotFound(w, r)
	}
}

func (b *dnsBlocker) querylog(w http.ResponseWriter, q url.Values) {
	older, _ := time.Parse(time.RFC3339Nano, q.Get("older_than")) // zero is from the newest
	data, oldest := []any{}, ""
	for _, l := range slices.Backward(b.log) {
		if !older.IsZero() && !l.at.Before(older) || q.Get("search") != "" && q.Get("search") != strconv.Quote(l.client) {
			continue
		}
		row := map[string]any{"time": l.at.Format(time.RFC3339Nano), "client": l.client, "reason": "NotFilteredNotFound", "question": map[string]any{"name": l.name, "type": "A"}}
		if l.by != "" {
			row["reason"], row["rules"] = "FilteredBlackList", []map[string]any{{"text": l.by}}
		}
		data, oldest = append(data, row), l.at.Format(time.RFC3339Nano)
	}
	say(w, 200, map[string]any{"data": data, "oldest": oldest})
}

// asPihole answers as Pi-hole 6 does.
func asPihole(b *dnsBlocker, w http.ResponseWriter, r *http.Request) {
	in := map[string]any{}
	if r.Body != nil && r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&in) // what is missing is found out below
	}
	if r.URL.Path == "/api/auth" && r.Method == http.MethodPost {
		valid := in["password"] == blockerPassword
		say(w, map[bool]int{true: 200, false: 401}[valid], map[string]any{"session": map[string]any{"valid": valid, "sid": "s1"}})
		return
	}
	if r.Header.Get("X-FTL-SID") != "s1" {
		say(w, 401, map[string]any{"error": map[string]any{"key": "unauthorized"}})
		return
	}
	kind, item, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	switch kind {
	case "auth":
		say(w, 200, map[string]any{"sessions": []any{}})
	case "dns":
		say(w, 200, map[string]any{"blocking": "enabled"})
	case "config":
		say(w, 200, map[string]any{"config": map[string]any{"misc": map[string]any{"privacylevel": 0}}})
	case "network":
		say(w, 200, map[string]any{"devices": []any{}})
	case "info": // of itself: how many rules and members it goes by
		say(w, 200, map[string]any{"ftl": map[string]any{"database": map[string]any{
			"clients": len(b.rows["clients"]), "regex": map[string]any{"denied": map[string]any{"total": len(b.rows["domains"])}},
		}}})
	case "queries":
		b.queries(w, r.URL.Query())
	default:
		b.table(w, r.Method, kind, strings.TrimPrefix(item, "deny/regex/"), in)
	}
}

func (b *dnsBlocker) queries(w http.ResponseWriter, q url.Values) {
	rows := []any{}
	cursor, err := strconv.Atoi(q.Get("cursor"))
	for i, l := range slices.Backward(b.log) {
		if err == nil && i+1 > cursor || q.Get("client_ip") != "" && q.Get("client_ip") != l.client {
			continue
		}
		row := map[string]any{"id": i + 1, "time": float64(l.at.UnixMicro()) / 1e6, "status": "FORWARDED", "domain": l.name, "client": map[string]any{"ip": l.client}}
		if l.by != "" {
			row["status"], row["list_id"] = "REGEX", json.RawMessage(l.by)
		}
		rows = append(rows, row)
	}
	say(w, 200, map[string]any{"queries": rows})
}

func (b *dnsBlocker) table(w http.ResponseWriter, method, kind, item string, in map[string]any) {
	key := map[string]string{"groups": "name", "domains": "domain", "clients": "client"}[kind]
	if item != "" && in[key] == nil {
		in[key] = item
	}
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodDelete:
		b.rows[kind] = slices.DeleteFunc(b.rows[kind], func(x map[string]any) bool { return x[key] == in[key] })
		if method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		b.next++
		in["id"] = b.next
		b.rows[kind] = append(b.rows[kind], in)
	}
	say(w, 200, map[string]any{kind: b.rows[kind], "processed": map[string]any{"errors": []any{}}})
}
