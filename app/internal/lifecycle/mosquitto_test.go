package lifecycle

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mosquitto is a real broker with dynamic security, on loopback.
type mosquitto struct {
	t    *testing.T
	port string
}

const brokerPassword = "correct-horse-23"

func startMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	plugins, err := filepath.Glob("/usr/lib/*/mosquitto_dynamic_security.so")
	if _, look := exec.LookPath("mosquitto"); err != nil || look != nil || len(plugins) == 0 {
		t.Skip("##### SKIPPED: no mosquitto with its dynamic security plugin; install mosquitto and mosquitto-clients #####")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &mosquitto{t: t, port: strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)}
	_ = ln.Close()
	dir := t.TempDir()
	accounts := filepath.Join(dir, "dynsec.json")
	set := exec.Command("mosquitto_ctrl", "dynsec", "init", accounts, "admin")
	set.Stdin = strings.NewReader(brokerPassword + "\n" + brokerPassword + "\n")
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("making the broker's accounts: %v %s", err, out)
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	text := strings.Join([]string{
		"user root", "per_listener_settings false", "allow_anonymous false", "sys_interval 1", "plugin " + plugins[0], "plugin_opt_config_file " + accounts,
		"log_dest topic", "log_type notice", "log_type error", "log_type warning", "connection_messages true", "listener " + b.port + " 127.0.0.1",
	}, "\n") + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("mosquitto", "-c", conf)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
	})
	until(t, "the broker listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+b.port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return b
}

// control sends commands as the administrator, by Mosquitto's own tool.
func (b *mosquitto) control(cmds ...string) string {
	b.t.Helper()
	const topic = "$CONTROL/dynamic-security/v1"
	out, err := exec.Command("mosquitto_rr", "-h", "127.0.0.1", "-p", b.port, "-u", "admin", "-P", brokerPassword, "-W", "5",
		"-t", topic, "-e", topic+"/response", "-m", `{"commands":[`+strings.Join(cmds, ",")+`]}`).CombinedOutput()
	if err != nil {
		b.t.Fatalf("mosquitto_rr: %v %s", err, out)
	}
	return string(out)
}

// account makes an account that alone may publish below home/NAME.
func (b *mosquitto) account(name string) {
	b.t.Helper()
	out := b.control(
		fmt.Sprintf(`{"command":"createRole","rolename":"role-%s","acls":[{"acltype":"publishClientSend","topic":"home/%s/#","allow":true},{"acltype":"subscribePattern","topic":"#","allow":true}]}`, name, name),
		fmt.Sprintf(`{"command":"createClient","username":%q,"password":%q,"textname":"The %s","roles":[{"rolename":"role-%s"}]}`, name, "pw-of-"+name, name, name))
	if strings.Contains(out, `"error"`) {
		b.t.Fatalf("making an account: %s", out)
	}
}

func (b *mosquitto) disabled(name string) bool {
	return strings.Contains(b.control(fmt.Sprintf(`{"command":"getClient","username":%q}`, name)), `"disabled":true`)
}

func (b *mosquitto) gone(name string) bool {
	return strings.Contains(b.control(fmt.Sprintf(`{"command":"getClient","username":%q}`, name)), "Client not found")
}

// publish sends one message as an account and says whether the broker took it.
func (b *mosquitto) publish(name, topic, payload string) bool {
	return exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", b.port, "-A", "127.0.0.7", "-u", name, "-P", "pw-of-"+name, "-i", name+"-pub", "-q", "1", "-t", topic, "-m", payload).Run() == nil
}

// hold keeps a connection of an account open; the channel is closed when the
// broker has ended it and takes it no more.
func (b *mosquitto) hold(name string) <-chan struct{} {
	b.t.Helper()
	c := exec.Command("mosquitto_sub", "-h", "127.0.0.1", "-p", b.port, "-A", "127.0.0.7", "-u", name, "-P", "pw-of-"+name, "-i", name+"-held", "-t", "nothing")
	if err := c.Start(); err != nil {
		b.t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = c.Wait()
	}()
	b.t.Cleanup(func() { _ = c.Process.Kill(); <-over })
	return over
}

// drop has the broker throw messages away: a subscriber stands still while
// many are published.
func (b *mosquitto) drop() {
	b.t.Helper()
	slow := exec.Command("stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", b.port, "-u", "plug", "-P", "pw-of-plug", "-i", "slow", "-q", "1", "-t", "home/#", "-d")
	out, err := slow.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := slow.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = slow.Process.Kill(); _ = slow.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "Subscribed"); {
	}
	if err := slow.Process.Signal(standStill); err != nil {
		b.t.Fatal(err)
	}
	pub := exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", b.port, "-u", "plug", "-P", "pw-of-plug", "-q", "1", "-t", "home/plug/power", "-l")
	pub.Stdin = strings.NewReader(strings.Repeat("3\n", 5000))
	if msg, err := pub.CombinedOutput(); err != nil {
		b.t.Fatalf("publishing: %v %s", err, msg)
	}
}

func ended(c <-chan struct{}, within time.Duration) bool {
	select {
	case <-c:
		return true
	case <-time.After(within):
		return false
	}
}
