//go:build lab && linux

package pihole

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"bestbefore/connectors/connectortest"
)

// Where the real program is, and the text from which it makes its lists. Where
// Pi-hole is installed both are found; a developer who built it names them.
const (
	envProgram = "BESTBEFORE_PIHOLE_FTL"
	envLists   = "BESTBEFORE_PIHOLE_LISTS"
	envInside  = "BESTBEFORE_PIHOLE_INSIDE"

	installedLists = "/etc/.pihole/advanced/Templates/gravity.db.sql"
)

const (
	realPage   = "127.0.0.1:8053"
	realServer = "127.0.0.1:53"
	upstream   = "127.0.0.1:5300"
	realAnswer = "198.51.100.10"
)

// real is a real Pi-hole in namespaces of its own: nothing of it is on this
// computer's network or disk.
type real struct {
	t       *testing.T
	program string
	ftl     *exec.Cmd
	asked   atomic.Uint32
}

// lab runs a test against a real Pi-hole that has just been installed. The test
// begins anew in a process of its own, with its own network, mounts and processes.
func lab(t *testing.T, test func(f *real)) {
	t.Helper()
	program, lists := peerFiles(t)
	if os.Getenv(envInside) == "" {
		again(t)
		return
	}
	schema, err := os.ReadFile(lists)
	if err != nil {
		t.Fatal(err)
	}
	f := &real{t: t, program: program}
	f.furnish(schema)
	f.start()
	test(f)
}

// peerFiles are the program and its lists; without them the test is skipped.
func peerFiles(t *testing.T) (program, lists string) {
	t.Helper()
	program, lists = os.Getenv(envProgram), os.Getenv(envLists)
	if program == "" {
		program, _ = exec.LookPath("pihole-FTL")
	}
	if lists == "" {
		lists = installedLists
	}
	if _, bad := os.Stat(lists); program == "" || bad != nil {
		t.Skipf("##### SKIPPED: no real Pi-hole: pihole-FTL in PATH or %s, and its gravity.db.sql in %s #####", envProgram, envLists)
	}
	for _, p := range []string{"unshare", "ip", "dnsmasq"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("##### SKIPPED: no %s; '.ci/packages lab' installs it #####", p)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("##### SKIPPED: network namespaces need root #####")
	}
	return program, lists
}

// again runs this test inside.
func again(t *testing.T) {
	t.Helper()
	c := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count", "1", "-test.timeout", "10m")
	c.Env = append(os.Environ(), envInside+"=1")
	out, err := c.CombinedOutput()
	t.Logf("inside:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Error("inside it did not run")
	}
}

// run does one command to its end.
func run(t connectortest.T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = stdin
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// furnish gives this process empty places in which Pi-hole is set up as its own
// installer does, with answers from a server of ours.
func (f *real) furnish(schema []byte) {
	t := f.t
	t.Helper()
	for _, dir := range []string{"/etc", "/run", "/var/log", "/dev/shm"} {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
			t.Fatal(err)
		}
	}
	run(t, nil, "ip", "link", "set", "lo", "up")
	for name, text := range map[string]string{
		"/etc/passwd":             "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
		"/etc/group":              "root:x:0:\nnogroup:x:65534:\n",
		"/etc/hosts":              "127.0.0.1 localhost\n",
		"/etc/pihole/pihole.toml": "[dns]\nupstreams = [\"" + strings.Replace(upstream, ":", "#", 1) + "\"]\n[dns.rateLimit]\ncount = 0\ninterval = 0\n[ntp.ipv4]\nactive = false\n[ntp.ipv6]\nactive = false\n[ntp.sync]\nactive = false\n[webserver]\nport = \"" + realPage + "\"\n",
		"/var/log/pihole/FTL.log": "",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, bytes.NewReader(schema), f.program, "sqlite3", "/etc/pihole/gravity.db")
	f.set("webserver.api.password", fakePassword)
	host, port, _ := net.SplitHostPort(upstream)
	names := exec.Command("dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--listen-address="+host, "--bind-interfaces", "--port="+port, "--address=/#/"+realAnswer)
	if err := names.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = names.Process.Kill(); _ = names.Wait() })
}

// set changes one of its settings.
func (f *real) set(key, value string) { run(f.t, nil, f.program, "--config", key, value) }

// start runs it until it answers.
func (f *real) start() {
	f.t.Helper()
	f.ftl = exec.Command(f.program, "-f")
	if err := f.ftl.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = f.stop(unix.SIGKILL) })
	connectortest.Until(f.t, "it answers", func() bool {
		r, err := connectortest.Host(nil).HTTP.Get("http://" + realPage + "/api/info/login")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil && f.answered("127.0.0.1", "pi.hole")
	})
}

// stop ends it: by SIGTERM as its service does, by SIGKILL as a power cut does.
func (f *real) stop(by unix.Signal) error {
	if f.ftl == nil || f.ftl.ProcessState != nil {
		return nil
	}
	_ = f.ftl.Process.Signal(by)
	return f.ftl.Wait()
}

// ask sends one question once, from one of the loopback addresses.
func (f *real) ask(client, name string) (addresses []netip.Addr, code dnsmessage.RCode, err error) {
	return f.askAt(realServer, client, name)
}

func (f *real) askAt(server, client, name string) (addresses []netip.Addr, code dnsmessage.RCode, err error) {
	c, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}, Timeout: 5 * time.Second}).Dial("udp", server)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = c.Close() }()
	id := uint16(f.asked.Add(1))
	q, err := (&dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(strings.TrimSuffix(name, ".") + "."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}).Pack()
	if err != nil {
		return nil, 0, err
	}
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, 0, err
	}
	if _, err := c.Write(q); err != nil {
		return nil, 0, err
	}
	buf := make([]byte, 1500)
	n, err := c.Read(buf)
	if err != nil {
		return nil, 0, err
	}
	var m dnsmessage.Message
	if err := m.Unpack(buf[:n]); err != nil || m.ID != id || binary.BigEndian.Uint16(buf) != id {
		return nil, 0, fmt.Errorf("what answers is not an answer: %w", err)
	}
	for _, a := range m.Answers {
		if r, ok := a.Body.(*dnsmessage.AResource); ok {
			addresses = append(addresses, netip.AddrFrom4(r.A))
		}
	}
	return addresses, m.RCode, nil
}

// answered says whether a device was told where a name is.
func (f *real) answered(client, name string) bool {
	as, code, err := f.ask(client, name)
	return err == nil && code == dnsmessage.RCodeSuccess && len(as) > 0 && !as[0].IsUnspecified()
}

// many asks n times for a name; every question is answered, or the test ends.
func (f *real) many(client, name string, n int) {
	f.t.Helper()
	for range n {
		if _, _, err := f.ask(client, name); err != nil {
			f.t.Fatalf("asking for %s: %v", name, err)
		}
	}
}

// open signs in.
func (f *real) open(t connectortest.T) *Session {
	t.Helper()
	opened, err := New().Open(f.t.Context(), settings("http://"+realPage, fakePassword), connectortest.Host(nil))
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	s := opened.(*Session)
	s.Every = 100 * time.Millisecond
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// api asks the real page as its own interface does, and decodes what it says.
func (f *real) api(method, path, sid string, in, out any) int {
	f.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(f.t.Context(), method, "http://"+realPage+path, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if sid != "" {
		r.Header.Set(sidHeader, sid)
	}
	a, err := connectortest.Host(nil).HTTP.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err == nil && out != nil && len(text) > 0 {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		f.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	return a.StatusCode
}

// version is what it says that it is.
func (f *real) version() string {
	return strings.TrimSpace(run(f.t, nil, f.program, "-v"))
}
