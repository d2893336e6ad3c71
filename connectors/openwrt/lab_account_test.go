//go:build lab && linux

package openwrt

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// pastesTheSetup pastes the setup text into the router's own shell on a terminal
// and answers its question, as a person does. The twin pastes it as single lines.
func pastesTheSetup(t *testing.T, r *realRouter) {
	lines := strings.NewReplacer("bestbefore_setup() {\n", "", "\n}\nbestbefore_setup\n", "\n").Replace(Setup)
	if lines == Setup {
		t.Fatal("the setup text is not one command")
	}
	signsIn := func() error {
		s, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	r.paste(t, lines)
	if err := signsIn(); connectors.KindOf(err) != consent.KindSignIn {
		t.Errorf("pasted as single lines the account works as well: %v", err)
	}
	for _, what := range []string{"pasted", "pasted again"} {
		if said := r.paste(t, Setup); strings.Contains(said, password) {
			t.Errorf("the password is shown on the terminal:\n%s", said)
		}
		if err := signsIn(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if out := r.run("uci", "show", "rpcd.bestbefore"); strings.Count(out, "'bestbefore'") != 3 || !strings.Contains(out, "password='$") {
		t.Errorf("the account after pasting twice:\n%s", out)
	}
	s := r.open(t)
	if s.missing != "" || s.dates != "" || !s.observes() || !s.cuts() {
		t.Errorf("missing %q, dates %q, observes %v, cuts %v", s.missing, s.dates, s.observes(), s.cuts())
	}
}

// paste types text on a terminal of the router, then the password, when it is asked for.
func (r *realRouter) paste(t *testing.T, text string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	n, err1 := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err2 := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	slave, err3 := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	sh := r.command("sh", "-i")
	sh.Env = append(sh.Env, "PS1=router# ", "TERM=dumb")
	sh.Stdin, sh.Stdout, sh.Stderr = slave, slave, slave
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var mu sync.Mutex
	var said bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			mu.Lock()
			said.Write(buf[:n])
			mu.Unlock()
		}
	}()
	after := func(text string) bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(said.String(), text)
	}
	eventually(t, "a prompt", func() bool { return after("router# ") })
	_, _ = master.WriteString(text)
	eventually(t, "the question for the password", func() bool {
		tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		return err == nil && tio.Lflag&unix.ECHO == 0 && after("\nA new password") // nobody types before that
	})
	_, _ = master.WriteString(password + "\n")
	_, _ = master.WriteString("echo all; echo done\n")
	eventually(t, "the end of the setup", func() bool { return after("all\r\ndone\r\n") })
	_, _ = master.WriteString("exit\n")
	_ = sh.Wait()
	_ = master.Close()
	<-done
	r.serves("session", "uci", "file", "luci-rpc")
	return said.String()
}

// mayNoMore tries what the account must not do. The twin is a star where the
// setup text names the chain: nft takes what follows as further commands.
func mayNoMore(t *testing.T, r *realRouter) {
	s := r.open(t)
	ask := func(s *Session, object, method string, args any) int {
		_, err := s.line.once(t.Context(), s.line.id, object, method, args)
		if codeOf(err) == 0 && err != nil {
			t.Error(err)
		}
		return codeOf(err)
	}
	run := func(command string, params ...string) map[string]any {
		return map[string]any{"command": command, "params": params}
	}
	more := run(rulesCommand, "-j", "list", "chain", "inet", "fw4", "forward_lan;", "list", "ruleset")
	for _, c := range []struct {
		object, method string
		args           any
		code           int
	}{
		{"file", "exec", run(rulesCommand, "-j", "list", "chain", "inet", "fw4", "forward_lan"), codeOK},
		{"file", "exec", more, codeDenied},
		{"file", "exec", run("/bin/cat", "/etc/shadow"), codeDenied},
		{"file", "exec", run("/bin/cat", tableFile, "/etc/shadow"), codeDenied},
		{"file", "exec", run("/usr/sbin/conntrack", "-F"), codeDenied},
		{"file", "read", map[string]any{"path": "/etc/shadow"}, codeDenied},
		{"file", "write", map[string]any{"path": "/etc/x", "data": ""}, rpcDenied},
		{"uci", "get", map[string]any{"config": "rpcd"}, codeDenied},
		{"uci", "delete", map[string]any{"config": "system", "section": "@system[0]"}, codeDenied},
		{"uci", "set", map[string]any{"config": "firewall", "section": "x", "values": map[string]any{}}, rpcDenied},
		{"service", "list", nil, rpcDenied},
		{"session", "list", nil, rpcDenied},
	} {
		if got := ask(s, c.object, c.method, c.args); got != c.code {
			t.Errorf("%s %s %v: code %d, want %d", c.object, c.method, c.args, got, c.code)
		}
	}
	r.rights(t, "forward_lan", "forward_*")
	if got := ask(r.open(t), "file", "exec", more); got != codeOK {
		t.Errorf("with a star the further command gives code %d, so nothing was tested", got)
	}
}

// rights changes the account's rights on the router until the test ends.
func (r *realRouter) rights(t *testing.T, replace ...string) {
	t.Helper()
	const file = "/usr/share/rpcd/acl.d/bestbefore.json"
	was, err := os.ReadFile(filepath.Join(routerRoot, file))
	if err != nil {
		t.Fatal(err)
	}
	now := strings.NewReplacer(replace...).Replace(string(was))
	if now == string(was) {
		t.Fatalf("%v is not in the rights", replace)
	}
	set := func(text string) {
		r.write(file, text)
		r.run("/etc/init.d/rpcd", "restart")
		r.serves("session", "uci", "file", "luci-rpc")
	}
	set(now)
	t.Cleanup(func() { set(string(was)) })
}

func triesOnce(t *testing.T, r *realRouter) {
	asked := 0
	h := hostFor("wrong")
	h.HTTP = &http.Client{Transport: counting{&asked}}
	_, err := New().Open(t.Context(), r.settings(nil), h)
	wantFault(t, "a wrong password", err, consent.KindSignIn, "does not accept")
	if asked != 1 || codeOf(err) != codeOK {
		t.Errorf("asked %d times, %v", asked, err)
	}
	if h := r.open(t); h.line.refused != nil { // nobody is locked out
		t.Error(h.line.refused)
	}
}

type counting struct{ n *int }

// RoundTrip counts.
func (c counting) RoundTrip(q *http.Request) (*http.Response, error) {
	*c.n++
	return (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
}

// speaksTLS trusts the certificate that the household said yes to, as the guarded
// way out does; this package has none.
func speaksTLS(t *testing.T, r *realRouter) {
	raw, err := os.ReadFile(filepath.Join(routerRoot, "etc", "uhttpd.crt"))
	if err != nil {
		t.Fatal(err)
	}
	own, _ := pem.Decode(raw)
	errOther := errors.New("another certificate")
	h := hostFor(password)
	h.HTTP = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // the check below is the check
		VerifyPeerCertificate: func(chain [][]byte, _ [][]*x509.Certificate) error {
			if len(chain) != 1 || !bytes.Equal(chain[0], own.Bytes) {
				return errOther
			}
			return nil
		},
	}}}
	set := r.settings(map[string]string{optAddress: "192.168.1.1"})
	s, err := New().Open(t.Context(), set, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.(*Session).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	_ = s.Close()
	own.Bytes = nil
	if _, err := New().Open(t.Context(), set, h); connectors.KindOf(err) != consent.KindTransient || !errors.Is(err, errOther) {
		t.Errorf("with another certificate: %v", err)
	}
}

// endsSessions lets the router forget our session, and restarts what keeps it.
func endsSessions(t *testing.T, r *realRouter) {
	s := r.open(t)
	was := s.line.id
	r.run("ubus", "call", "session", "destroy", fmt.Sprintf(`{"ubus_rpc_session":%q}`, was))
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7")})
	if s.line.id == was {
		t.Error("the session is the old one")
	}
	// While its service starts anew the router has nothing that we ask for. No
	// person can do anything about that, and our password is not the wrong one.
	failed := 0
	for range 5 {
		r.run("/etc/init.d/rpcd", "restart")
		for limit := time.Now().Add(300 * time.Millisecond); time.Now().Before(limit); {
			err := s.Probe(t.Context())
			if err != nil {
				failed++
			}
			if err != nil && connectors.KindOf(err) != consent.KindTransient {
				t.Fatalf("while it starts anew: %v", err)
			}
		}
	}
	t.Logf("%d questions failed while rpcd started anew", failed)
	r.serves("session", "uci", "file", "luci-rpc")
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if _, err := s.Unblock(t.Context(), rec); err != nil {
		t.Error(err)
	}
	// Closing signs off.
	id := s.line.id
	_ = s.Close()
	if out, err := r.try("ubus", "call", "session", "get", fmt.Sprintf(`{"ubus_rpc_session":%q}`, id)); err == nil {
		t.Errorf("the session is still there: %s", out)
	}
}

func missesARight(t *testing.T, r *realRouter) {
	for name, c := range map[string]struct {
		replace []string
		check   func(*Session) bool
	}{
		"no writing": {[]string{`"uci": ["firewall"],`, ``}, func(s *Session) bool {
			return s.missing == "writing the firewall's settings" && s.Capabilities().Blocker == nil
		}},
		"no commit":  {[]string{`"commit", `, ``}, func(s *Session) bool { return s.missing == "uci commit" }},
		"no cutting": {[]string{`/usr/sbin/conntrack`, `/usr/sbin/other`}, func(s *Session) bool { return !s.Traits().CutsOpenFlows && s.missing == "" }},
		"no zone":    {[]string{`"firewall", "system"`, `"firewall"`}, func(s *Session) bool { return !s.Traits().HoldsStart && s.missing == "" }},
		"no network": {[]string{`"dump"`, `"other"`}, func(s *Session) bool { return s.missing == "" }},
	} {
		t.Run(name, func(t *testing.T) {
			r.rights(t, c.replace...)
			if s := r.open(t); !c.check(s) {
				t.Errorf("missing %q, traits %+v", s.missing, s.Traits())
			}
		})
	}
	r.rights(t, `"getDHCPLeases", "getHostHints"`, `"getDHCPLeases"`)
	_, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
	wantFault(t, "no hints", err, consent.KindNeedsPerson, `may not do "luci-rpc getHostHints"`)
}
