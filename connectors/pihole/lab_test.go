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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"bestbefore/connectors/connectortest"
)

const (
	realPage   = "127.0.0.1:8053"
	realServer = "127.0.0.1:53"
	realAnswer = connectortest.RealAnswer
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
	program, lists := connectortest.PiholeFiles()
	if program == "" {
		t.Skip(connectortest.NoPihole)
	}
	schema, err := os.ReadFile(lists) // before the places are emptied
	if err != nil {
		t.Fatal(err)
	}
	if !connectortest.Inside(t) {
		return
	}
	connectortest.InstallPihole(t, program, schema, realPage)
	connectortest.Upstream(t, "")
	f := &real{t: t, program: program}
	f.start()
	test(f)
}

// run does one command to its end.
func run(t connectortest.T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	return connectortest.Command(t, stdin, name, args...)
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
	// On a busy computer its lists are there a moment later than its page.
	sid, _ := f.signIn(connectortest.RealPassword)
	connectortest.Until(f.t, "its lists can be reached", func() bool { return f.api(http.MethodGet, "/api/domains", sid, nil, nil) == http.StatusOK })
	f.api(http.MethodDelete, "/api/auth", sid, nil, nil)
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
	opened, err := New().Open(f.t.Context(), settings("http://"+realPage, connectortest.RealPassword), connectortest.Host(nil))
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
