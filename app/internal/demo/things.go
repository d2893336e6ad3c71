package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// thing is a device that speaks to the broker.
type thing struct {
	key, name, maker, model string
	mac                     string // set where it is one of the devices that announce themselves too
	carries                 string // the kinds of data that must be seen in its messages
	measures                []measure
	every                   time.Duration
}

// measure is one kind of value that a thing publishes.
type measure struct {
	component string // Home Assistant's word for it: sensor, binary_sensor
	class     string // its device class
	value     func(n int) string
}

// heatingMAC is the thermostat's hardware address, of a maker that does not
// exist: by it the broker's messages and the announcements are known to be one
// device's.
const heatingMAC = "fc:de:30:00:00:04"

// things are the demo's devices at the broker. Two of them have no network
// address of their own, as with radio sensors behind a hub.
func things() []thing {
	return []thing{
		{"heating", "Thermostat", "Demo Heat", "Heat 3", heatingMAC, "presence, temperature", []measure{
			{"sensor", "temperature", wave(19, 3)}, {"binary_sensor", "occupancy", onOff},
		}, time.Second},
		{"hallway", "Hallway sensor", "Demo Sensors", "Sense 1", "", "presence, temperature", []measure{
			{"binary_sensor", "presence", onOff}, {"sensor", "temperature", wave(18, 2)},
		}, 1500 * time.Millisecond},
		{"inverter", "Solar inverter", "Demo Solar", "Sun 2", "", "energy", []measure{
			{"sensor", "power", wave(240, 900)}, {"sensor", "energy", func(n int) string { return fmt.Sprintf("%.3f", 4711+float64(n)/1000) }},
		}, time.Second},
	}
}

// wave goes up and down between low and low+span.
func wave(low, span int) func(int) string {
	return func(n int) string {
		const period = 40
		at := n % period
		return fmt.Sprintf("%.1f", float64(low)+float64(span)*float64(min(at, period-at))*2/period)
	}
}

func onOff(n int) string { return map[bool]string{true: "ON", false: "OFF"}[n/10%2 == 0] }

// topic is where a measure's values go.
func (t thing) topic(m measure) string { return states + "/" + t.key + "/" + m.class }

// announcement is Home Assistant's discovery message for a measure.
func (t thing) announcement(m measure) (topic string, payload []byte, err error) {
	d := map[string]any{"identifiers": []string{t.uid()}, "name": t.name, "manufacturer": t.maker, "model": t.model}
	if t.mac != "" {
		d["connections"] = [][]string{{"mac", t.mac}}
	}
	payload, err = json.Marshal(map[string]any{
		"name": m.class, "unique_id": "demo_" + t.key + "_" + m.class, "device_class": m.class, "state_topic": t.topic(m), "device": d,
	})
	return announced + "/" + m.component + "/" + t.key + "/" + m.class + "/config", payload, err
}

// publish is a thing's part: it signs in and says what it measures for ever, and
// tries again where that fails.
func publish(ctx context.Context, b *broker, t thing) {
	for ctx.Err() == nil {
		_ = publishOnce(ctx, b, t) // a device shrugs and tries again
		_ = pause(ctx, again)      // the loop asks for the context's end itself
	}
}

func publishOnce(ctx context.Context, b *broker, t thing) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", b.addr())
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := signIn(c, t.key, b.accounts[t.key]); err != nil {
		return err
	}
	for _, m := range t.measures {
		topic, payload, err := t.announcement(m)
		if err != nil {
			return err
		}
		if err := put(c, topic, payload, true); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		for _, m := range t.measures {
			if err := put(c, t.topic(m), []byte(m.value(n)), false); err != nil {
				return err
			}
		}
		if pause(ctx, t.every) != nil {
			return nil
		}
	}
}

// connackBytes is the length of the broker's answer in MQTT 3.1.1, whose last
// byte says whether we are in.
const connackBytes = 4

// signIn begins a conversation with the broker.
func signIn(c net.Conn, account, password string) error {
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: 4,
		Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, ClientIdentifier: hostPrefix + account,
			UsernameFlag: true, Username: []byte(account), PasswordFlag: true, Password: []byte(password),
		},
	}
	var out bytes.Buffer
	if err := pk.ConnectEncode(&out); err != nil {
		return err
	}
	if _, err := c.Write(out.Bytes()); err != nil {
		return err
	}
	answer := make([]byte, connackBytes)
	if _, err := io.ReadFull(c, answer); err != nil {
		return err
	}
	if answer[connackBytes-1] != 0 {
		return errRefused
	}
	return nil
}

// put publishes one message.
func put(c net.Conn, topic string, payload []byte, retain bool) error {
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Retain: retain}, ProtocolVersion: 4,
		TopicName: topic, Payload: payload,
	}
	var out bytes.Buffer
	if err := pk.PublishEncode(&out); err != nil {
		return err
	}
	_, err := c.Write(out.Bytes())
	return err
}

// thingOf finds the thing that a device of the engine is.
func thingOf(ts []thing, d engine.DeviceInfo) (thing, bool) {
	for _, t := range ts {
		for _, id := range d.Identifiers {
			if id.Type == discovery.Remote && strings.HasSuffix(id.Value, "/"+announced+"/"+cmp.Or(t.mac, t.uid())) {
				return t, true
			}
		}
	}
	return thing{}, false
}

// uid is how a thing calls itself in its announcements.
func (t thing) uid() string { return "demo-" + t.key }

// data are the kinds of data that were seen in a device's messages; "" is none.
func data(d engine.DeviceInfo) string {
	for _, f := range d.Facts {
		if f.Key == "data" {
			return f.Value
		}
	}
	return ""
}
