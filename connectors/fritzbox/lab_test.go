//go:build lab && linux

package fritzbox

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// inside is the environment variable under which this test runs itself in a
// network namespace of its own.
const inside = "FRITZBOX_LAB_INSIDE"

// TestLabRealGateway speaks to miniupnpd, a real UPnP gateway: the search, the
// description, calls with values, and the faults 401, 713 and 714 are its own.
// It knows no digest and no filter for devices; for those there is only the fake.
func TestLabRealGateway(t *testing.T) {
	if os.Getenv(inside) != "" {
		insideTheLab(t)
		return
	}
	for _, p := range []string{"ip", "miniupnpd", "nft", "unshare"} {
		if _, err := exec.LookPath(p); err != nil || os.Geteuid() != 0 {
			t.Skipf("needs root and %s", p)
		}
	}
	c := exec.Command("unshare", "-n", os.Args[0], "-test.run=^TestLabRealGateway$", "-test.v")
	c.Env = append(os.Environ(), inside+"=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func insideTheLab(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	rules := file("nft", "table inet filter { chain miniupnpd { }; chain prerouting_miniupnpd { }; chain postrouting_miniupnpd { }; }\n")
	for _, line := range []string{
		"ip link set lo up", "ip link add wan0 type bridge", "ip addr add 198.51.100.7/24 dev wan0", "ip link set wan0 up",
		"ip link add lan0 type bridge", "ip addr add 192.168.79.1/24 dev lan0", "ip link set lan0 up", "nft -f " + rules,
	} {
		f := strings.Fields(line)
		if out, err := exec.Command(f[0], f[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", line, err, out)
		}
	}
	conf := file("upnp.conf", "ext_ifname=wan0\nlistening_ip=lan0\nhttp_port=49000\nenable_upnp=yes\nuuid=75802409-bccb-40e7-8e6c-444e6d000001\nfriendly_name=FRITZ!Box 7590\nnotify_interval=60\n")
	gw := exec.Command("miniupnpd", "-d", "-f", conf, "-P", filepath.Join(dir, "upnp.pid"))
	if err := gw.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = gw.Process.Kill()
		_ = gw.Wait()
	}()
	eventually(t, "the gateway", func() bool {
		c, err := net.Dial("tcp", "192.168.79.1:49000")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	location(t)
	talk(t)
}

// location searches as SSDP has it and wants the address of a description.
func location(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "192.168.79.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	buf := make([]byte, 2048)
	eventually(t, "an answer to the search", func() bool {
		_, _ = pc.WriteTo([]byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n"), &net.UDPAddr{IP: net.IPv4(192, 168, 79, 1), Port: 1900})
		_ = pc.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, _, err := pc.ReadFrom(buf)
		return err == nil && strings.Contains(strings.ToLower(string(buf[:n])), "location: http://192.168.79.1:49000/")
	})
}

func talk(t *testing.T) {
	base, err := baseOf("192.168.79.1:49000")
	if err != nil {
		t.Fatal(err)
	}
	plainHTTP := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 3 * time.Second}
	s := &Session{base: base, signed: plainHTTP, plain: plainHTTP, now: time.Now}
	raw, err := s.get(t.Context(), plainHTTP, "/rootDesc.xml", maxDescription)
	if err != nil {
		t.Fatal(err)
	}
	services, err := parseServices(raw)
	at := slices.IndexFunc(services, func(x string) bool { return strings.Contains(x, "WANIPConnection") })
	if err != nil || at < 0 {
		t.Fatalf("%v, %v", services, err)
	}
	call := func(action string, args ...argument) (map[string]string, error) {
		return s.call(t.Context(), "/ctl/IPConn", services[at], action, args...)
	}
	if out, err := call("GetExternalIPAddress"); err != nil || out["NewExternalIPAddress"] == "" && len(out) == 0 {
		t.Errorf("a call with an answer: %v, %v", out, err)
	}
	if out, err := call("GetStatusInfo"); err != nil || len(out) != 3 {
		t.Errorf("a call with three values: %v, %v", out, err)
	}
	for code, ask := range map[int]func() (map[string]string, error){
		codeIndex: func() (map[string]string, error) {
			return call("GetGenericPortMappingEntry", argument{"NewPortMappingIndex", "0"})
		},
		codeInvalidAction: func() (map[string]string, error) { return call("X_AVM-DE_GetChangeCounter") },
		codeNoEntry: func() (map[string]string, error) {
			return call("GetSpecificPortMappingEntry", argument{"NewRemoteHost", ""}, argument{"NewExternalPort", "8080"}, argument{"NewProtocol", "TCP"})
		},
	} {
		if out, err := ask(); codeOf(err) != code {
			t.Errorf("want fault %d: %v, %v", code, out, err)
		}
	}
	// It is no FRITZ!Box, and opening says what to look at.
	_, err = New().Open(t.Context(), connectors.Settings{
		Values:  map[string]string{optAddress: "192.168.79.1:49000", optUsername: boxUser},
		Secrets: map[string]consent.SecretRef{optPassword: "x"},
	}, hostFor("", boxPassword))
	wantFault(t, "open", err, consent.KindNeedsPerson, "no FRITZ!Box that lets programs in")
}
