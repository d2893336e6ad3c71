package openwrt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "router & secret"

// router is an OpenWrt router on loopback. Its answers follow the facts that
// were checked against the real ubus, rpcd, uhttpd, uci and firewall4 (marked
// "checked") or are documented in their sources ("documented"). The awkward parts
// are switches. What the account may do is read out of our own setup text.
type router struct {
	*httptest.Server
	connectortest.Gate
	zone *time.Location // its programs' zone

	mu       sync.Mutex // guards all below
	acl      acl
	sessions map[string]bool
	logins   int
	password string
	wrong    int
	asked    map[string]int // "object method"

	saved   map[string]map[string]any // /etc/config/firewall
	staged  map[string][]change       // by session
	loaded  map[string]map[string]any // what the firewall really does
	loads   uint64                    // how often it has loaded
	loadAt  time.Time                 // when it loads what was saved; zero: nothing is new
	loadsIn time.Duration             // after a change; checked: the router waits for a second
	refused map[string]uint64         // its counters, by section
	pending string                    // the session whose apply waits to be confirmed
	before  map[string]map[string]any

	table []*tracked
	sport uint16

	clockOff   time.Duration
	accounting bool
	nlbwmon    bool // documented: it sets the counters to nothing when it reads them
	noReload   bool // the firewall does not follow the settings
	noConfirm  bool // the router takes back before our word arrives
	noPOSIX    bool // only the zone's name is set
	asleep     bool // its service starts anew
	noLuci     bool // the package that tells of the home is missing
}

type change struct {
	delete bool
	name   string
	values map[string]any
}

// tracked is one line of the table of connections.
type tracked struct {
	src, dst     string
	back         string // who answers, where it is not dst: the device behind a forwarded port
	sport, dport uint16
	up, down     uint64
	mac          string
	udp          bool
}

// acl is the file that our setup text writes.
type acl struct {
	Read, Write struct {
		UBUS map[string][]string `json:"ubus"`
		UCI  []string            `json:"uci"`
		File map[string][]string `json:"file"`
	}
}

// fromSetup reads the ACL file out of the setup text.
func fromSetup(t connectortest.T) acl {
	t.Helper()
	_, rest, ok1 := strings.Cut(strings.ReplaceAll(Setup, "$home", "lan"), "<<END\n")
	text, _, ok2 := strings.Cut(rest, "\nEND\n")
	var all map[string]acl
	if err := json.Unmarshal([]byte(text), &all); err != nil || !ok1 || !ok2 || len(all) != 1 {
		t.Fatalf("the setup text holds no ACL file: %v", err)
	}
	return all["bestbefore"]
}

// grants are the session's rights in the form of the login's answer.
func (a acl) grants() rights {
	out := rights{"ubus": {}, "uci": {}, "file": {}}
	for _, part := range []struct {
		ubus map[string][]string
		uci  []string
		file map[string][]string
		verb string
	}{{a.Read.UBUS, a.Read.UCI, a.Read.File, "read"}, {a.Write.UBUS, a.Write.UCI, a.Write.File, "write"}} {
		for k, v := range part.ubus {
			out["ubus"][k] = append(out["ubus"][k], v...)
		}
		for k, v := range part.file {
			out["file"][k] = append(out["file"][k], v...)
		}
		for _, k := range part.uci {
			out["uci"][k] = append(out["uci"][k], part.verb)
		}
	}
	return out
}

const (
	tv     = "3c:a6:2f:00:00:01"
	camera = "3c:a6:2f:00:00:02"

	upstream = "3c:a6:2f:00:00:f2" // another router, on the way out
)

var addressOf = map[string]string{tv: "192.168.1.20", camera: "192.168.1.21"}

func newRouter(t connectortest.T) *router {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := &router{
		password: password,
		zone:     zone, acl: fromSetup(t), sessions: map[string]bool{}, asked: map[string]int{}, accounting: true, sport: 40000,
		staged: map[string][]change{}, refused: map[string]uint64{},
		saved: map[string]map[string]any{
			"cfg01": {".type": "defaults"}, "cfg02": {".type": "zone", "name": "lan"}, "cfg03": {".type": "zone", "name": "wan"},
			"cfg04": {".type": "rule", "name": "the household's own", "src": "lan", "src_mac": []string{tv}, "target": "ACCEPT"},
		},
	}
	r.load()
	r.Server = httptest.NewServer(r.Wrap(r))
	t.Cleanup(r.Close)
	return r
}

func (r *router) with(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *router) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[what]
}

func (r *router) now() time.Time { return time.Now().Add(r.clockOff) }

// reload is the event of a commit. Checked: the firewall follows a moment later,
// and not at all when it is told to follow something that cannot be loaded.
func (r *router) reload() { r.loadAt = time.Now().Add(r.loadsIn) }

// settle is the firewall's loading, when its time has come.
func (r *router) settle() {
	if !r.noReload && !r.loadAt.IsZero() && !time.Now().Before(r.loadAt) {
		r.load()
	}
}

func (r *router) load() {
	r.loaded, r.refused, r.loadAt = maps.Clone(r.saved), map[string]uint64{}, time.Time{}
	r.loads++
}

// ours are the sections that carry our prefix, sorted.
func (r *router) ours() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for n := range r.saved {
		if strings.HasPrefix(n, prefix) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// send is a device that opens a connection, or goes on with open where it is
// given; it says what got through. Checked: established flows pass before any rule.
func (r *router) send(mac, to string, dport uint16, up uint64, open *tracked) (*tracked, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	if open != nil {
		if !slices.Contains(r.table, open) { // its entry was deleted: it is a new one now
			return r.sendNew(mac, to, dport, up)
		}
		open.up += up
		return open, true
	}
	return r.sendNew(mac, to, dport, up)
}

func (r *router) sendNew(mac, to string, dport uint16, up uint64) (*tracked, bool) {
	for name, sec := range r.loaded {
		if r.stops(sec, mac, to) {
			r.refused[name]++
			return nil, false
		}
	}
	r.sport++
	c := &tracked{src: addressOf[mac], dst: to, sport: r.sport, dport: dport, up: up, down: 2 * up, mac: mac}
	r.table = append(r.table, c)
	return c, true
}

// stops is firewall4's rule: by hardware address, destination, and dates in the
// zone of its own process. Checked: utc_time is ignored, and the distance to UTC is
// the one that holds when UTC shows the time of day that is written.
func (r *router) stops(sec map[string]any, mac, to string) bool {
	if sec["target"] != "REJECT" || sec["enabled"] == "0" || !slices.ContainsFunc(texts(sec["src_mac"]), func(m string) bool { return strings.EqualFold(m, mac) }) {
		return false
	}
	if dests := texts(sec["dest_ip"]); len(dests) > 0 && !slices.ContainsFunc(dests, func(d string) bool {
		p, ok := toPrefix(d)
		return ok && p.Contains(netip.MustParseAddr(to))
	}) {
		return false
	}
	for option, after := range map[string]bool{"start_date": true, "stop_date": false} {
		if text, set := sec[option].(string); set {
			at, err := time.Parse("2006-01-02T15:04:05", text)
			at = at.Add(-time.Duration(offset(at, r.zone)) * time.Second)
			if err != nil || r.now().Before(at) == after {
				return false
			}
		}
	}
	return true
}

func texts(v any) (out []string) {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
	}
	return out
}

// ServeHTTP is /ubus. Checked: JSON-RPC 2.0, always status 200.
func (r *router) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != "/ubus" || q.Method != http.MethodPost {
		http.NotFound(w, q)
		return
	}
	raw, _ := io.ReadAll(io.LimitReader(q.Body, 65537))
	if len(raw) > 65536 { // checked: the limit of a body
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	var in struct {
		ID     any               `json:"id"`
		Params []json.RawMessage `json:"params"`
	}
	var id, object, method string
	if json.Unmarshal(raw, &in) != nil || len(in.Params) != 4 || json.Unmarshal(in.Params[0], &id) != nil || json.Unmarshal(in.Params[1], &object) != nil || json.Unmarshal(in.Params[2], &method) != nil {
		fmt.Fprint(w, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}`)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[object+" "+method]++
	r.settle()
	code, data := r.answer(id, object, method, in.Params[3])
	switch {
	case code < 0:
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"error":{"code":%d,"message":"no"}}`, code)
	case data == nil:
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"result":[%d]}`, code)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": []any{code, data}})
	}
}

func (r *router) answer(id, object, method string, raw json.RawMessage) (int, any) {
	var a map[string]any
	_ = json.Unmarshal(raw, &a)
	if r.asleep || r.noLuci && object == "luci-rpc" { // checked: first of all it is looked whether there is such a thing
		return -32000, nil
	}
	if a["ubus_rpc_session"] != nil { // checked: the web server sets it itself, and refuses one that is given
		return -32602, nil
	}
	if object == "session" && method == "access" && id == nobody {
		return 0, map[string]any{"access": false}
	}
	if object == "session" && method == "login" { // checked: a wrong password is [6]; no lock-out exists
		r.logins++
		if a["username"] != "bestbefore" || a["password"] != r.password {
			r.wrong++
			return 6, nil
		}
		id := fmt.Sprintf("%032x", r.logins)
		r.sessions[id] = true
		return 0, map[string]any{"ubus_rpc_session": id, "timeout": 300, "expires": 299, "acls": r.acl.grants()}
	}
	may := r.acl.grants()
	if !r.sessions[id] || !may.may("ubus", object, method) { // checked: -32002 for both
		return -32002, nil
	}
	switch object {
	case "uci":
		return r.uci(id, method, a, may)
	case "file":
		return r.file(method, a, may)
	case "luci-rpc":
		return r.luci(method)
	case "system": // documented: local time, as seconds
		now := r.now()
		_, off := now.In(r.zone).Zone()
		return 0, map[string]any{"localtime": now.Unix() + int64(off), "uptime": 5000}
	case "network.interface":
		return 0, map[string]any{"interface": []any{
			map[string]any{"interface": "lan", "ipv4-address": []any{map[string]any{"address": "192.168.1.1", "mask": 24}}, "route": []any{}},
			map[string]any{"interface": "wan", "ipv4-address": []any{map[string]any{"address": "192.168.178.2", "mask": 24}}, "route": []any{map[string]any{"target": "0.0.0.0", "mask": 0, "nexthop": "192.168.178.1"}}},
		}}
	case "session":
		delete(r.sessions, id)
		return 0, nil
	}
	return -32000, nil
}

func (r *router) luci(method string) (int, any) {
	if method == "getHostHints" {
		return 0, map[string]any{
			strings.ToUpper(tv):     map[string]any{"ipaddrs": []string{addressOf[tv]}, "ip6addrs": []string{"2001:db8::20"}, "name": "television"},
			strings.ToUpper(camera): map[string]any{"ipv4": addressOf[camera]}, // an older router's form
			// checked: the router itself on both sides, and what is near it outside, are told of too
			"3C:A6:2F:00:00:F0":       map[string]any{"ipaddrs": []string{"192.168.1.1"}, "ip6addrs": []string{"fe80::f0"}},
			"3C:A6:2F:00:00:F1":       map[string]any{"ipaddrs": []string{"192.168.178.2"}, "ip6addrs": []string{"fe80::f1"}},
			strings.ToUpper(upstream): map[string]any{"ipaddrs": []string{"192.168.178.1"}, "ip6addrs": []string{"fe80::1"}, "name": "fritz.box"},
		}
	}
	return 0, map[string]any{
		"dhcp_leases":  []any{map[string]any{"expires": 3600, "hostname": "cam", "macaddr": strings.ToUpper(camera), "ipaddr": addressOf[camera]}},
		"dhcp6_leases": []any{},
	}
}

func (r *router) file(method string, a map[string]any, may rights) (int, any) {
	switch method {
	case "read": // documented: a file without a size is read up to 4096 bytes, and nobody says so
		if !may.may("file", fmt.Sprint(a["path"]), "read") {
			return 6, nil
		}
		text := r.conntrack()
		return 0, map[string]any{"data": text[:min(len(text), 4096)]}
	case "stat":
		if !may.may("file", fmt.Sprint(a["path"]), "list") {
			return 6, nil
		}
		if !r.nlbwmon {
			return 4, nil
		}
		return 0, map[string]any{"type": "file"}
	}
	command := strings.Join(append([]string{fmt.Sprint(a["command"])}, texts(a["params"])...), " ")
	if !may.may("file", command, "exec") {
		return 6, nil
	}
	switch args := texts(a["params"]); {
	case command == "/bin/cat /proc/net/nf_conntrack", strings.HasPrefix(command, "/usr/sbin/conntrack -L "):
		text := r.conntrack()
		if proto := after(args, "-p"); proto != "" { // checked: the same form
			text = only(text, after(args, "-f"), proto)
		}
		if len(text) >= 256<<10 { // documented: the limit of what a command may write
			return 8, nil
		}
		return 0, map[string]any{"code": 0, "stdout": text}
	case strings.HasPrefix(command, "/usr/sbin/nft "):
		return 0, map[string]any{"code": 0, "stdout": r.nft()}
	case strings.HasPrefix(command, "/usr/sbin/conntrack -D "):
		was := len(r.table)
		r.table = slices.DeleteFunc(r.table, func(c *tracked) bool {
			return c.src == after(args, "-s") && (after(args, "-d") == "" || c.dst == after(args, "-d"))
		})
		return 0, map[string]any{"code": map[bool]int{true: 1, false: 0}[was == len(r.table)]} // its own code 1: nothing was there
	}
	return 4, nil
}

func after(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// only are the lines of one family and protocol.
func only(text, family, proto string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); f[0] == family && f[2] == proto {
			b.WriteString(l)
		}
	}
	return b.String()
}

// conntrack is the kernel's table. Checked: its form.
func (r *router) conntrack() string {
	var b strings.Builder
	for _, c := range r.table {
		up, down := fmt.Sprintf("packets=9 bytes=%d ", c.up), fmt.Sprintf("packets=9 bytes=%d ", c.down)
		if !r.accounting {
			up, down = "", ""
		}
		proto := "tcp      6 431999 ESTABLISHED"
		if c.udp {
			proto = "udp      17 170"
		}
		fmt.Fprintf(&b, "ipv4     2 %s src=%s dst=%s sport=%d dport=%d %ssrc=%s dst=192.168.178.2 sport=%d dport=%d %s[ASSURED] mark=0 zone=0 use=2\n",
			proto, c.src, c.dst, c.sport, c.dport, up, cmp.Or(c.back, c.dst), c.dport, c.sport, down)
		if r.nlbwmon {
			c.up, c.down = 0, 0
		}
	}
	return b.String()
}

func (r *router) nft() string {
	var all []any
	for name, sec := range r.loaded {
		if strings.HasPrefix(name, prefix) {
			// checked: each loading gives the lines other numbers
			all = append(all, map[string]any{"rule": map[string]any{"handle": 1000*r.loads + uint64(len(all)), "comment": "!fw4: " + fmt.Sprint(sec["name"]), "expr": []any{
				map[string]any{"match": map[string]any{"op": "=="}}, map[string]any{"counter": map[string]any{"packets": r.refused[name], "bytes": 60 * r.refused[name]}}, map[string]any{"reject": nil},
			}}})
		}
	}
	raw, _ := json.Marshal(map[string]any{"nftables": append([]any{map[string]any{"metainfo": map[string]any{"version": "1.1"}}}, all...)})
	return string(raw)
}

func (r *router) settings(extra map[string]string) connectors.Settings {
	v := map[string]string{optAddress: r.URL, optUsername: "bestbefore", optInterval: "0.05"}
	maps.Copy(v, extra)
	return connectors.Settings{Values: v, Secrets: map[string]consent.SecretRef{optPassword: "ref"}}
}

func hostFor(secret string) *connectors.Host {
	return connectortest.Host(func(consent.SecretRef) string { return secret })
}

func (r *router) open(t testing.TB) *Session {
	t.Helper()
	ses, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses.(*Session)
}

func target(mac string, to ...string) connectors.Target {
	return connectors.Target{
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Recipient:   consent.Recipient{Any: len(to) == 0, Destinations: to},
	}
}
