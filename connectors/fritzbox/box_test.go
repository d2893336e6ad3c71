package fritzbox

import (
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	boxUser     = "bestbefore"
	boxPassword = "correct horse & battery"
)

// box is a FRITZ!Box on loopback. Its answers follow the documented facts of
// the TR-064 services (none was run against a real box): the comment at each
// says which. The awkward ones are switches.
type box struct {
	*httptest.Server
	connectortest.Gate

	mu       sync.Mutex // guards all below
	devices  []device
	off      map[netip.Addr]time.Time // switched off at
	on       map[netip.Addr]time.Time // switched on at
	asked    map[string]int           // by action
	signed   int                      // requests that carried a password's proof
	wrong    int                      // of these, refused ones
	password string

	effectLag  time.Duration // documented: about 0.4 s, at times many seconds
	listLag    time.Duration // documented: 10 to 13 s
	stale      []device      // what the list shows while it lags
	staleUntil time.Time

	unknown   map[string]bool // actions that an old box does not have: fault 401
	faults    map[string]int  // actions that fail with a code
	noFilter  bool            // a repeater
	users     string          // what GetUserList tells; "" is the usual
	noService bool            // access for applications is off: every action is fault 401
	afterSet  func()          // called after each DisallowWANAccessByIP
}

// device is one entry of the box's list.
type device struct {
	mac, ip, name string
	active        bool
}

func newBox(t connectortest.T) *box {
	b := &box{
		off: map[netip.Addr]time.Time{}, on: map[netip.Addr]time.Time{}, asked: map[string]int{},
		unknown: map[string]bool{}, faults: map[string]int{}, password: boxPassword,
		devices: []device{
			{"3c:a6:2f:00:00:01", "192.168.178.20", "television", true},
			{"3c:a6:2f:00:00:02", "192.168.178.21", "camera", true},
			{"3c:a6:2f:00:00:03", "192.168.178.22", "old-phone", false},
		},
	}
	b.Server = httptest.NewServer(b.Wrap(b))
	t.Cleanup(b.Close)
	return b
}

// count is how often an action was asked for.
func (b *box) count(action string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[action]
}

// with changes the box under its lock.
func (b *box) with(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// lease gives a device another address; the list shows the old one for a while.
func (b *box) lease(mac, ip string) {
	b.with(func() {
		b.stale, b.staleUntil = slices.Clone(b.devices), time.Now().Add(b.listLag)
		for i := range b.devices {
			if b.devices[i].mac == mac {
				b.devices[i].ip = ip
			}
		}
	})
}

// passes says whether a device gets out. Documented: the block is of an IPv4
// address, so IPv6 always passes.
func (b *box) passes(mac string, six bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.devices {
		if d.mac == mac && d.ip != "" {
			return six || !b.denied(netip.MustParseAddr(d.ip))
		}
	}
	return false
}

// denied is the effect, which lags behind the switch.
func (b *box) denied(a netip.Addr) bool {
	if at, off := b.off[a]; off {
		return time.Since(at) >= b.effectLag
	}
	at, was := b.on[a]
	return was && time.Since(at) < b.effectLag
}

// person blocks or unblocks an address in the box's own pages.
func (b *box) person(ip string, off bool) { b.with(func() { b.turn(netip.MustParseAddr(ip), off) }) }

func (b *box) turn(a netip.Addr, off bool) {
	if off {
		if _, already := b.off[a]; !already {
			b.off[a] = time.Now()
		}
		delete(b.on, a)
		return
	}
	if _, was := b.off[a]; was {
		b.on[a] = time.Now()
	}
	delete(b.off, a)
}

// ServeHTTP answers as the box's port for programs does.
func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	noFilter := b.noFilter
	b.mu.Unlock()
	switch {
	case r.URL.Path == "/tr64desc.xml": // documented: readable without signing in
		services := []string{serviceHosts, serviceFilter}
		if noFilter {
			services = services[:1]
		}
		fmt.Fprint(w, `<?xml version="1.0"?><root xmlns="urn:dslforum-org:device-1-0"><device><deviceType>`+DeviceType+`</deviceType><friendlyName>FRITZ!Box 7590</friendlyName><serviceList>`)
		for _, s := range services {
			fmt.Fprintf(w, "<service><serviceType>%s</serviceType></service>", s)
		}
		fmt.Fprint(w, `</serviceList></device></root>`)
	case r.URL.Path == "/devicehostlist.lua" && r.URL.RawQuery == "sid=0123456789abcdef": // documented: the path holds a session of its own
		b.list(w)
	case strings.HasPrefix(r.URL.Path, "/upnp/control/"):
		b.soap(w, r)
	default:
		http.NotFound(w, r)
	}
}

// signedIn checks the digest. Documented: without one, HTTP 401 with a challenge.
func (b *box) signedIn(w http.ResponseWriter, r *http.Request) bool {
	chal := digest.Challenge{Realm: "F!Box SOAP-Auth", Nonce: "0011223344556677", Algorithm: "MD5", QOP: []string{"auth"}}
	b.mu.Lock()
	password := b.password
	b.mu.Unlock()
	if creds, err := digest.ParseCredentials(r.Header.Get("Authorization")); err == nil {
		want, err := digest.Digest(&chal, digest.Options{Method: r.Method, URI: r.URL.RequestURI(), Count: creds.Nc, Cnonce: creds.Cnonce, Username: boxUser, Password: password})
		b.mu.Lock()
		b.signed++
		ok := err == nil && want.Response == creds.Response && creds.Username == boxUser
		if !ok {
			b.wrong++
		}
		b.mu.Unlock()
		if ok {
			return true
		}
	}
	w.Header().Set("WWW-Authenticate", chal.String())
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// call is a SOAP request's body.
type soapCall struct {
	Body struct {
		Inner []byte `xml:",innerxml"`
	} `xml:"Body"`
}

func (b *box) soap(w http.ResponseWriter, r *http.Request) {
	// Documented: the list of users needs no right, since the log-in page shows it.
	if !strings.HasSuffix(strings.Trim(r.Header.Get("SOAPACTION"), `"`), "#X_AVM-DE_GetUserList") && !b.signedIn(w, r) {
		return
	}
	raw, _ := io.ReadAll(r.Body)
	var c soapCall
	if err := xml.Unmarshal(raw, &c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	args := map[string]string{}
	_ = leaves(c.Body.Inner, func(path []string, text string) error {
		args[path[len(path)-1]] = text
		return nil
	})
	service, action, _ := strings.Cut(strings.Trim(r.Header.Get("SOAPACTION"), `"`), "#")
	b.mu.Lock()
	b.asked[action]++
	out, code := b.act(service, action, args)
	after := b.afterSet
	b.mu.Unlock()
	if after != nil && action == "DisallowWANAccessByIP" {
		after()
	}
	w.Header().Set("Content-Type", "text/xml")
	if code != 0 { // documented: a fault is HTTP 500 with the code inside
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:dslforum-org:control-1-0"><errorCode>%d</errorCode><errorDescription>no</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`, code)
		return
	}
	fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%sResponse xmlns:u="%s">`, action, service)
	for k, v := range out {
		fmt.Fprintf(w, "<%s>%s</%s>", k, v, k)
	}
	fmt.Fprintf(w, "</u:%sResponse></s:Body></s:Envelope>", action)
}

// act answers one action. The caller holds mu.
func (b *box) act(service, action string, args map[string]string) (map[string]string, int) {
	if b.noService || b.unknown[action] { // documented: fault 401 "Invalid Action", not HTTP 401
		return nil, 401
	}
	if code := b.faults[action]; code != 0 {
		return nil, code
	}
	switch action {
	case "X_AVM-DE_GetUserList":
		list := b.users
		if list == "" {
			list = `<List><Username>fritz1234</Username><Username last_user="1">` + boxUser + `</Username></List>`
		}
		return map[string]string{"NewX_AVM-DE_UserList": html.EscapeString(list)}, 0
	case "X_AVM-DE_GetChangeCounter":
		return map[string]string{"NewX_AVM-DE_ChangeCounter": strconv.Itoa(len(fmt.Sprint(b.devices)) + len(b.asked))}, 0
	case "X_AVM-DE_GetHostListPath":
		return map[string]string{"NewX_AVM-DE_HostListPath": "/devicehostlist.lua?sid=0123456789abcdef"}, 0
	case "GetGenericHostEntry": // documented: 713 is the normal end
		if n, err := strconv.Atoi(args["NewIndex"]); err == nil && n >= 0 && n < len(b.devices) {
			return entry(b.devices[n]), 0
		}
		return nil, 713
	case "GetSpecificHostEntry":
		return b.find(func(d device) bool { return strings.EqualFold(d.mac, args["NewMACAddress"]) })
	case "X_AVM-DE_GetSpecificHostEntryByIP":
		out, code := b.find(func(d device) bool { return d.ip == args["NewIPAddress"] && d.active })
		if code != 0 {
			out, code = b.find(func(d device) bool { return d.ip == args["NewIPAddress"] })
		}
		return out, code
	}
	if service != serviceFilter || b.noFilter {
		return nil, 401
	}
	return b.filterAct(action, args)
}

// filterAct is the service HostFilter. Documented: an address that the box does
// not know cannot be switched.
func (b *box) filterAct(action string, args map[string]string) (map[string]string, int) {
	a, err := netip.ParseAddr(args["NewIPv4Address"])
	if err != nil || !a.Is4() {
		return nil, 402
	}
	if !slices.ContainsFunc(b.devices, func(d device) bool { return d.ip == a.String() }) {
		return nil, 714
	}
	switch action {
	case "DisallowWANAccessByIP":
		b.turn(a, args["NewDisallow"] == "1")
		return nil, 0
	case "GetWANAccessByIP":
		_, off := b.off[a]
		return map[string]string{
			"NewDisallow":  map[bool]string{true: "1", false: "0"}[off],
			"NewWANAccess": map[bool]string{true: "denied", false: "granted"}[b.denied(a)],
		}, 0
	}
	return nil, 401
}

func (b *box) find(is func(device) bool) (map[string]string, int) {
	if i := slices.IndexFunc(b.devices, is); i >= 0 {
		return entry(b.devices[i]), 0
	}
	return nil, 714
}

func entry(d device) map[string]string {
	return map[string]string{
		"NewIPAddress": d.ip, "NewMACAddress": strings.ToUpper(d.mac), "NewHostName": d.name,
		"NewActive": map[bool]string{true: "1", false: "0"}[d.active], "NewInterfaceType": "802.11", "NewAddressSource": "DHCP", "NewLeaseTimeRemaining": "0",
	}
}

// list is the file of all devices. Documented: it lags behind.
func (b *box) list(w io.Writer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	devices := b.devices
	if time.Now().Before(b.staleUntil) {
		devices = b.stale
	}
	fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><List><!-- devicehosts -->`)
	for i, d := range devices {
		e := entry(d)
		fmt.Fprintf(w, `<Item><Index>%d</Index><IPAddress>%s</IPAddress><MACAddress>%s</MACAddress><Active>%s</Active><HostName>%s</HostName><InterfaceType/><X_AVM-DE_Guest>0</X_AVM-DE_Guest><X_AVM-DE_WANAccess>granted</X_AVM-DE_WANAccess><X_AVM-DE_Disallow>0</X_AVM-DE_Disallow><X_AVM-DE_FriendlyName>%s</X_AVM-DE_FriendlyName></Item>`,
			i+1, d.ip, e["NewMACAddress"], e["NewActive"], d.name, "Our "+d.name)
	}
	fmt.Fprint(w, `</List>`)
}

func (b *box) settings(extra map[string]string) connectors.Settings {
	v := map[string]string{optAddress: b.URL, optUsername: boxUser, optInterval: "0.05"}
	for k, x := range extra {
		v[k] = x
	}
	return connectors.Settings{Values: v, Secrets: map[string]consent.SecretRef{optPassword: "ref"}}
}

func hostFor(dir, password string) *connectors.Host {
	h := connectortest.Host(func(consent.SecretRef) string { return password })
	h.StateDir = dir
	return h
}

// open opens a session with a folder of its own.
func (b *box) open(t testing.TB, dir string) *Session {
	t.Helper()
	ses, err := New().Open(t.Context(), b.settings(nil), hostFor(dir, boxPassword))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses.(*Session)
}

func target(mac string) connectors.Target {
	return connectors.Target{Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Recipient: consent.Recipient{Any: true}}
}

// The devices of every test.
const (
	tv     = "3c:a6:2f:00:00:01"
	camera = "3c:a6:2f:00:00:02"
	phone  = "3c:a6:2f:00:00:03"
)
