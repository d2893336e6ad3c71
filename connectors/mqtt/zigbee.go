package mqtt

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Zigbee2MQTT speaks on the broker too: what it is asked goes to
// bridge/request/…, its answers come on bridge/response/… with the transaction
// that the question carried. All of this was seen at the real program, 2.14.1.
const (
	zigbeeBase     = "zigbee2mqtt/"
	zigbeeBridge   = zigbeeBase + "bridge/"
	zigbeeRequest  = zigbeeBridge + "request/"
	zigbeeResponse = zigbeeBridge + "response/"
	zigbeeDevices  = zigbeeBridge + "devices"
	zigbeeState    = zigbeeBridge + "state"

	zigbeeHealth = "health_check"
	zigbeeRemove = "device/remove"

	// zigbeeGrant begins the id of a device's place in the Zigbee network.
	zigbeeGrant = "zigbee/"

	leaveTimeout = 20 * time.Second // a message over the air, and its repetitions
	listTimeout  = 3 * time.Second
	stateTimeout = 200 * time.Millisecond
)

// member is one device of the Zigbee network, as the hub lists it; cleaned.
type member struct{ ieee, name string }

// zigbee is what the hub says of its network.
type zigbee struct {
	mu      sync.Mutex // guards all below
	speaks  bool       // the hub answered us
	online  time.Time  // since when it is there; zero: it is not
	members map[string]member
	heard   chan struct{} // closed when the hub first said how it is
	listed  chan struct{} // closed when the first list has come
	waiting map[string]chan zigbeeAnswer
}

// zigbeeAnswer is the hub's word on one question.
type zigbeeAnswer struct {
	Status      string `json:"status"`
	Error       string `json:"error"`
	Transaction string `json:"transaction"`
}

func newZigbee() *zigbee {
	return &zigbee{members: map[string]member{}, waiting: map[string]chan zigbeeAnswer{}, heard: make(chan struct{}), listed: make(chan struct{})}
}

// take reads what the hub says.
func (z *zigbee) take(topic string, payload []byte, now time.Time) {
	if len(payload) > maxList || !shallow(payload) {
		return
	}
	switch {
	case strings.HasPrefix(topic, zigbeeResponse):
		z.takeAnswer(payload)
	case topic == zigbeeState:
		z.takeState(payload, now)
	case topic == zigbeeDevices:
		z.takeMembers(payload)
	}
}

// takeAnswer hands an answer to who asked; others' are not ours.
func (z *zigbee) takeAnswer(payload []byte) {
	var a zigbeeAnswer
	if json.Unmarshal(payload, &a) != nil {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if ch, ok := z.waiting[a.Transaction]; ok {
		delete(z.waiting, a.Transaction)
		ch <- a // has room for one
	}
}

// expect makes room for the answer to one question; forget gives it up.
func (z *zigbee) expect() (id string, answer <-chan zigbeeAnswer, forget func()) {
	id = rand.Text()
	ch := make(chan zigbeeAnswer, 1)
	z.mu.Lock()
	defer z.mu.Unlock()
	z.waiting[id] = ch
	return id, ch, func() {
		z.mu.Lock()
		defer z.mu.Unlock()
		delete(z.waiting, id)
	}
}

func (z *zigbee) takeState(payload []byte, now time.Time) {
	var s struct {
		State string `json:"state"`
	}
	if json.Unmarshal(payload, &s) != nil {
		s.State = string(payload) // so did versions before 2
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	once(z.heard)
	switch {
	case s.State != "online":
		z.online = time.Time{}
	case z.online.IsZero():
		z.online = now
	}
}

func (z *zigbee) takeMembers(payload []byte) {
	var list []struct {
		IEEE text `json:"ieee_address"`
		Name text `json:"friendly_name"`
		Type text `json:"type"`
	}
	if json.Unmarshal(payload, &list) != nil {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	clear(z.members)
	for _, d := range list[:min(len(list), maxListed)] {
		if d.IEEE != "" && d.Type != "Coordinator" {
			z.members[string(d.IEEE)] = member{string(d.IEEE), first(d.Name, d.IEEE)}
		}
	}
	once(z.listed)
}

// once closes c where it is not; the caller holds the lock.
func once(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// has reports whether a device is in the network, and since when the hub is there.
func (z *zigbee) has(ieee string) (in bool, online time.Time) {
	z.mu.Lock()
	defer z.mu.Unlock()
	_, in = z.members[ieee]
	return in, z.online
}

func (z *zigbee) there() bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.speaks
}

// meetZigbee finds out whether a Zigbee2MQTT answers us here. Where none does,
// or where our account may not ask it, its devices are only watched.
func (s *Session) meetZigbee(ctx context.Context, l *link) error {
	there, err := s.zigbeeSaid(ctx, l)
	if err != nil || !there {
		return err
	}
	err = s.askZigbee(ctx, l, rightsTimeout, zigbeeHealth, nil)
	if err != nil {
		// A Mosquitto with max_queued_messages 0 breaks the line with who
		// publishes what it may not: then there is a new one, without asking.
		_, err := s.connected(ctx)
		return err
	}
	s.zigbee.mu.Lock()
	defer s.zigbee.mu.Unlock()
	s.zigbee.speaks = true
	return nil
}

// zigbeeSaid reports whether a hub left word at the broker of how it is, which
// comes right after the answer to the subscription.
func (s *Session) zigbeeSaid(ctx context.Context, l *link) (bool, error) {
	granted, err := l.subscribe(ctx, zigbeeState)
	if err != nil || !granted {
		return false, err
	}
	wait := time.NewTimer(stateTimeout)
	defer wait.Stop()
	select {
	case <-s.zigbee.heard:
	case <-wait.C:
	case <-ctx.Done():
	}
	select {
	case <-s.zigbee.heard:
		return true, l.unsubscribe(ctx, zigbeeState)
	default:
		return false, l.unsubscribe(ctx, zigbeeState)
	}
}

// askZigbee asks the hub for one thing and waits for its word.
func (s *Session) askZigbee(ctx context.Context, l *link, within time.Duration, what string, fields map[string]any) error {
	granted, err := l.subscribe(ctx, zigbeeResponse+what)
	if err != nil {
		return err
	}
	if !granted {
		return connectors.NeedsPerson(words.Sprintf("This account may not read what Zigbee2MQTT answers; give it the right to read %s#.", zigbeeResponse), nil)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	id, answer, forget := s.zigbee.expect()
	defer forget()
	ask := map[string]any{"transaction": id}
	for k, v := range fields {
		ask[k] = v
	}
	msg, err := json.Marshal(ask)
	if err != nil {
		return connectors.Permanent(words.Text("a question to Zigbee2MQTT cannot be written"), err)
	}
	if err := l.wait(ctx, l.client.Publish(zigbeeRequest+what, 0, false, msg)); err != nil {
		return err
	}
	select {
	case r := <-answer:
		if r.Status != "ok" {
			return connectors.Transient(words.Sprintf("Zigbee2MQTT refused: %s", clip(clean(r.Error), 200)), nil)
		}
		return nil
	case <-l.lost:
		return l.gone()
	case <-ctx.Done():
		return connectors.Transient(words.Sprintf("Zigbee2MQTT did not answer in time. Is it running, and may our account write to %s#?", zigbeeRequest), errNoAnswer)
	}
}

// zigbeeMembers waits until the hub's list is known, which the broker keeps.
func (s *Session) zigbeeMembers(ctx context.Context, l *link) ([]member, error) {
	if err := s.listenToZigbee(ctx, l); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	select {
	case <-s.zigbee.listed:
	case <-l.lost:
		return nil, l.gone()
	case <-ctx.Done():
		return nil, connectors.Transient(words.Text("The list of Zigbee2MQTT's devices has not come."), ctx.Err())
	}
	s.zigbee.mu.Lock()
	defer s.zigbee.mu.Unlock()
	out := make([]member, 0, len(s.zigbee.members))
	for _, m := range s.zigbee.members {
		out = append(out, m)
	}
	return out, nil
}

// listenToZigbee subscribes to what the hub says of itself, unless the topics
// that are read anyway cover it: a second subscription would count it twice.
func (s *Session) listenToZigbee(ctx context.Context, l *link) error {
	for _, f := range s.set.filters {
		if covers(f, zigbeeBridge+"#") {
			return s.watch(ctx, l)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.zigbee {
		return nil
	}
	for _, t := range []string{zigbeeState, zigbeeDevices} {
		granted, err := l.subscribe(ctx, t)
		if err != nil {
			return err
		}
		if !granted {
			return connectors.NeedsPerson(words.Sprintf("This account may not read %s; give it that right.", t), nil)
		}
	}
	l.zigbee = true
	return nil
}
