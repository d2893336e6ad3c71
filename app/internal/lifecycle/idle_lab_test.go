//go:build lab && linux

package lifecycle

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors/connectortest"
)

// insideVar says that this is the run in a network of its own, and where the
// stand-ins' programs are.
const insideVar = "BESTBEFORE_IDLE_INSIDE"

// beyond is how many requests a minute a connection may make beside what
// observing needs.
const beyond = 1

// observing is what each kind asks in a minute because it observes: its own
// pause between two looks, and how many questions a look takes. What is told to
// us (a broker, a hub, NetFlow) needs none but a sign of life.
var observing = map[string]float64{
	"gateway": 0, "netflow": 0, "oauth": 0, "hue": 0, "shelly": 0,
	"mqtt":          3,         // a ping each 20 seconds
	"homeassistant": 60.0 / 55, // the answer to its ping
	"adguardhome":   60 / 5,    // one page of the log each 5 seconds
	"pihole":        2 * 60 / 5,
	"fritzbox":      5 * 60 / 30, // five questions for the list of devices, each 30 seconds
	"openwrt":       18,          // flows each 10 seconds, who is at home more seldom
	"unifi":         1, "unifi-classic": 1,
	"mikrotik": 1, "opnsense": 1,
}

// TestLabTwentyIdleConnections keeps twenty connections of all kinds open in one
// engine that has nothing to do, at real peers where they run here and at the
// stand-ins of the connectors' own tests elsewhere, and counts what is sent to
// each. It runs for BESTBEFORE_IDLE ("5m"), or two minutes, and prints the
// processor's share, of one core: the stand-ins of this package are in it.
func TestLabTwentyIdleConnections(t *testing.T) {
	dir := os.Getenv(insideVar)
	if dir == "" {
		idleInside(t)
		return
	}
	run, err := time.ParseDuration(os.Getenv("BESTBEFORE_IDLE"))
	if err != nil {
		run = 2 * time.Minute
	}
	homeNetwork(t)
	h, err := Open(t.Context(), Config{Dir: t.TempDir(), Enforce: true, Credentials: credential(t)})
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	lines := connectAll(t, h, dir)
	if len(lines) != 20 {
		t.Fatalf("%d connections, not twenty", len(lines))
	}
	until(t, "all are open and were heard", func() bool {
		info, err := h.Engine().Connectors(t.Context())
		return err == nil && len(info.Connections) == 20 && !slices.ContainsFunc(info.Connections, func(c engine.ConnectionInfo) bool { return !c.Open || c.Trouble != "" })
	})
	wait(t, 20*time.Second) // what connecting itself asks is over
	before, spent := map[string]int64{}, connectortest.ProcessorTime()
	for name, l := range lines {
		before[name] = l.Load()
	}
	wait(t, run)
	spent = connectortest.ProcessorTime() - spent
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		l := lines[name]
		kind, _, _ := strings.Cut(name, " ")
		n := float64(l.Load() - before[name])
		needs, known := observing[kind]
		if most := (needs+beyond)*run.Minutes() + needs*0.1 + 1; !known || n > most { // one look more or less
			t.Errorf("%s was sent %.0f in %s; observing needs %.1f a minute, and %d more may be", name, n, run, needs, beyond)
		}
		t.Logf("%-22s %6.1f a minute", name, n/run.Minutes())
	}
	t.Logf("twenty connections: %s of the processor in %s, %.2f %% of one core", spent, run, 100*spent.Seconds()/run.Seconds())
	info, err := h.Engine().Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range info.Connections {
		if !c.Open || c.Trouble != "" {
			t.Errorf("%s: %s", c.Name, c.Trouble)
		}
	}
}

// idleInside builds the stand-ins and runs the test in a network of its own.
func idleInside(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("########## SKIPPED: it makes a network namespace, which needs root ##########")
	}
	dir := t.TempDir()
	for _, pkg := range []string{"fritzbox", "openwrt", "unifi", "recipe"} {
		c := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "migrated_fynedo", "-o", filepath.Join(dir, pkg), "../../../connectors/"+pkg)
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("building the stand-ins of %s: %v\n%s", pkg, err, text)
		}
	}
	c := exec.CommandContext(t.Context(), "unshare", "-n", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), insideVar+"="+dir)
	text, err := c.CombinedOutput()
	t.Logf("%s", text)
	if err != nil {
		t.Error(err)
	}
}

// homeNetwork makes loopback, a home's bridge and a way out, all idle.
func homeNetwork(t *testing.T) {
	t.Helper()
	for _, line := range []string{
		"link set lo up", "link add bblan type bridge", "link set bblan up", "addr add 192.168.77.1/24 dev bblan",
		"link add bbwan type veth peer name bbfar", "link set bbwan up", "link set bbfar up", "addr add 203.0.113.2/24 dev bbwan", "route add default via 203.0.113.1",
	} {
		if text, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", line, err, text)
		}
	}
}

// wait lets time pass; what happens meanwhile is counted.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-t.Context().Done():
	}
}

// counted puts a line in front of a peer that counts what is sent to it, and
// answers where that is.
func counted(t *testing.T, to string) (at string, n *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n = &atomic.Int64{}
	var all sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	keep := func(c net.Conn) { mu.Lock(); defer mu.Unlock(); open[c] = true }
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			keep(in)
			keep(out)
			all.Add(2)
			go func() { defer all.Done(); _, _ = io.Copy(out, countingReader{in, n}); _ = out.Close() }()
			go func() { defer all.Done(); _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return ln.Addr().String(), n
}

// countingReader counts what comes at once as one: a request, or a packet.
type countingReader struct {
	io.Reader
	n *atomic.Int64
}

func (c countingReader) Read(p []byte) (int, error) {
	k, err := c.Reader.Read(p)
	if k > 0 {
		c.n.Add(1)
	}
	return k, err
}

// connectAll makes the twenty connections; the answer counts what each peer is sent.
func connectAll(t *testing.T, h *Home, dir string) map[string]*atomic.Int64 {
	t.Helper()
	lines := map[string]*atomic.Int64{}
	connect := func(kind string, n *atomic.Int64, values, secrets map[string]string) {
		t.Helper()
		name := fmt.Sprintf("%s %d", kind, len(lines)+1)
		if _, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{Kind: kind, Name: name, Values: values, Secrets: secrets}); err != nil {
			t.Fatalf("connecting %s: %v", name, err)
		}
		lines[name] = n
	}
	connect("gateway", &atomic.Int64{}, map[string]string{"lan": "bblan", "wan": "bbwan"}, nil)
	connect("netflow", &atomic.Int64{}, map[string]string{"exporter": "127.0.0.1", "port": "20555"}, nil)
	for range 2 {
		b := startMosquitto(t)
		at, n := counted(t, "127.0.0.1:"+b.port)
		connect("mqtt", n, map[string]string{"address": at, "username": "admin"}, map[string]string{"password": brokerPassword})
	}
	hub := startHub(t)
	hub.mu.Lock()
	hub.quiet = true
	hub.mu.Unlock()
	at, n := counted(t, strings.TrimPrefix(hub.URL, "http://"))
	connect("homeassistant", n, map[string]string{"address": "http://" + at}, map[string]string{"token": hubToken})
	for range 2 {
		for _, name := range []string{"AdGuard Home", "Pi-hole"} {
			b := startBlocker(t, blockers[name].serve)
			at, n := counted(t, strings.TrimPrefix(b.URL, "http://"))
			values := map[string]string{"address": "http://" + at}
			kind := blockers[name].kind.Spec().Kind
			if name == "AdGuard Home" {
				values["username"] = "household"
			}
			connect(kind, n, values, map[string]string{"password": blockerPassword})
		}
	}
	for _, s := range []struct{ program, kind string }{
		{"fritzbox", "fritzbox"},
		{"fritzbox", "fritzbox"},
		{"openwrt", "openwrt"},
		{"openwrt", "openwrt"},
		{"unifi", "unifi"},
		{"unifi", "unifi-classic"},
		{"recipe", "mikrotik"},
		{"recipe", "opnsense"},
		{"recipe", "hue"},
		{"recipe", "shelly"},
	} {
		got := connectortest.StandIn(t, filepath.Join(dir, s.program), "../../../connectors/"+s.program, s.kind)
		u, err := url.Parse(got.Address)
		if err != nil {
			t.Fatal(err)
		}
		at, n := counted(t, u.Host)
		for k, v := range got.Values {
			got.Values[k] = strings.ReplaceAll(v, u.Host, at)
		}
		connect(s.kind, n, got.Values, got.Secrets)
	}
	lines["oauth 20"] = linkOne(t, h)
	return lines
}

// linkOne links an account at a real OAuth server, whose requests are counted.
func linkOne(t *testing.T, h *Home) *atomic.Int64 {
	t.Helper()
	b, n := standBetween(t, connectortest.StartIssuer(t, "fosite")), &atomic.Int64{}
	b.answers(func(http.ResponseWriter, *http.Request) bool { n.Add(1); return false })
	l := &linkedHome{Home: h, e: h.Engine(), issuer: b.Issuer}
	r := l.request("")
	if _, err := l.link(t, r); err != nil {
		t.Fatalf("linking: %v", err)
	}
	return n
}
