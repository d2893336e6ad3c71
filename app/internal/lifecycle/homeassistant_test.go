package lifecycle

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/homeassistant"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// hubAt is a Home Assistant: the stand-in or, where a developer names one as in
// connectors/homeassistant, the real one.
type hubAt struct{ address, token, phone string }

func theHub(t *testing.T, h *hub) hubAt {
	if at := os.Getenv("BESTBEFORE_HOMEASSISTANT"); at != "" && !h.dead {
		t.Logf("against the real one at %s", at)
		return hubAt{at, os.Getenv("BESTBEFORE_HOMEASSISTANT_TOKEN"), os.Getenv("BESTBEFORE_HOMEASSISTANT_PHONE")}
	}
	return hubAt{h.URL, hubToken, phoneToken}
}

// answered is how a token is answered there.
func (a hubAt) answered(t *testing.T, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.address+"/api/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// withHub is a home whose only connection is a Home Assistant, and a vacuum that
// the neighbour table has met; it waits until both are known to be one.
func withHub(t *testing.T, at hubAt) (engine.Engine, discovery.DeviceID) {
	t.Helper()
	h, _ := served(t, Config{Lookup: noNames}, homeassistant.New())
	id := seenAt(h, vacuumMAC, "192.168.77.30")
	if _, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{Kind: homeassistant.Kind, Name: "Our Home Assistant", Values: map[string]string{"address": at.address}, Secrets: map[string]string{"token": at.token}}); err != nil {
		t.Fatal(err)
	}
	until(t, "the device at the network and the one in its list are known to be one", func() bool {
		d, ok := h.inventory.Device(id)
		return ok && slices.ContainsFunc(d.Identifiers, func(i discovery.Identifier) bool { return i.Type == discovery.Remote }) && d.Name() == "Vacuum"
	})
	return h.Engine(), id
}

func toHub(at hubAt, id discovery.DeviceID, until string) engine.AllowRequest {
	host, err := connectors.HostOf(at.address)
	if err != nil {
		host = at.address
	}
	return engine.AllowRequest{Device: id, Recipient: consent.Recipient{Name: "Home Assistant", Destinations: []string{host}}, Until: until, Then: consent.Block, How: "test"}
}

// TestAnIntegrationEndsOnItsDate is the whole house with a Home Assistant: what
// it knows is joined with what the network shows, what the device reports is
// seen, a permission for that runs out, the integration is disabled and seen to
// have stopped, and comes back when the permission is renewed.
func TestAnIntegrationEndsOnItsDate(t *testing.T) {
	hub := startHub(t)
	at := theHub(t, hub)
	e, id := withHub(t, at)
	until(t, "what it reports is among the flows", func() bool {
		fs, err := e.Flows(t.Context(), engine.FlowQuery{Device: id})
		return err == nil && len(fs) > 0 && fs[0].Destination == "127.0.0.1" && fs[0].Count > 0 && fs[0].BytesUp == 0
	})
	p, err := e.PreviewAllow(t.Context(), toHub(at, id, "1h"))
	if words := strings.Join(p.Lines, " "); err != nil || !strings.Contains(words, `the integration "Lumi Cloud"`) || !strings.Contains(words, "What the device sends by itself") || p.Coarse {
		t.Errorf("%+v, %v", p, err)
	}
	info, err := e.Allow(t.Context(), toHub(at, id, "2s"))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it has ended, and is seen to have stopped", func() bool {
		c, err := e.Consent(t.Context(), info.ID)
		return err == nil && c.Decided == consent.Expired && c.Seen == consent.Stopped && c.Headline == consent.EndedStopped && c.Actions[0].Level == consent.Effective
	})
	if at.address == hub.URL && !hub.off() {
		t.Error("it is called stopped, but the integration is on")
	}
	for _, want := range []string{"given", "expired", "action", "verified"} {
		if texts := diaryKinds(t, e); !strings.Contains(texts, want) {
			t.Errorf("the diary does not tell %q: %s", want, texts)
		}
	}
	if _, err := e.Renew(t.Context(), info.ID, "1h", "test"); err != nil {
		t.Fatal(err)
	}
	until(t, "the integration is on again", func() bool {
		c, err := e.Consent(t.Context(), info.ID)
		return err == nil && c.Decided == consent.Renewed && (at.address != hub.URL || !hub.off())
	})
}

// TestAccessOfAHomeAssistant: its logins are listed without ours; one is ended by
// a person, that is read back, and who comes with it is turned away.
func TestAccessOfAHomeAssistant(t *testing.T) {
	hub := startHub(t)
	at := theHub(t, hub)
	e, _ := withHub(t, at)
	find := func() (out engine.AccessInfo, own bool) {
		as, err := e.Access(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range as {
			if a.Name == "Old phone" {
				out = a
			}
			own = own || a.Name == "Best Before"
		}
		return out, own
	}
	a, own := find()
	if a.Kind != "long-lived token" || !a.Revocable || a.ConnectionName != "Our Home Assistant" || own {
		t.Fatalf("%+v, our own among them: %v", a, own)
	}
	if _, err := e.EndAccess(t.Context(), a.ID, false, "test"); !errors.Is(err, consent.ErrIrreversible) || at.answered(t, at.phone) != http.StatusOK {
		t.Fatalf("unconfirmed: %v", err)
	}
	act, err := e.EndAccess(t.Context(), a.ID, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is deleted and that is read back", func() bool {
		x, err := e.Action(t.Context(), act.ID)
		return err == nil && x.State == consent.Done && x.Level == consent.Configured
	})
	if got := at.answered(t, at.phone); got != http.StatusUnauthorized {
		t.Errorf("it is called deleted, but is answered with %d", got)
	}
	until(t, "it is no longer listed", func() bool { a, _ := find(); return a.ID == "" })
	if texts := diaryKinds(t, e); !strings.Contains(texts, `"Old phone" at Our Home Assistant`) {
		t.Errorf("the diary: %s", texts)
	}
	if got := at.answered(t, at.token); got != http.StatusOK {
		t.Errorf("our own is answered with %d", got)
	}
}

// TestTheTwinThatSaysYesIsNotCalledEnded removes the mechanism: a Home Assistant
// that answers with success and does nothing.
func TestTheTwinThatSaysYesIsNotCalledEnded(t *testing.T) {
	hub := startHub(t)
	hub.dead = true
	at := theHub(t, hub)
	e, id := withHub(t, at)
	info, err := e.Allow(t.Context(), toHub(at, id, "1s"))
	if err != nil {
		t.Fatal(err)
	}
	as, err := e.Access(t.Context())
	if err != nil || len(as) != 1 {
		t.Fatalf("%+v, %v", as, err)
	}
	act, err := e.EndAccess(t.Context(), as[0].ID, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "both were tried", func() bool {
		x, err := e.Action(t.Context(), act.ID)
		c, again := e.Consent(t.Context(), info.ID)
		if err != nil || again != nil {
			return false
		}
		if x.State == consent.Done || c.Seen == consent.Stopped || c.Headline == consent.EndedStopped {
			t.Fatalf("it claims that it ended: %+v, %+v", x, c)
		}
		return x.Attempt > 0 && len(c.Actions) > 0 && c.Actions[0].Attempt > 0 && c.Actions[0].State != consent.Done
	})
	if at.answered(t, at.phone) != http.StatusOK || hub.off() {
		t.Error("the stand-in did it after all, so this shows nothing")
	}
}
