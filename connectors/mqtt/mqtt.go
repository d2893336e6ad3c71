// Package mqtt is the connector for the broker behind most smart homes. It
// subscribes to the usual prefixes only, names what kinds of data pass without
// keeping a single value, infers which device a message came from and says by
// what, and, where the broker is a Mosquitto with dynamic security and our
// account may administer it, switches accounts off and on again, deletes them,
// and looks whether that had its effect. Where a Zigbee2MQTT speaks on the broker,
// a device can be made to leave its network.
//
// MQTT does not name the publisher of a message. It is inferred from discovery
// messages, from topics that only one account may publish to, and from what a
// device says of itself; what none of these explains is "somebody at home".
package mqtt

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "mqtt"

// Option keys of the connector.
const (
	optAddress  = "address"
	optUsername = "username"
	optPassword = "password"
	optCA       = "ca"
	optTopics   = "topics"
	optControl  = "control"

	controlAuto = "auto"
	controlYes  = "yes"
	controlNo   = "no"
)

// Connector is the MQTT connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  "MQTT broker (Mosquitto)",
		Sees:  words.Text("Which kinds of data the devices send to the broker, and how much; never the values themselves."),
		Stops: words.Text("One account of a Mosquitto broker with dynamic security; its connection is cut at once and can be given back. A Zigbee device's place in its network, for good."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the broker"), Required: true, Address: true, Help: words.Text("Such as 192.168.1.5, tcp://broker.lan:1883 or tls://broker.lan:8883.")},
			{Key: optUsername, Label: words.Text("User name"), Help: words.Text("An account that may read; to block, one that may administer dynamic security.")},
			{Key: optPassword, Label: words.Text("Password"), Secret: true},
			{Key: optCA, Label: words.Text("File of the broker's certificate authority"), Seldom: true, Help: words.Text("Only for tls:// with a certificate of your own. Empty: the system's authorities.")},
			{Key: optTopics, Label: words.Text("Topics to read"), Seldom: true, Help: words.Text("With commas. Empty: what Home Assistant, Zigbee2MQTT, Tasmota, Shelly, ESPHome and OwnTracks use. A bare # is refused.")},
			{
				Key: optControl, Label: words.Text("Manage accounts"), Default: controlAuto, Seldom: true,
				Choices: []connectors.Answer{{Value: controlAuto, Label: words.Text("where it may")}, {Value: controlNo, Label: words.Text("no, only watch")}, {Value: controlYes, Label: words.Text("yes, and say when it may not")}},
			},
		},
		Announced: []connectors.Announced{{Type: "_mqtt._tcp", Key: optAddress}, {Type: "_secure-mqtt._tcp", Key: optAddress, Scheme: "tls://"}},
		Needs:     []string{words.Text("an account on the broker"), words.Text("to block: Mosquitto 2 with the dynamic security plugin and an account with its admin role"), words.Text("to make a Zigbee device leave: Zigbee2MQTT, and the right to write to zigbee2mqtt/bridge/request/#")},
		Access:    words.Text("its accounts"),
		Stays: connectors.Stays{
			What:  words.Text("The broker's account whose password you gave stays there, with its rights."),
			Steps: []string{words.Text("If it is for Best Before alone, delete it at the broker. With dynamic security: mosquitto_ctrl dynsec deleteClient NAME. With a password file: mosquitto_passwd -D FILE NAME, then reload the broker.")},
		},
	}
}
