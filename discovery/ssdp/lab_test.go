//go:build lab && linux

package ssdp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
)

// inside is the environment variable under which this test runs itself in a
// namespace; it holds for how long to scan.
const inside = "SSDP_LAB_INSIDE"

// TestLab searches a network in namespaces on which a real gateway (miniupnpd)
// and a real media server (minidlnad) are.
func TestLab(t *testing.T) {
	if d := os.Getenv(inside); d != "" {
		scanInside(t, d)
		return
	}
	for _, p := range []string{"ip", "miniupnpd", "minidlnad", "nft"} {
		if _, err := exec.LookPath(p); err != nil || os.Geteuid() != 0 {
			t.Skipf("needs root and %s", p)
		}
	}
	l := newLab(t)
	l.host("me", "02:00:00:00:00:fa", 250)
	l.host("gw", "44:4e:6d:00:00:01", 1)
	l.host("nas", "00:11:32:00:00:12", 12)
	l.gateway()
	l.mediaServer()

	found := l.scan(6 * time.Second)
	byName := map[string]discovery.Sighting{}
	for _, s := range found {
		for _, f := range s.Facts {
			if f.Key == "friendly_name" {
				byName[f.Value] = s
			}
		}
	}
	gw, nas := byName["FRITZ!Box 7590"], byName["DiskStation media"]
	for _, c := range []struct {
		s          discovery.Sighting
		from, udn  string
		key, value string
	}{
		{gw, "192.168.79.1", "75802409-bccb-40e7-8e6c-444e6d000001", "manufacturer", "AVM Berlin"},
		{gw, "192.168.79.1", "75802409-bccb-40e7-8e6c-444e6d000001", "model", "FRITZ!Box 7590"},
		{gw, "192.168.79.1", "75802409-bccb-40e7-8e6c-444e6d000001", "serial", "12345678"},
		{nas, "192.168.79.12", "4d696e69-444c-164e-9d41-001132000012", "model", "DS918+"},
		{nas, "192.168.79.12", "4d696e69-444c-164e-9d41-001132000012", "serial", "1780PDN123456"},
	} {
		if !slices.Contains(c.s.Identifiers, discovery.Identifier{Type: discovery.UDN, Value: c.udn}) || c.s.From != netip.MustParseAddr(c.from) {
			t.Errorf("%s: %+v", c.udn, c.s)
			continue
		}
		if !slices.ContainsFunc(c.s.Facts, func(f discovery.Fact) bool { return f.Key == c.key && f.Value == c.value }) {
			t.Errorf("%s has no %s=%s: %+v", c.from, c.key, c.value, c.s.Facts)
		}
	}
	t.Logf("%d sightings, last detail %q", len(found), found[len(found)-1].Detail)
}

type lab struct {
	t   *testing.T
	dir string
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, dir: t.TempDir()}
	l.ns("lan")
	l.ip("-n", l.name("lan"), "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
	l.ip("-n", l.name("lan"), "link", "set", "br0", "up")
	return l
}

func (l *lab) name(s string) string { return fmt.Sprintf("ssdp%d-%s", os.Getpid(), s) }

func (l *lab) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, out)
	}
}

func (l *lab) ns(s string) {
	l.ip("netns", "add", l.name(s))
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", l.name(s)).Run() })
}

func (l *lab) host(s, mac string, last int) {
	l.ns(s)
	port := fmt.Sprintf("p%d", last)
	l.ip("-n", l.name("lan"), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", l.name(s))
	l.ip("-n", l.name("lan"), "link", "set", port, "master", "br0", "up")
	l.ip("-n", l.name(s), "link", "set", "eth0", "address", mac)
	l.ip("-n", l.name(s), "link", "set", "lo", "up")
	l.ip("-n", l.name(s), "link", "set", "eth0", "up")
	l.ip("-n", l.name(s), "addr", "add", fmt.Sprintf("192.168.79.%d/24", last), "dev", "eth0")
	l.ip("-n", l.name(s), "route", "add", "default", "dev", "eth0")
}

// start runs a daemon in a namespace for as long as the test lasts.
func (l *lab) start(s string, args ...string) {
	l.t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", l.name(s)}, args...)...)
	out, err := os.Create(filepath.Join(l.dir, s+".log"))
	if err != nil {
		l.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		out.Close()
		if l.t.Failed() {
			b, _ := os.ReadFile(out.Name())
			l.t.Logf("%s said: %s", s, b)
		}
	})
}

func (l *lab) file(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

func (l *lab) gateway() {
	l.ip("-n", l.name("gw"), "link", "add", "wan0", "type", "bridge")
	l.ip("-n", l.name("gw"), "addr", "add", "198.51.100.7/24", "dev", "wan0")
	l.ip("-n", l.name("gw"), "link", "set", "wan0", "up")
	rules := l.file("nft", "table inet filter { chain miniupnpd { }; chain prerouting_miniupnpd { }; chain postrouting_miniupnpd { }; }\n")
	l.ip("netns", "exec", l.name("gw"), "nft", "-f", rules)
	conf := l.file("upnp.conf", `ext_ifname=wan0
listening_ip=eth0
http_port=49000
enable_upnp=yes
uuid=75802409-bccb-40e7-8e6c-444e6d000001
friendly_name=FRITZ!Box 7590
manufacturer_name=AVM Berlin
model_name=FRITZ!Box 7590
model_number=avm
model_description=FRITZ!Box 7590
serial=12345678
notify_interval=60
`)
	l.start("gw", "miniupnpd", "-d", "-f", conf, "-P", filepath.Join(l.dir, "upnp.pid"))
}

func (l *lab) mediaServer() {
	for _, d := range []string{"media", "db", "log"} {
		if err := os.Mkdir(filepath.Join(l.dir, d), 0o700); err != nil {
			l.t.Fatal(err)
		}
	}
	conf := l.file("dlna.conf", fmt.Sprintf(`media_dir=%[1]s/media
db_dir=%[1]s/db
log_dir=%[1]s/log
friendly_name=DiskStation media
port=8200
network_interface=eth0
notify_interval=60
model_name=DS918+
model_number=DS918+
serial=1780PDN123456
uuid=4d696e69-444c-164e-9d41-001132000012
`, l.dir))
	l.start("nas", "minidlnad", "-d", "-f", conf, "-P", filepath.Join(l.dir, "dlna.pid"))
}

func (l *lab) scan(long time.Duration) (out []discovery.Sighting) {
	l.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", l.name("me"), os.Args[0], "-test.run=^TestLab$")
	cmd.Env = append(os.Environ(), inside+"="+long.String())
	text, err := cmd.Output()
	if err != nil {
		l.t.Fatalf("inside: %v\n%s", err, text)
	}
	for line := range strings.Lines(string(text)) {
		var s discovery.Sighting
		if json.Unmarshal([]byte(line), &s) == nil {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		l.t.Fatalf("nothing found\n%s", text)
	}
	return out
}

func scanInside(t *testing.T, d string) {
	long, err := time.ParseDuration(d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Now: time.Now, Report: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	began := time.Now()
	if err := s.Scan(ctx, func(s discovery.Sighting) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Error(err)
		}
		fmt.Println(string(b))
		fmt.Printf("after %v: %s %s\n", time.Since(began).Round(time.Millisecond), s.From, s.Detail)
	}); err != nil {
		t.Error(err)
	}
}
