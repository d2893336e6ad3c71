package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const adminPassword = "correct-horse-17"

// broker is a real Mosquitto with dynamic security, of this test alone.
type broker struct {
	t    testing.TB
	host string
	port int
	dir  string
	cmd  *exec.Cmd
	out  *logBuffer
	conf string
}

// logBuffer is written by the process and read by the test.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startBroker starts a Mosquitto on a free port; extra are further lines of its
// configuration.
func startBroker(t testing.TB, host string, extra ...string) *broker {
	t.Helper()
	plugin := findPlugin()
	for _, tool := range []string{"mosquitto", "mosquitto_ctrl", "mosquitto_rr", "mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(tool); err != nil || plugin == "" {
			t.Skipf("##### SKIPPED: no %s or no dynamic security plugin; install mosquitto and mosquitto-clients #####", tool)
		}
	}
	b := &broker{t: t, host: host, port: freePort(t, host), dir: t.TempDir()}
	ds := filepath.Join(b.dir, "dynsec.json")
	init := exec.Command("mosquitto_ctrl", "dynsec", "init", ds, "admin")
	init.Stdin = strings.NewReader(adminPassword + "\n" + adminPassword + "\n")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("dynsec init: %v %s", err, out)
	}
	lines := append([]string{
		"user root", "per_listener_settings false", "allow_anonymous false", "sys_interval 1",
		"plugin " + plugin, "plugin_opt_config_file " + ds,
		"log_dest topic", "log_dest stderr", "log_type notice", "log_type error", "log_type warning", "connection_messages true",
		fmt.Sprintf("listener %d %s", b.port, host),
	}, extra...)
	b.conf = filepath.Join(b.dir, "mosquitto.conf")
	if err := os.WriteFile(b.conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func findPlugin() string {
	for _, pattern := range []string{"/usr/lib/*/mosquitto_dynamic_security.so", "/usr/lib/mosquitto_dynamic_security.so", "/usr/local/lib/mosquitto_dynamic_security.so"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

func freePort(t testing.TB, host string) int {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func (b *broker) start() {
	b.t.Helper()
	b.out = &logBuffer{}
	b.cmd = exec.Command("mosquitto", "-c", b.conf)
	b.cmd.Stderr = b.out
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if !eventually(2*time.Minute, func() bool {
		c, err := net.Dial("tcp", b.addr())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		b.stop()
		b.t.Fatalf("mosquitto does not listen: %s", b.out)
	}
}

func (b *broker) stop() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
	b.cmd = nil
}

func (b *broker) addr() string { return net.JoinHostPort(b.host, strconv.Itoa(b.port)) }

// control sends commands as the administrator, by Mosquitto's own tool.
func (b *broker) control(cmds ...string) string {
	b.t.Helper()
	out, err := exec.Command("mosquitto_rr", "-h", b.host, "-p", strconv.Itoa(b.port), "-u", "admin", "-P", adminPassword, "-W", "5",
		"-t", controlTopic, "-e", controlResponse, "-m", `{"commands":[`+strings.Join(cmds, ",")+`]}`).CombinedOutput()
	if err != nil {
		b.t.Fatalf("mosquitto_rr: %v %s", err, out)
	}
	return string(out)
}

// account makes an account that may publish below its own topics.
func (b *broker) account(name string, topics ...string) {
	b.t.Helper()
	acls := []string{`{"acltype":"subscribePattern","topic":"#","allow":true}`}
	for _, t := range topics {
		acls = append(acls, fmt.Sprintf(`{"acltype":"publishClientSend","topic":%q,"allow":true}`, t))
	}
	out := b.control(
		fmt.Sprintf(`{"command":"createRole","rolename":"role-%s","acls":[%s]}`, name, strings.Join(acls, ",")),
		fmt.Sprintf(`{"command":"createClient","username":%q,"password":%q,"textname":"The %s","textdescription":"put up in May","roles":[{"rolename":"role-%s"}]}`, name, passwordOf(name), name, name))
	if strings.Contains(out, `"error"`) {
		b.t.Fatalf("making an account: %s", out)
	}
}

func passwordOf(name string) string { return "pw-of-" + name }

// publish sends one message as an account from one loopback address and says
// whether the broker took it.
func (b *broker) publish(account, from, topic, payload string, more ...string) bool {
	args := append([]string{"-h", b.host, "-p", strconv.Itoa(b.port), "-A", from, "-u", account, "-P", passwordOf(account), "-i", account + "-client", "-q", "1", "-t", topic, "-s"}, more...)
	c := exec.Command("mosquitto_pub", args...)
	c.Stdin = strings.NewReader(payload)
	return c.Run() == nil
}

// client is the account as the broker tells it.
func (b *broker) client(name string) account {
	b.t.Helper()
	var msg struct{ Responses []response }
	if err := json.Unmarshal([]byte(b.control(fmt.Sprintf(`{"command":"getClient","username":%q}`, name))), &msg); err != nil || len(msg.Responses) != 1 {
		b.t.Fatalf("reading an account: %v", err)
	}
	if c := msg.Responses[0].Data.Client; c != nil {
		return *c
	}
	return account{}
}

func (b *broker) settings(user string, more map[string]string) connectors.Settings {
	s := connectors.Settings{Values: map[string]string{optAddress: b.addr(), optUsername: user}, Secrets: map[string]consent.SecretRef{optPassword: consent.SecretRef("pw/" + user)}}
	for k, v := range more {
		s.Values[k] = v
	}
	return s
}

func testHost() *connectors.Host {
	return &connectors.Host{
		Connection: "m1", Now: time.Now, Dial: (&net.Dialer{}).DialContext,
		Secret: func(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
			user := strings.TrimPrefix(string(ref), "pw/")
			if user == "admin" {
				return connectors.NewSecret(adminPassword), nil
			}
			return connectors.NewSecret(passwordOf(user)), nil
		},
	}
}

func openSession(t testing.TB, s connectors.Settings) *Session {
	t.Helper()
	ses, err := New().Open(t.Context(), s, testHost())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses.(*Session)
}

// eventually polls until ok or the time is over.
func eventually(within time.Duration, ok func() bool) bool {
	end := time.Now().Add(within)
	for !ok() {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}
