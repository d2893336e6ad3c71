package mqtt

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"bestbefore/connectors"
	"bestbefore/consent"
)

const (
	hallIEEE   = "0x00158d0000000001"
	cellarIEEE = "0x00158d0000000002"
)

// hub stands in for Zigbee2MQTT: it says what the real program, 2.14.1, was seen
// to say, in that order. Its sensors send until they leave; a deaf one does not hear.
type hub struct {
	t      *testing.T
	client paho.Client

	mu    sync.Mutex // guards below
	names map[string]string
	deaf  map[string]bool
	mute  bool // does not answer
}

func startHub(t *testing.T, b *broker) *hub {
	t.Helper()
	b.account("z2m", zigbeeBase+"#")
	b.control(fmt.Sprintf(`{"command":"addRoleACL","rolename":"admin","acltype":"publishClientSend","topic":%q,"allow":true}`, zigbeeRequest+"#"))
	h := &hub{t: t, names: map[string]string{hallIEEE: "hall", cellarIEEE: "cellar"}, deaf: map[string]bool{}}
	h.client = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + b.addr()).SetUsername("z2m").SetPassword(passwordOf("z2m")).SetAutoReconnect(false))
	if tok := h.client.Connect(); tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	t.Cleanup(func() { h.client.Disconnect(100) })
	h.say(zigbeeState, `{"state":"online"}`, true)
	h.list()
	if tok := h.client.Subscribe(zigbeeRequest+"#", 1, func(_ paho.Client, m paho.Message) {
		go h.answer(strings.TrimPrefix(m.Topic(), zigbeeRequest), m.Payload())
	}); tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	return h
}

func (h *hub) say(topic, text string, keep bool) {
	if tok := h.client.Publish(topic, 1, keep, text); tok.WaitTimeout(10*time.Second) && tok.Error() != nil {
		h.t.Error(tok.Error())
	}
}

func (h *hub) list() {
	h.mu.Lock()
	devices := []string{`{"type":"Coordinator","ieee_address":"0x00124b0000000000","friendly_name":"Coordinator"}`}
	for ieee, name := range h.names {
		devices = append(devices, fmt.Sprintf(`{"type":"EndDevice","ieee_address":%q,"friendly_name":%q,"definition":{"model":"WSDCGQ11LM","vendor":"Aqara"}}`, ieee, name))
	}
	h.mu.Unlock()
	h.say(zigbeeDevices, "["+strings.Join(devices, ",")+"]", true)
}

func (h *hub) answer(what string, payload []byte) {
	var ask struct{ ID, Transaction string }
	if err := json.Unmarshal(payload, &ask); err != nil {
		h.t.Error(err)
	}
	h.mu.Lock()
	name, known := h.names[ask.ID]
	deaf, mute := h.deaf[ask.ID], h.mute
	h.mu.Unlock()
	status, problem := "ok", ""
	switch {
	case mute:
		return
	case what != zigbeeRemove:
	case !known:
		status, problem = "error", "Device '"+ask.ID+"' does not exist"
	case deaf: // the real one has written its blocklist by now
		status, problem = "error", "Failed to remove device '"+name+"' (Error: no answer over the air)"
	default:
		h.mu.Lock()
		delete(h.names, ask.ID)
		h.mu.Unlock()
		h.say(zigbeeBase+name, "", true)
		h.list()
	}
	h.say(zigbeeResponse+what, fmt.Sprintf(`{"data":{},"error":%q,"status":%q,"transaction":%q}`, problem, status, ask.Transaction), false)
}

// send sends one value of each sensor that is in the network.
func (h *hub) send() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range h.names {
		h.say(zigbeeBase+name, `{"temperature":21.5}`, false)
	}
}

func zigbeeOf(t *testing.T, s *Session, ieee string) consent.Grant {
	t.Helper()
	gs, err := s.Grants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gs {
		if g.ID == zigbeeGrant+ieee {
			return g
		}
	}
	t.Fatalf("%s is not among %+v", ieee, gs)
	return consent.Grant{}
}

// A Zigbee device's place in its network is listed as whose it is, taken away,
// and looked at again: who comes back is missing, who is deaf is not done.
func TestAZigbeeDeviceLeavesItsNetwork(t *testing.T) {
	b := startBroker(t, "127.66.0.21")
	h := startHub(t, b)
	s := openSession(t, b.settings("admin", nil))
	g := zigbeeOf(t, s, hallIEEE)
	if g.Name != "hall" || g.Own || g.Holder.Value != s.remote("zigbee2mqtt/hall") {
		t.Errorf("the hall sensor's place: %+v", g)
	}
	rc, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: g})
	if err != nil || rc.Level != consent.Configured {
		t.Fatalf("%+v, %v", rc, err)
	}
	if f, err := s.Verify(t.Context(), rc); err != nil || f.Missing || f.Level != consent.Configured || f.Seen != consent.CannotTell {
		t.Errorf("after it left: %+v, %v", f, err)
	}
	if _, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: g}); err != nil {
		t.Errorf("leaving twice: %v", err)
	}
	h.mu.Lock()
	h.names[hallIEEE] = "hall" // let in again by hand
	h.mu.Unlock()
	h.list()
	h.send()
	var f connectors.Finding
	if !eventually(20*time.Second, func() bool { f, err = s.Verify(t.Context(), rc); return err != nil || f.Missing }) || f.Seen != consent.Flowing {
		t.Errorf("after it joined again: %+v, %v", f, err)
	}
	h.mu.Lock()
	h.deaf[cellarIEEE] = true
	h.mu.Unlock()
	_, err = s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "n", Grant: zigbeeOf(t, s, cellarIEEE)})
	if connectors.KindOf(err) != consent.KindTransient || !strings.Contains(err.Error(), "press of its button") {
		t.Errorf("a deaf device: %v", err)
	}
	zigbeeOf(t, s, cellarIEEE) // still there, and said to be
}

// Silence tells once the device was silent for long against its habit and the
// hub was there all the while; without the hub nothing is told.
func TestAZigbeeSilenceNeedsTheHub(t *testing.T) {
	b := startBroker(t, "127.66.0.23")
	h := startHub(t, b)
	var later atomic.Int64
	host := testHost()
	host.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	ses, err := New().Open(t.Context(), b.settings("admin", nil), host)
	if err != nil {
		t.Fatal(err)
	}
	s := ses.(*Session)
	t.Cleanup(func() { _ = s.Close() })
	g := zigbeeOf(t, s, hallIEEE)
	if !eventually(20*time.Second, func() bool { h.send(); return s.book.gapOf("zigbee2mqtt/hall") > 0 }) {
		t.Fatal("its messages were not counted")
	}
	rc, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: g})
	if err != nil {
		t.Fatal(err)
	}
	look := func(level consent.Level, seen consent.Seen) {
		t.Helper()
		if f, err := s.Verify(t.Context(), rc); err != nil || f.Level != level || f.Seen != seen {
			t.Errorf("%+v, %v; want %v %v", f, err, level, seen)
		}
	}
	look(consent.Configured, consent.CannotTell)
	later.Store(int64(10 * time.Minute))
	look(consent.Effective, consent.Stopped)
	h.say(zigbeeState, `{"state":"offline"}`, true)
	if !eventually(20*time.Second, func() bool { _, online := s.zigbee.has(hallIEEE); return online.IsZero() }) {
		t.Fatal("the hub's leaving was not noticed")
	}
	look(consent.Configured, consent.CannotTell)
	h.say(zigbeeState, `{"state":"online"}`, true)
	if !eventually(20*time.Second, func() bool { _, online := s.zigbee.has(hallIEEE); return !online.IsZero() }) {
		t.Fatal("the hub's return was not noticed")
	}
	look(consent.Configured, consent.CannotTell) // it was away meanwhile
}

// Without a hub, or where the household wants to watch only, nothing is offered.
func TestNoZigbeeNoPlaces(t *testing.T) {
	b := startBroker(t, "127.66.0.22")
	if s := openSession(t, b.settings("admin", nil)); s.zigbee.there() {
		t.Error("a hub that is not there answered")
	}
	h := startHub(t, b)
	h.mu.Lock()
	h.mute = true
	h.mu.Unlock()
	if s := openSession(t, b.settings("admin", nil)); s.zigbee.there() {
		t.Error("a hub that does not answer us is taken for one that does")
	}
	h.mu.Lock()
	h.mute = false
	h.mu.Unlock()
	if s := openSession(t, b.settings("admin", map[string]string{optControl: "no"})); s.zigbee.there() || s.Capabilities().Revoker != nil {
		t.Error("only watching was wanted")
	}
	if s := openSession(t, b.settings("admin", map[string]string{optTopics: "tele/#"})); !s.zigbee.there() {
		t.Error("the hub is not met where its topics are not read")
	} else {
		zigbeeOf(t, s, hallIEEE)
	}
}

// FuzzZigbee: whatever comes on the hub's topics, names are clean and few.
func FuzzZigbee(f *testing.F) {
	for _, topic := range []string{zigbeeState, zigbeeDevices, zigbeeResponse + zigbeeRemove} {
		f.Add(topic, []byte(`[{"ieee_address":"0x1","friendly_name":"a\u202eb"}]`))
		f.Add(topic, []byte(`{"state":"online","transaction":"x"}`))
	}
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		z := newZigbee()
		z.take(topic, payload, time.Unix(1, 0))
		if len(z.members) > maxListed {
			t.Fatalf("%d members", len(z.members))
		}
		for _, m := range z.members {
			if clean(m.name) != m.name || clean(m.ieee) != m.ieee {
				t.Fatalf("%q %q", m.name, m.ieee)
			}
		}
	})
}
