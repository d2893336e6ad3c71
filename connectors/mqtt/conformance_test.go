package mqtt

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// TestConformance runs the suite that every connector must pass against a real
// Mosquitto. The suite tells its flows apart by port, so the broker listens on
// all of them: which one an account came in by is in the broker's log.
func TestConformance(t *testing.T) {
	const host = "127.66.0.1"
	var extra []string
	for port := 4100; port < 4104; port++ {
		extra = append(extra, fmt.Sprintf("listener %d %s", port, host))
	}
	b := startBroker(t, host, extra...)
	for _, name := range []string{"cam", "plug", "sender"} {
		b.account(name, "shellies/"+name+"-x/#", "home/"+name+"/#")
	}
	from := map[string]string{"cam": "127.0.0.7", "plug": "127.0.0.8"}
	open := func(ct connectortest.T) connectors.Session {
		ses, err := New().Open(t.Context(), b.settings("admin", map[string]string{optTopics: "home/#"}), testHost())
		if err != nil {
			ct.Fatalf("%v", err)
		}
		if connectors.CapabilitiesOf(ses).Blocker == nil {
			ct.Fatalf("the administrator is not taken for one, so nothing would be tested")
		}
		ct.Cleanup(func() {
			forget(b, "cam", "plug")
			if err := ses.Close(); err != nil {
				ct.Errorf("%v", err)
			}
		})
		return ses
	}
	grants := 0
	connectortest.Run(t, connectortest.Options{
		Open:   open,
		Target: connectors.Target{Account: "cam", Recipient: consent.Recipient{Any: true}},
		Other:  connectors.Target{Account: "plug", Recipient: consent.Recipient{Name: "the broker", Destinations: []string{host}}},
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			return b.publish(tg.Account, from[tg.Account], "home/"+tg.Account+"/temperature", "21.5")
		},
		Send: func(ct connectortest.T, port uint16) {
			c := exec.Command("mosquitto_pub", "-h", host, "-p", strconv.Itoa(int(port)), "-u", "sender", "-P", passwordOf("sender"), "-q", "1", "-t", "home/sender/image", "-s")
			c.Stdin = strings.NewReader(strings.Repeat("x", connectortest.SendBytes))
			if out, err := c.CombinedOutput(); err != nil {
				ct.Errorf("sending: %v %s", err, out)
			}
		},
		Grant: func(connectortest.T) consent.Grant {
			grants++
			name := fmt.Sprintf("guest%d", grants)
			b.account(name, "home/"+name+"/#")
			return consent.Grant{ID: name, Connection: "m1", Kind: "account"}
		},
		Works: func(_ connectortest.T, g consent.Grant) bool {
			return b.publish(g.ID, "127.0.0.9", "home/"+g.ID+"/x", "1")
		},
		Break:   func(ct connectortest.T) { b.stop(); ct.Cleanup(b.start) },
		Forget:  func(connectortest.T) { forget(b, "cam", "plug") },
		Secrets: []string{adminPassword, passwordOf("cam")},
	})
}

// forget takes our marks away behind the connector's back.
func forget(b *broker, names ...string) {
	if b.cmd == nil {
		return
	}
	for _, n := range names {
		b.control(fmt.Sprintf(`{"command":"modifyClient","username":%q,"textdescription":"put up in May"}`, n), fmt.Sprintf(`{"command":"enableClient","username":%q}`, n))
	}
}
