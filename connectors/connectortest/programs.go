//go:build lab && linux

package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Where the real programs are, and the text from which Pi-hole makes its lists.
// Where Pi-hole is installed both are found; a developer who built it names them.
const (
	envPihole  = "BESTBEFORE_PIHOLE_FTL"
	envLists   = "BESTBEFORE_PIHOLE_LISTS"
	envAdGuard = "BESTBEFORE_ADGUARDHOME"
	envInside  = "BESTBEFORE_INSIDE"

	installedLists = "/etc/.pihole/advanced/Templates/gravity.db.sql"
)

// What the real DNS blockers of a test are set up with. RealUpstream is a server
// of ours behind them, on their own computer, that says RealAnswer to all names.
const (
	RealUser     = "household"
	RealPassword = "correct-horse-77"
	RealUpstream = "127.0.0.1:5300"
	RealAnswer   = "198.51.100.10"
)

// Inside begins the test that calls it anew in a process with its own network,
// mounts and processes, with empty places in which a program can be installed;
// true says that this is that process.
func Inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(envInside) == t.Name() {
		for _, dir := range []string{"/etc", "/run", "/var/log", "/dev/shm"} {
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
				t.Fatal(err)
			}
		}
		put(t, "/etc/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
		put(t, "/etc/group", "root:x:0:\nnogroup:x:65534:\n")
		put(t, "/etc/hosts", "127.0.0.1 localhost\n")
		Command(t, nil, "ip", "link", "set", "lo", "up")
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("##### SKIPPED: network namespaces need root #####")
	}
	for _, p := range []string{"unshare", "ip", "dnsmasq", "nft", "busybox"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("##### SKIPPED: no %s; '.ci/packages lab' installs it #####", p)
		}
	}
	c := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count", "1", "-test.timeout", "15m")
	c.Env = append(os.Environ(), envInside+"="+t.Name())
	out, err := c.CombinedOutput()
	t.Logf("inside:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) && !bytes.Contains(out, []byte("--- SKIP: "+t.Name()+" ")) {
		t.Error("inside it did not run")
	}
	return false
}

func put(t T, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// Command does one command to its end.
func Command(t T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = stdin
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Keep runs a command until the test ends; in names the network namespace, ""
// is this one.
func Keep(t T, in, name string, args ...string) *exec.Cmd {
	t.Helper()
	if in != "" {
		name, args = "ip", append([]string{"netns", "exec", in, name}, args...)
	}
	c := exec.Command(name, args...)
	if err := c.Start(); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c
}

// Upstream starts the server behind a real DNS blocker.
func Upstream(t T, in string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(RealUpstream)
	Keep(t, in, "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--listen-address="+host, "--bind-interfaces", "--port="+port, "--address=/#/"+RealAnswer)
}

// PiholeFiles are Pi-hole's program and the text of its lists; "" is none here.
func PiholeFiles() (program, lists string) {
	program, lists = os.Getenv(envPihole), os.Getenv(envLists)
	if program == "" {
		program, _ = exec.LookPath("pihole-FTL")
	}
	if lists == "" {
		lists = installedLists
	}
	if _, bad := os.Stat(lists); program == "" || bad != nil {
		return "", ""
	}
	return program, lists
}

// NoPihole says what is missing where PiholeFiles found nothing.
const NoPihole = "##### SKIPPED: no real Pi-hole: pihole-FTL in PATH or " + envPihole + ", and its gravity.db.sql in " + envLists + " #####"

// InstallPihole sets Pi-hole up inside as its own installer does, with its page at
// page. Its server is at all addresses of the namespace in which it is started.
func InstallPihole(t T, program string, schema []byte, page string) {
	t.Helper()
	put(t, "/etc/pihole/pihole.toml", "[dns]\nupstreams = [\""+strings.Replace(RealUpstream, ":", "#", 1)+"\"]\n[dns.rateLimit]\ncount = 0\ninterval = 0\n[ntp.ipv4]\nactive = false\n[ntp.ipv6]\nactive = false\n[ntp.sync]\nactive = false\n[webserver]\nport = \""+page+"\"\n")
	put(t, "/var/log/pihole/FTL.log", "")
	Command(t, bytes.NewReader(schema), program, "sqlite3", "/etc/pihole/gravity.db")
	Command(t, nil, program, "--config", "webserver.api.password", RealPassword)
}

// AdGuardProgram is AdGuard Home's program; "" is none here.
func AdGuardProgram() string {
	if p := os.Getenv(envAdGuard); p != "" {
		return p
	}
	p, _ := exec.LookPath("AdGuardHome")
	return p
}

// NoAdGuard says what is missing where there is no AdGuardProgram.
const NoAdGuard = "##### SKIPPED: no real AdGuard Home: AdGuardHome in PATH or " + envAdGuard + " #####"

// StartAdGuardHome runs a real AdGuard Home that was just installed, as its own
// first page does it, in a network namespace; host is its address there.
func StartAdGuardHome(t *testing.T, program, in, host string) (page string) {
	t.Helper()
	Upstream(t, in)
	page = "http://" + net.JoinHostPort(host, "3000")
	Keep(t, in, program, "--no-check-update", "-w", t.TempDir(), "--web-addr", net.JoinHostPort(host, "3000"))
	var last error
	Until(t, "AdGuard Home can be installed", func() bool {
		last = TellAdGuardHome(page, "install/configure", map[string]any{
			"web": map[string]any{"ip": host, "port": 3000}, "dns": map[string]any{"ip": host, "port": 53}, "username": RealUser, "password": RealPassword,
		})
		return last == nil
	})
	Until(t, "it takes our server as its own", func() bool {
		last = TellAdGuardHome(page, "dns_config", map[string]any{"upstream_dns": []string{RealUpstream}, "ratelimit": 0})
		return last == nil
	})
	return page
}

// TellAdGuardHome sets something there, as its own page does.
func TellAdGuardHome(page, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, page+"/control/"+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(RealUser, RealPassword)
	a, err := Host(nil).HTTP.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, a.StatusCode, text)
	}
	return err
}
