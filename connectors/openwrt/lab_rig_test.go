//go:build lab && linux

package openwrt

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// programs is the environment variable that names the directory with OpenWrt's
// own programs, laid out as on a router (usr/sbin/rpcd and so on). They are no
// part of this repository, and nothing here makes them.
const programs = "OPENWRT_PROGRAMS"

// inside is set where the test runs itself in namespaces of its own.
const inside = "OPENWRT_LAB_INSIDE"

// routerRoot is where the router's own files are, and labZone its time zone.
const (
	routerRoot = "/run/owrt/root"
	labZone    = "CET-1CEST,M3.5.0,M10.5.0/3"
)

//go:embed lab_router.sh
var labRouter string

// realRouter is a router of OpenWrt's own programs.
type realRouter struct {
	t   *testing.T
	rpc *exec.Cmd
}

// newRealRouter builds the network and starts the router's programs as its init
// does: ubusd, procd, netifd, rpcd, uhttpd, and the firewall.
func newRealRouter(t *testing.T) *realRouter {
	script := exec.Command("sh", "-s", os.Getenv(programs), labZone)
	script.Stdin = strings.NewReader(labRouter)
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("building the router: %v\n%s", err, out)
	}
	r := &realRouter{t: t}
	r.start("ubusd", "-s", "/var/run/ubus/ubus.sock")
	eventually(t, "the bus", func() bool { _, err := r.try("ubus", "list"); return err == nil })
	r.start("procd", "-S")
	r.serves("service", "system")
	r.start("netifd", "-l", "3")
	r.serves("network.interface")
	r.startRPC()
	r.start("uhttpd", webArgs...)
	eventually(t, "the web server", func() bool {
		c, err := net.Dial("tcp", "192.168.1.1:80")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	eventually(t, "the interfaces", func() bool {
		out, _ := r.try("ubus", "call", "network.interface.lan", "status")
		return strings.Contains(out, `"up": true`)
	})
	r.run("fw4", "start")
	// What the firewall's start script tells procd, with procd's own usual delay.
	r.run("ubus", "call", "service", "set", `{"name":"firewall","script":"/etc/init.d/firewall","instances":{},"triggers":[["config.change",["if",["eq","package","firewall"],["run_script","/etc/init.d/firewall","reload"]],1000]]}`)
	return r
}

// webArgs are uhttpd's arguments as OpenWrt's own start script makes them.
var webArgs = []string{
	"-f", "-h", "/www", "-x", "/cgi-bin", "-u", "/ubus", "-t", "60", "-T", "30", "-k", "20", "-A", "1", "-n", "3", "-N", "100", "-R",
	"-p", "192.168.1.1:80", "-s", "192.168.1.1:443", "-C", "/etc/uhttpd.crt", "-K", "/etc/uhttpd.key",
}

// startRPC starts rpcd, and notes its number for the router's own script.
func (r *realRouter) startRPC() {
	r.rpc = r.start("rpcd", "-s", "/var/run/ubus/ubus.sock", "-t", "30")
	r.write("/tmp/rpcd.pid", fmt.Sprint(r.rpc.Process.Pid))
	r.serves("session", "uci", "file", "luci-rpc")
}

// command is a program of the router, run on it.
func (r *realRouter) command(name string, args ...string) *exec.Cmd {
	c := exec.Command("chroot", append([]string{routerRoot, name}, args...)...)
	// The C library here takes the zone from TZ, the router's from its settings.
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=" + labZone, "HOME=/root"}
	return c
}

func (r *realRouter) start(name string, args ...string) *exec.Cmd {
	r.t.Helper()
	log, err := os.Create(filepath.Join(routerRoot, "tmp", name+".log"))
	if err != nil {
		r.t.Fatal(err)
	}
	c := r.command(name, args...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = log.Close()
		if raw, _ := os.ReadFile(log.Name()); r.t.Failed() && len(raw) > 0 {
			r.t.Logf("%s said: %.2000s", name, raw)
		}
	})
	return c
}

func (r *realRouter) try(name string, args ...string) (string, error) {
	out, err := r.command(name, args...).CombinedOutput()
	return string(out), err
}

func (r *realRouter) run(name string, args ...string) string {
	r.t.Helper()
	out, err := r.try(name, args...)
	if err != nil {
		r.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// serves waits until the bus has these objects.
func (r *realRouter) serves(objects ...string) {
	r.t.Helper()
	for _, o := range objects {
		eventually(r.t, o, func() bool {
			out, err := r.try("ubus", "list", o)
			return err == nil && strings.TrimSpace(out) == o
		})
	}
}

func (r *realRouter) write(path, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(routerRoot, path), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *realRouter) settings(extra map[string]string) connectors.Settings {
	v := map[string]string{optAddress: "http://192.168.1.1", optUsername: "bestbefore", optInterval: "0.2"}
	maps.Copy(v, extra)
	return connectors.Settings{Values: v, Secrets: map[string]consent.SecretRef{optPassword: "ref"}}
}

func (r *realRouter) open(t *testing.T) *Session {
	t.Helper()
	ses, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses.(*Session)
}

// forget takes our rules off the router as somebody with its own password would.
func (r *realRouter) forget() {
	r.t.Helper()
	for limit := time.Now().Add(2 * rollbackAfter * time.Second); ; time.Sleep(50 * time.Millisecond) { // while a change waits to be confirmed
		if _, err := os.Stat(filepath.Join(routerRoot, "run", "rpcd", "snapshot-files")); err != nil {
			break
		}
		if time.Now().After(limit) {
			r.t.Fatal("a change waits to be confirmed for ever")
		}
	}
	out, _ := r.try("uci", "show", "firewall")
	for line := range strings.Lines(out) {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), "=rule"); ok && strings.HasPrefix(name, "firewall."+prefix) {
			r.run("uci", "delete", name)
		}
	}
	r.run("uci", "commit", "firewall")
	r.run("fw4", "reload")
	r.run("conntrack", "-F")
}

// serve answers on an address of the outside with what it is sent.
func serve(t *testing.T, at string) {
	t.Helper()
	ln, err := connectortest.In("net", func() (net.Listener, error) { return net.Listen("tcp", at) })
	if err != nil {
		t.Fatal(err)
	}
	var all []net.Conn // a connection that the router cut never ends by itself here
	var each sync.WaitGroup
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all = append(all, c)
			each.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
		for _, c := range all {
			_ = c.Close()
		}
		each.Wait()
	})
}

// dial opens a connection from a device.
func dial(t testing.TB, device, to string) (net.Conn, error) {
	t.Helper()
	return connectortest.In(device, func() (net.Conn, error) { return net.DialTimeout("tcp", to, 2*time.Second) })
}

// echo sends n bytes and wants them back.
func echo(c net.Conn, n int) error {
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	go func() { _, _ = c.Write(make([]byte, n)) }()
	_, err := io.ReadFull(c, make([]byte, n))
	return err
}

// reaches says whether a new connection of a device gets through.
func reaches(t testing.TB, device, to string) bool {
	t.Helper()
	c, err := dial(t, device, to)
	if err != nil {
		return false
	}
	defer c.Close()
	return echo(c, 100) == nil
}
