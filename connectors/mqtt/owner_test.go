package mqtt

import (
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// owned is a session without a broker whose book has heard some messages.
func owned(messages func(take func(topic string))) *Session {
	s := &Session{connection: "m1", book: newBook("m1"), clients: newClients(1883), now: time.Now, set: settings{host: "192.0.2.5"}}
	s.book.setRights([]right{
		{"plug", "Plug", "tele/plug/#"},
		{"hub", "Hub", "zigbee2mqtt/#"},
		{"cam", "Camera", "home/cam/#"},
		{"a", "A", "both/#"},
		{"b", "B", "both/#"},
	}, func(string) uint16 { return 1883 })
	messages(func(topic string) { s.book.take(topic, []byte("1"), false, time.Unix(1000, 0)) })
	return s
}

func remoteTarget(ids ...string) connectors.Target {
	t := connectors.Target{Recipient: consent.Recipient{Any: true}}
	for _, id := range ids {
		t.Identifiers = append(t.Identifiers, discovery.Identifier{Type: discovery.Remote, Value: "m1/" + id})
	}
	return t
}

func TestTheAccountBehindADevice(t *testing.T) {
	s := owned(func(take func(string)) {
		for _, x := range []string{"tele/plug/SENSOR", "zigbee2mqtt/lamp", "zigbee2mqtt/hall", "home/cam/image", "both/x"} {
			take(x)
		}
	})
	s.clients.remember("cam", "192.0.2.44", 1883, time.Unix(1000, 0))
	at := func(addr string) connectors.Target {
		return connectors.Target{Addresses: []string{addr}, Recipient: consent.Recipient{Any: true}}
	}
	for name, c := range map[string]struct {
		target connectors.Target
		want   string
		shares string
		kind   consent.ErrorKind
	}{
		"a device that speaks for itself": {target: remoteTarget("tasmota/plug"), want: "plug"},
		"known by its account":            {target: remoteTarget("account/cam"), want: "cam"},
		"behind a hub":                    {target: remoteTarget("zigbee2mqtt/lamp"), want: "hub", shares: "m1/zigbee2mqtt/hall"},
		"the hub itself":                  {target: remoteTarget("account/hub"), want: "hub", shares: "m1/zigbee2mqtt/hall m1/zigbee2mqtt/lamp"},
		"alone at its address":            {target: at("192.0.2.44"), want: "cam"},
		"unknown":                         {target: at("192.0.2.45"), kind: consent.KindUnsupported},
		"two accounts":                    {target: remoteTarget("account/a", "account/b"), kind: consent.KindNeedsPerson},
	} {
		got, err := s.AccountOf(t.Context(), c.target)
		if c.kind != "" {
			if connectors.KindOf(err) != c.kind || err == nil {
				t.Errorf("%s: %+v %v, want %s", name, got, err, c.kind)
			}
			continue
		}
		var shares []string
		for _, i := range got.Shares {
			shares = append(shares, i.Value)
		}
		if err != nil || got.Name != c.want || strings.Join(shares, " ") != c.shares || got.Because == "" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// The twin: a topic on which two accounts may publish tells nothing.
func TestWithoutRightsOfItsOwnNoAccountIsBehindADevice(t *testing.T) {
	s := owned(func(take func(string)) { take("tele/plug/SENSOR") })
	s.book.setRights([]right{{"plug", "Plug", "#"}, {"hub", "Hub", "#"}}, func(string) uint16 { return 1883 })
	s2 := owned(func(func(string)) {})
	s2.book.setRights([]right{{"plug", "Plug", "#"}, {"hub", "Hub", "#"}}, func(string) uint16 { return 1883 })
	s2.book.take("tele/plug/SENSOR", []byte("1"), false, time.Unix(1000, 0))
	if a, err := s2.AccountOf(t.Context(), remoteTarget("tasmota/plug")); err == nil {
		t.Errorf("everybody may publish there, but it is said to be %+v", a)
	}
	if a, err := s.AccountOf(t.Context(), remoteTarget("tasmota/plug")); err != nil || a.Name != "plug" {
		t.Errorf("what was seen while only it could publish there is forgotten: %+v %v", a, err)
	}
}

func TestARecipientElsewhereIsNotReachedThroughTheBroker(t *testing.T) {
	s := owned(func(func(string)) {})
	tg := remoteTarget("account/cam")
	for dest, want := range map[string]consent.ErrorKind{"203.0.113.7": consent.KindUnsupported, "192.0.2.5": ""} {
		tg.Recipient = consent.Recipient{Name: "x", Destinations: []string{dest}}
		if _, err := s.AccountOf(t.Context(), tg); (err == nil) != (want == "") || err != nil && connectors.KindOf(err) != want {
			t.Errorf("%s: %v", dest, err)
		}
	}
}

func TestADeviceThatSpeaksForItselfIsOneWithItsAccount(t *testing.T) {
	s := owned(func(take func(string)) { take("tele/plug/SENSOR"); take("zigbee2mqtt/lamp") })
	got := map[string]int{}
	for _, v := range s.sightings() {
		got[v.Identifiers[0].Value] = len(v.Identifiers)
	}
	if got["m1/tasmota/plug"] != 2 || got["m1/account/plug"] != 2 {
		t.Errorf("the plug and its account are told apart: %v", got)
	}
	if got["m1/zigbee2mqtt/lamp"] != 1 || got["m1/account/hub"] != 1 {
		t.Errorf("a lamp and the hub that speaks for it are told as one: %v", got)
	}
}

// A hub's devices are known from what the broker keeps, before any of them sends.
func TestWhoSharesAnAccountIsKnownFromOldMessages(t *testing.T) {
	s := owned(func(func(string)) {})
	for _, x := range []string{"zigbee2mqtt/lamp", "zigbee2mqtt/hall"} {
		s.book.take(x, []byte("1"), true, time.Unix(1000, 0))
	}
	a, err := s.AccountOf(t.Context(), remoteTarget("zigbee2mqtt/lamp"))
	if err != nil || a.Name != "hub" || len(a.Shares) != 1 {
		t.Errorf("%+v %v", a, err)
	}
	if s.book.total != 0 {
		t.Error("old messages were counted as traffic")
	}
}
