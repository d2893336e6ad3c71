//go:build lab && linux

package openwrt

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLabRealRouter holds the connector against OpenWrt's own ubusd, procd,
// netifd, rpcd, uhttpd, uci, ucode and firewall4, with real traffic of two
// devices through the real kernel. What is not OpenWrt's own there: the C library
// and the kernel, nft and conntrack (Debian's), the start scripts of the firewall
// and of rpcd, and the file of leases.
func TestLabRealRouter(t *testing.T) {
	if os.Getenv(inside) != "" {
		insideTheLab(t)
		return
	}
	dir := os.Getenv(programs)
	if dir == "" {
		t.Skipf("%s names no directory with OpenWrt's own programs (usr/sbin/ubusd, procd, netifd, rpcd, uhttpd, fw4), so the real router was not tried", programs)
	}
	for _, p := range []string{"ubusd", "procd", "netifd", "rpcd", "uhttpd", "fw4"} {
		if _, err := os.Stat(filepath.Join(dir, "usr", "sbin", p)); err != nil {
			t.Fatalf("%s is set, but: %v", programs, err)
		}
	}
	for _, p := range []string{"ip", "nft", "conntrack", "unshare", "busybox", "openssl"} {
		if _, err := exec.LookPath(p); err != nil || os.Geteuid() != 0 {
			t.Skipf("needs root and %s", p)
		}
	}
	c := exec.Command("unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", os.Args[0], "-test.run="+flag.Lookup("test.run").Value.String(), "-test.v", "-test.timeout=15m")
	c.Env = append(os.Environ(), inside+"=1")
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: TestLabRealRouter") {
		t.Errorf("%v", err)
	}
}

func insideTheLab(t *testing.T) {
	r := newRealRouter(t)
	for _, at := range []string{near4, near6, far4, far6} {
		serve(t, at)
	}
	for _, c := range []struct {
		name string
		run  func(*testing.T, *realRouter)
	}{
		{"the setup text, pasted", pastesTheSetup},
		{"the account may no more than is needed", mayNoMore},
		{"a wrong password is tried once", triesOnce},
		{"over TLS", speaksTLS},
		{"who is in the home", seesTheHome},
		{"flows", seesFlows},
		{"a recipient is stopped", stopsARecipient},
		{"without waiting for the firewall", doesNotWait},
		{"a device is stopped", stopsADevice},
		{"many addresses, one inside another", stopsMany},
		{"a date", keepsDates},
		{"a date beyond the change of the clocks", changesClocks},
		{"what is not confirmed is taken back", takesBack},
		{"sessions end", endsSessions},
		{"a right that is missing", missesARight},
		{"a table that is too large", readsALargeTable},
		{"conformance", conforms},
	} {
		ok := t.Run(c.name, func(t *testing.T) { c.run(t, r) })
		if !ok && c.name == "the setup text, pasted" {
			return
		}
	}
}

// What the outside answers on.
const (
	near4 = "198.51.100.7:4000"
	near6 = "[2001:db8:a::7]:4000"
	far4  = "198.51.100.8:4000"
	far6  = "[2001:db8:a::8]:4000"
)
