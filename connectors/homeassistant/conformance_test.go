package homeassistant

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// asFlows tells the suite, which counts bytes by port, of reports: a device whose
// id ends with a port stands for a flow to it.
type asFlows struct{ *Session }

func (a asFlows) Capabilities() connectors.Capabilities {
	c := connectors.CapabilitiesOf(a.Session)
	c.Observer = observer{c.Observer}
	return c
}

type observer struct{ connectors.Observer }

func (o observer) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	return o.Observer.Observe(ctx, from, func(recs []flow.Record, c connectors.Cursor) {
		for i, r := range recs {
			_, port, _ := strings.Cut(r.Local.Remote, "d-port")
			if n, err := strconv.ParseUint(port, 10, 16); err == nil {
				recs[i].Port, recs[i].Up = uint16(n), r.Count*connectortest.SendBytes
			}
		}
		emit(recs, c)
	})
}

// target is a device's way to Home Assistant.
func target(address, device, mac string) connectors.Target {
	return connectors.Target{
		Device:      discovery.DeviceID("ours-" + device),
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}, {Type: discovery.Remote, Value: "k1/" + device}},
		Recipient:   consent.Recipient{Name: peer, Destinations: []string{address}},
	}
}

func TestConformance(t *testing.T) {
	f := newFake(t)
	f.with(func() {
		f.still = true
		for port := 4100; port < 4104; port++ {
			id := fmt.Sprintf("d-port%d", port)
			f.home.device(id, id, "", "e-plugs", "")
			e := fakeEntity{ID: "sensor.port" + strconv.Itoa(port), Device: id, Entry: "e-plugs", Class: "power"}
			f.home.entities = append(f.home.entities, e)
			f.home.told[e.ID] = true
		}
		// The household disabled this one itself; nobody else enables it.
		e := f.find("e-stuck")
		e.Disabled, e.State, e.stuck = "user", "not_loaded", false
	})
	entities := map[string]string{"ours-d-vacuum": "sensor.vacuum_state", "ours-d-kettle": "sensor.kettle_power"}
	made := map[string]string{}
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			f.clear("e-stuck")
			return asFlows{open(ct, f.URL, ownToken)}
		},
		Target: target("127.0.0.1", "d-vacuum", "64:90:c1:00:00:03"),
		Other:  target("127.0.0.1", "d-kettle", "64:90:c1:00:00:01"),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.report(entities[string(tg.Device)])
		},
		Send: func(_ connectortest.T, port uint16) {
			f.with(func() { f.report("sensor.port" + strconv.Itoa(int(port))) })
		},
		SeesWhileOff: true,
		Grant: func(connectortest.T) (g consent.Grant) {
			secret := fmt.Sprintf("made-%d", len(made))
			f.with(func() { g.ID = f.token(secret, "Anna", "Guest") })
			g.Connection, g.Kind, made[g.ID] = "k1", kindToken, secret
			return g
		},
		Works: func(_ connectortest.T, g consent.Grant) bool { return status(t, f.URL, made[g.ID]) == http.StatusOK },
		Dies:  func(_ connectortest.T, g consent.Grant) { f.with(func() { delete(f.tokens, g.ID) }) },
		Busy: func(ct connectortest.T, until time.Time) {
			f.with(func() {
				f.greeting = func(w http.ResponseWriter) bool {
					w.Header().Set("Retry-After", strconv.Itoa(int(time.Until(until).Seconds())+1))
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}
			})
			f.hangUp("")
			ct.Cleanup(func() { f.with(func() { f.greeting = nil }) })
		},
		Break: func(ct connectortest.T) {
			f.with(func() { f.greeting = hangsUp })
			f.hangUp("")
			ct.Cleanup(func() { f.with(func() { f.greeting = nil }) })
		},
		Forget:  func(connectortest.T) { f.clear("e-stuck") },
		Secrets: []string{ownToken, phoneToken},
	})
	f.with(func() {
		if e := f.find("e-stuck"); e.Disabled != "user" {
			t.Errorf("what the household disabled itself was enabled: %+v", e)
		}
	})
}
