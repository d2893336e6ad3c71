//go:build lab

package mdns

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sh runs a program and fails the test when it fails.
func sh(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// needRoot skips where namespaces cannot be made.
func needRoot(t *testing.T, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to make network namespaces")
	}
	for _, p := range append(programs, "ip", "unshare") {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
}

// long leaves a test to the long run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("LAB_LONG") == "" {
		t.Skip("set LAB_LONG=1 for the long figures")
	}
}

// inside runs f in the network namespace at path, on a thread of its own that
// ends with it. Sockets opened by f stay in that namespace.
func inside(t *testing.T, path string, f func()) {
	t.Helper()
	var wg sync.WaitGroup
	var err error
	wg.Go(func() {
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		var fd int
		if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(fd)
		if err = unix.Setns(fd, unix.CLONE_NEWNET); err == nil {
			f()
		}
	})
	wg.Wait()
	if err != nil {
		t.Errorf("entering %s: %v", path, err)
	}
}

// browse runs an engine in the namespace at path until the test or stop ends it.
func browse(t *testing.T, path string, c Config, handle func(Event)) (stop func()) {
	t.Helper()
	if c.Now == nil {
		c.Now = time.Now
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		inside(t, path, func() {
			if err := e.Browse(ctx, handle); err != nil {
				t.Errorf("browsing: %v", err)
			}
		})
	})
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// lan is a bridge of our own with one namespace for each host.
type lan struct {
	t      *testing.T
	prefix string
	n      int
}

// newLAN makes a bridge in a namespace and takes all down when the test ends.
func newLAN(t *testing.T) *lan {
	t.Helper()
	l := &lan{t: t, prefix: fmt.Sprintf("bbm%d-", os.Getpid())}
	t.Cleanup(l.down)
	sh(t, "ip", "netns", "add", l.prefix+"lan")
	sh(t, "ip", "-n", l.prefix+"lan", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
	sh(t, "ip", "-n", l.prefix+"lan", "link", "set", "br0", "up")
	return l
}

func (l *lan) down() {
	out, _ := exec.Command("ip", "netns", "list").Output()
	for _, line := range strings.Split(string(out), "\n") {
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, l.prefix) {
			_ = exec.Command("ip", "netns", "del", name).Run()
		}
	}
}

// host adds a namespace with one interface on the bridge and returns its path.
func (l *lan) host(name string) string {
	l.t.Helper()
	ns := l.prefix + name
	sh(l.t, "ip", "netns", "add", ns)
	sh(l.t, "ip", "-n", ns, "link", "set", "lo", "up")
	l.plug(name, "eth0")
	return "/run/netns/" + ns
}

// plug adds an interface on the bridge to a host.
func (l *lan) plug(name, ifname string) {
	l.t.Helper()
	l.n++
	ns, octet := l.prefix+name, fmt.Sprint(l.n)
	port := "p" + octet
	sh(l.t, "ip", "-n", l.prefix+"lan", "link", "add", port, "type", "veth", "peer", "name", ifname, "netns", ns)
	sh(l.t, "ip", "-n", l.prefix+"lan", "link", "set", port, "master", "br0", "up")
	sh(l.t, "ip", "netns", "exec", ns, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/"+ifname+"/accept_dad")
	sh(l.t, "ip", "-n", ns, "link", "set", ifname, "up")
	sh(l.t, "ip", "-n", ns, "addr", "add", "10.77.0."+octet+"/16", "dev", ifname)
	sh(l.t, "ip", "-n", ns, "addr", "add", "fd77::"+octet+"/64", "dev", ifname, "nodad")
}

// spawn runs a program in the background until the test ends.
func spawn(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
}

const avahiHost = `
hostname "$1"; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /etc/avahi/services
for i in $(seq 1 "$2"); do
cat >/etc/avahi/services/s$i.service <<E
<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>$1 no $i</name><service><type>_t$((i % $3))._tcp</type><port>$((8000+i))</port>
<txt-record>id=$1-$i</txt-record><txt-record>md=Model $i</txt-record></service></service-group>
E
done
printf '[server]\nhost-name=%s\nuse-ipv4=yes\nuse-ipv6=yes\nenable-dbus=no\nratelimit-interval-usec=1000000\nratelimit-burst=1000\n[publish]\npublish-hinfo=no\npublish-workstation=no\n' "$1" >/run/a.conf
exec avahi-daemon -f /run/a.conf --no-chroot --no-rlimits >/dev/null 2>&1
`

// avahi runs a real avahi daemon with n services of the given number of types
// on a new host.
func (l *lan) avahi(name string, n, types int) string {
	l.t.Helper()
	path := l.host(name)
	spawn(l.t, "ip", "netns", "exec", l.prefix+name, "unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child",
		"bash", "-c", avahiHost, "-", name, fmt.Sprint(n), fmt.Sprint(types))
	return path
}

// rest waits until the avahi daemons have nothing left to do. All of them share
// this machine's few cores, and each takes in the answers of all the others: one
// that is still busy with an earlier browse answers the next one late, which a
// host with a processor of its own would not.
func (l *lan) rest() {
	l.t.Helper()
	used := func() (ticks int) {
		list, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, p := range list {
			b, _ := os.ReadFile(p)
			head, tail, _ := strings.Cut(string(b), ") ")
			if !strings.HasSuffix(head, "(avahi-daemon") {
				continue
			}
			if f := strings.Fields(tail); len(f) > 12 {
				user, _ := strconv.Atoi(f[11])
				system, _ := strconv.Atoi(f[12])
				ticks += user + system
			}
		}
		return ticks
	}
	for last, begun := -1, time.Now(); ; time.Sleep(500 * time.Millisecond) {
		now := used()
		if now-last <= 1 && last >= 0 {
			return
		}
		if time.Since(begun) > 30*time.Second {
			l.t.Log("the daemons do not come to rest")
			return
		}
		last = now
	}
}

// home is the home in a box: real daemons on one LAN.
type home struct {
	script string
	env    []string
	probe  string // path of the empty namespace where we browse
}

// newHome starts the devices and takes them down when the test ends.
func newHome(t *testing.T, devices ...string) *home {
	t.Helper()
	needRoot(t, "avahi-daemon", "avahi-browse", "bash")
	script := os.Getenv("BB_LAB")
	if script == "" {
		script = "../../.ci/lab/home-in-a-box.sh"
	}
	script, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(script); err != nil {
		t.Skipf("no lab: %v", err)
	}
	h := &home{script: script, env: os.Environ()}
	if os.Getenv("HB_PREFIX") == "" { // a lab of our own, beside any other
		h.env = append(h.env, "HB_PREFIX=bm-", fmt.Sprintf("HB_STATE=/run/bb-mdns-%d", os.Getpid()))
	}
	t.Cleanup(func() { _, _ = h.run("down") })
	if out, err := h.run(append([]string{"up"}, devices...)...); err != nil {
		t.Fatalf("starting the lab: %v\n%s", err, out)
	}
	out, err := h.run("probe", "readlink", "/proc/self/ns/net")
	if err != nil {
		t.Fatalf("finding the lab's empty namespace: %v\n%s", err, out)
	}
	h.probe = namespaceCalled(t, strings.TrimSpace(out))
	return h
}

func (h *home) run(args ...string) (string, error) {
	cmd := exec.Command("bash", append([]string{h.script}, args...)...)
	cmd.Env = h.env
	f, err := os.CreateTemp("", "bb-lab")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f // a file: daemons keep the output open
	err = cmd.Run()
	b, _ := os.ReadFile(f.Name())
	return string(b), err
}

// namespaceCalled finds the path of the namespace that the kernel calls
// "net:[4026532000]".
func namespaceCalled(t *testing.T, id string) string {
	t.Helper()
	list, _ := filepath.Glob("/run/netns/*")
	for _, p := range list {
		var st unix.Stat_t
		if unix.Stat(p, &st) == nil && fmt.Sprintf("net:[%d]", st.Ino) == id {
			return p
		}
	}
	t.Fatalf("no namespace %s in /run/netns", id)
	return ""
}

// onlyEth0 is an Interfaces function for hosts of the LAN.
func onlyEth0() ([]net.Interface, error) {
	i, err := net.InterfaceByName("eth0")
	if err != nil {
		return nil, err
	}
	return []net.Interface{*i}, nil
}
