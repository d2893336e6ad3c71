package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// broker is a peer whose accounts are known by the peer's own ids of devices.
type broker struct {
	blocker
	of   map[string]string // remote id -> account
	says int               // how often it says so before it answers no more; 0 is always
	said int
}

func (b *broker) AccountOf(_ context.Context, t connectors.Target) (connectors.Account, error) {
	if b.said++; b.says > 0 && b.said > b.says {
		return connectors.Account{}, &connectors.Error{Kind: consent.KindTransient, Text: "It does not answer."}
	}
	if !t.Recipient.Any && !slices.Contains(t.Recipient.Destinations, "192.168.77.5") {
		return connectors.Account{}, &connectors.Error{Kind: consent.KindUnsupported, Text: "Not through here."}
	}
	var out connectors.Account
	for _, i := range t.Identifiers {
		if name := b.of[i.Value]; name != "" {
			out = connectors.Account{Name: name, Because: "it was seen"}
		}
	}
	if out.Name == "" {
		return out, &connectors.Error{Kind: consent.KindUnsupported, Text: "No account is known."}
	}
	for id, name := range b.of {
		if x := (discovery.Identifier{Type: discovery.Remote, Value: id}); name == out.Name && !slices.Contains(t.Identifiers, x) {
			out.Shares = append(out.Shares, x)
		}
	}
	return out, nil
}

func (b *broker) Grants(context.Context) ([]consent.Grant, error) {
	return []consent.Grant{{ID: "cam", Name: "The cam"}, {ID: "hub", Name: "The hub"}, {ID: "admin", Own: true}}, nil
}

func (b *broker) Revoke(context.Context, connectors.RevokeRequest) (connectors.Receipt, error) {
	b.t.Error("the engine asked a peer by itself; only the runner may")
	return connectors.Receipt{}, nil
}

// withAccounts is a home with a broker, a camera with an account of its own, and
// a lamp and a sensor behind a hub's.
func withAccounts(t *testing.T) (h *home, cam, lamp discovery.DeviceID) {
	t.Helper()
	h = newHome(t)
	b := &broker{blocker: blocker{t}, of: map[string]string{"k1/cam": "cam", "k1/lamp": "hub", "k1/sensor": "hub"}}
	h.connect(false)
	if err := h.st.SaveConnection(t.Context(), connectors.Connection{
		ID: "k1", Kind: "hub", Name: "Broker", Settings: connectors.Settings{Values: map[string]string{"address": "192.168.77.5:1883"}},
	}); err != nil {
		t.Fatal(err)
	}
	h.peers.caps = connectors.Capabilities{Blocker: b, Revoker: b, GrantLister: b, Accounter: b, Traits: connectors.Traits{Grain: connectors.GrainAccount}}
	for mac, remote := range map[string]string{"02:00:00:00:00:01": "cam", "02:00:00:00:00:02": "lamp", "02:00:00:00:00:03": "sensor"} {
		h.Sight(discovery.Sighting{Source: "connector:k1", At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}, {Type: discovery.Remote, Value: "k1/" + remote}}})
		d, err := h.Device(t.Context(), mac)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Label(t.Context(), d.ID, remote); err != nil {
			t.Fatal(err)
		}
		switch remote {
		case "cam":
			cam = d.ID
		case "lamp":
			lamp = d.ID
		}
	}
	return h, cam, lamp
}

func toPeer(id discovery.DeviceID, dest string, then consent.Remedy) engine.AllowRequest {
	return engine.AllowRequest{Device: id, Recipient: consent.Recipient{Name: "Broker", Destinations: []string{dest}}, Until: "2027-05-31", Then: then, How: "test"}
}

func TestThePreviewOfAnAccountNamesWhoElseStops(t *testing.T) {
	h, cam, lamp := withAccounts(t)
	if _, err := h.Allow(t.Context(), toPeer("sensor", "192.168.77.5", consent.Block)); err != nil {
		t.Fatal(err)
	}
	h.allow(cam, "Elsewhere", "203.0.113.7")
	for name, c := range map[string]struct {
		request engine.AllowRequest
		line    string
		also    string
		coarse  bool
	}{
		"its own account":     {toPeer(cam, "192.168.77.5", consent.Block), `switches off the account "cam"`, "", false},
		"a shared one":        {toPeer(lamp, "192.168.77.5", consent.Block), `can only switch off the account "hub"`, "sensor → Broker", true},
		"a recipient outside": {toPeer(cam, "203.0.113.8", consent.Block), "Nothing that is connected can stop it", "", false},
	} {
		p, err := h.PreviewAllow(t.Context(), c.request)
		if err != nil || !strings.Contains(strings.Join(p.Lines, " "), c.line) || strings.Join(p.AlsoStops, "|") != c.also || p.Coarse != c.coarse {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestOnlyAnAccountThatIsADevicesAloneCanBeRevoked(t *testing.T) {
	h, cam, lamp := withAccounts(t)
	if err := h.RefreshGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		id   discovery.DeviceID
		dest string
		want bool
	}{"its own": {cam, "192.168.77.5", true}, "towards outside": {cam, "203.0.113.7", false}, "shared": {lamp, "192.168.77.5", false}} {
		p, err := h.PreviewAllow(t.Context(), toPeer(c.id, c.dest, consent.Revoke))
		if err != nil || p.Revocable != c.want || strings.Contains(strings.Join(p.Lines, " "), "cannot be undone") != c.want {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	gs, err := h.st.Grants(t.Context(), consent.Consent{Device: lamp})
	if err != nil || len(gs) != 0 {
		t.Errorf("a shared account is said to be the lamp's: %+v, %v", gs, err)
	}
}

func TestTheRemedyIsWhatCanBeDoneForThisRecipient(t *testing.T) {
	h, cam, _ := withAccounts(t)
	for dest, want := range map[string]consent.Remedy{"192.168.77.5": consent.Block, "203.0.113.7": consent.Guide} {
		if info, err := h.Allow(t.Context(), toPeer(cam, dest, "")); err != nil || info.Remedy != want {
			t.Errorf("%s: %s, %v, want %s", dest, info.Remedy, err, want)
		}
	}
}

// What a peer cannot say in the middle of a preview is said to be unknown; the twin,
// which answers, leaves nothing to say.
func TestAPreviewSaysWhatItCouldNotAsk(t *testing.T) {
	h, cam, _ := withAccounts(t)
	if err := h.RefreshGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := h.peers.caps.Accounter.(*broker)
	for _, mute := range []bool{false, true} {
		before := b.said
		p, err := h.PreviewAllow(t.Context(), toPeer(cam, "192.168.77.5", consent.Revoke))
		if text := strings.Join(p.Lines, " "); err != nil || !strings.Contains(text, "is deleted at") || strings.Contains(text, "cannot be asked now") != mute {
			t.Errorf("mute %v: %q, %v", mute, text, err)
		}
		b.says = b.said + (b.said - before) - 1 // the next time it falls silent before the last answer
	}
}
