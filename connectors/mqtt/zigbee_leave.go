package mqtt

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// zigbeeGrants are the places in the Zigbee network, one for each device.
func (s *Session) zigbeeGrants(ctx context.Context, l *link) ([]consent.Grant, error) {
	all, err := s.zigbeeMembers(ctx, l)
	if err != nil {
		return nil, err
	}
	named := map[string]int{} // several may share the topic by which they are known
	for _, m := range all {
		named[zigbeePublisher(m)]++
	}
	out := make([]consent.Grant, 0, len(all))
	for _, m := range all {
		g := consent.Grant{ID: zigbeeGrant + m.ieee, Connection: s.connection, Kind: "zigbee network", Name: m.name}
		if p := zigbeePublisher(m); named[p] == 1 {
			g.Holder = discovery.Identifier{Type: discovery.Remote, Value: s.remote(p)}
		}
		g.LastUsed = s.book.lastOf(zigbeePublisher(m))
		out = append(out, g)
	}
	return out, nil
}

// zigbeePublisher is how a device is known among those that publish.
func zigbeePublisher(m member) string {
	short, _, _ := strings.Cut(m.name, "/")
	return zigbeeBase + short
}

// leaveZigbee makes a device leave the network and bars it from joining again.
// The hub writes the bar first, so a device that does not hear may be barred
// and still be there; then this fails. Its option "disabled" is never used: the
// real program says ok to it and goes on publishing what the device sends.
func (s *Session) leaveZigbee(ctx context.Context, l *link, r connectors.RevokeRequest, out connectors.Receipt) (connectors.Receipt, error) {
	ieee := strings.TrimPrefix(r.Grant.ID, zigbeeGrant)
	all, err := s.zigbeeMembers(ctx, l)
	if err != nil {
		return out, err
	}
	k := kept{Zigbee: ieee}
	for _, m := range all {
		if m.ieee == ieee {
			k.Publisher = zigbeePublisher(m)
		}
	}
	if k.Publisher != "" { // else it has left already
		k.Gap = s.book.gapOf(k.Publisher).Seconds()
		if err := s.askZigbee(ctx, l, leaveTimeout, zigbeeRemove, map[string]any{"id": ieee, "block": true}); err != nil {
			return out, connectors.Transient(words.Text("The Zigbee device did not leave: it may be asleep or out of reach. It may be barred from joining again and still send; wake it by a press of its button, or take its battery out."), err)
		}
	}
	if out.Data, err = json.Marshal(k); err != nil {
		return out, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	out.At = s.now().UTC()
	out.Text = words.Text("It was told to leave the Zigbee network, and may not join again.")
	if in, _ := s.zigbee.has(ieee); !in {
		out.Level = consent.Configured
	}
	return out, nil
}

// verifyZigbee looks whether a device stayed out of the network and is silent.
func (s *Session) verifyZigbee(ctx context.Context, l *link, k kept, at time.Time, f connectors.Finding) (connectors.Finding, error) {
	if _, err := s.zigbeeMembers(ctx, l); err != nil {
		return f, err
	}
	in, online := s.zigbee.has(k.Zigbee)
	if last := s.book.lastOf(k.Publisher); k.Publisher != "" && last.After(at) {
		f.Seen = consent.Flowing
	}
	if in {
		f.Missing, f.Text = true, words.Text("The device is in the Zigbee network again.")
		return f, nil
	}
	f.Level = consent.Configured
	silent, telling := s.silence(l, k, later(at, online))
	switch {
	case f.Seen == consent.Flowing:
		f.Text = words.Text("Messages still come under its name.")
	case online.IsZero():
		f.Text = words.Text("Zigbee2MQTT is not running, so nothing can be seen.")
	case telling:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("It is out of the Zigbee network, and nothing has come from it for %s, though it normally sends.", silent.Round(time.Second).String())
	default:
		f.Text = words.Text("It is out of the Zigbee network; it sends so seldom that its silence does not yet tell.")
	}
	return f, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
