//go:build lab && linux

package lab

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// broker is a real Mosquitto with dynamic security on the router's own loopback.
type broker struct {
	h *home
}

const (
	brokerAddress  = "127.0.0.1:1883"
	brokerPassword = "correct-horse-23"
	brokerTopic    = "$CONTROL/dynamic-security/v1"
)

// broker starts it; the test is skipped where it is not installed.
func (h *home) broker() *broker {
	h.t.Helper()
	plugins, err := filepath.Glob("/usr/lib/*/mosquitto_dynamic_security.so")
	if _, look := exec.LookPath("mosquitto"); err != nil || look != nil || len(plugins) == 0 {
		h.t.Skip("##### SKIPPED: no mosquitto with its dynamic security plugin; '.ci/packages lab' installs it #####")
	}
	dir := h.t.TempDir()
	accounts, conf := filepath.Join(dir, "accounts.json"), filepath.Join(dir, "mosquitto.conf")
	set := exec.Command("mosquitto_ctrl", "dynsec", "init", accounts, "admin")
	set.Stdin = strings.NewReader(brokerPassword + "\n" + brokerPassword + "\n")
	if out, err := set.CombinedOutput(); err != nil {
		h.t.Fatalf("making the broker's accounts: %v %s", err, out)
	}
	_, port, err := net.SplitHostPort(brokerAddress)
	if err != nil {
		h.t.Fatal(err)
	}
	text := strings.Join([]string{
		"user root", "per_listener_settings false", "allow_anonymous false", "sys_interval 1", "plugin " + plugins[0], "plugin_opt_config_file " + accounts,
		"log_dest topic", "log_type notice", "log_type error", "log_type warning", "connection_messages true", "listener " + port + " 127.0.0.1",
	}, "\n") + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	run := h.command("exec", "gw", "mosquitto", "-c", conf)
	if err := run.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { kill(run) })
	b := &broker{h: h}
	eventually(h.t, 10*time.Second, "the broker answers", func() bool {
		return b.ask(`{"command":"listClients"}`).Run() == nil
	})
	return b
}

// ask sends commands as the administrator, by Mosquitto's own tool.
func (b *broker) ask(cmds ...string) *exec.Cmd {
	return b.h.command("exec", "gw", "mosquitto_rr", "-h", "127.0.0.1", "-u", "admin", "-P", brokerPassword, "-W", "5",
		"-t", brokerTopic, "-e", brokerTopic+"/response", "-m", `{"commands":[`+strings.Join(cmds, ",")+`]}`)
}

// control is ask, and what the broker answered.
func (b *broker) control(cmds ...string) []byte {
	b.h.t.Helper()
	out, err := b.ask(cmds...).Output()
	if err != nil || strings.Contains(string(out), `"error"`) {
		b.h.t.Fatalf("the broker: %v %s", err, out)
	}
	return out
}

// accounts makes n accounts, each of which may publish below home/NAME.
func (b *broker) accounts(n int) []string {
	b.h.t.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("sensor%03d", i)
		b.control(
			fmt.Sprintf(`{"command":"createRole","rolename":%q,"acls":[{"acltype":"publishClientSend","topic":"home/%s/#","allow":true}]}`, names[i], names[i]),
			fmt.Sprintf(`{"command":"createClient","username":%q,"password":"pw","roles":[{"rolename":%q}]}`, names[i], names[i]))
	}
	return names
}

// publish sends a reading as an account and says whether the broker took it.
func (b *broker) publish(name string) bool {
	return b.h.command("exec", "gw", "mosquitto_pub", "-h", "127.0.0.1", "-A", "127.0.0.7", "-u", name, "-P", "pw", "-i", name, "-q", "1",
		"-t", "home/"+name+"/temperature", "-m", "21.5").Run() == nil
}

// disabled are the accounts that are switched off, as the broker says.
func (b *broker) disabled() map[string]bool {
	b.h.t.Helper()
	var answer struct {
		Responses []struct {
			Data struct {
				Clients []struct {
					Username string `json:"username"`
					Disabled bool   `json:"disabled"`
				} `json:"clients"`
			} `json:"data"`
		} `json:"responses"`
	}
	if err := json.Unmarshal(b.control(`{"command":"listClients","verbose":true}`), &answer); err != nil {
		b.h.t.Fatal(err)
	}
	off := map[string]bool{}
	for _, r := range answer.Responses {
		for _, c := range r.Data.Clients {
			if c.Disabled {
				off[c.Username] = true
			}
		}
	}
	return off
}
