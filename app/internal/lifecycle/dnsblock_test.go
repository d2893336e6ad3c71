package lifecycle

import (
	"net/http"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/adguardhome"
	"bestbefore/connectors/pihole"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// withBlocker is a home whose only connection is a DNS blocker, and a printer.
func withBlocker(t testing.TB, kind connectors.Connector, b *dnsBlocker) (*Home, engine.Engine, discovery.DeviceID) {
	t.Helper()
	h, _ := served(t, Config{Lookup: noNames}, kind)
	id := seenAt(h, bellMAC, "192.168.77.30", discovery.Service{Type: "_ipp._tcp", Instance: "Printer", Host: "printer.local", Port: 631, TXT: discovery.TXT{"ty=Laser 3000"}})
	values := map[string]string{"address": b.URL}
	if kind.Spec().Kind == adguardhome.Kind {
		values["username"] = "household"
	}
	if _, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{Kind: kind.Spec().Kind, Values: values, Secrets: map[string]string{"password": blockerPassword}}); err != nil {
		t.Fatal(err)
	}
	return h, h.Engine(), id
}

// blockers are both, with how the story's part of them answers.
var blockers = map[string]struct {
	kind  connectors.Connector
	serve func(*dnsBlocker, http.ResponseWriter, *http.Request)
}{
	"AdGuard Home": {adguardhome.New(), asAdGuardHome},
	"Pi-hole":      {pihole.New(), asPihole},
}

// TestANameIsSeenAndEndsOnItsDate is the whole house with a DNS blocker: names
// that a device looks up are seen, a permission for one of them runs out, its
// look-ups are refused from then on, and the blocker's own log shows that.
func TestANameIsSeenAndEndsOnItsDate(t *testing.T) {
	for name, x := range blockers {
		t.Run(name, func(t *testing.T) {
			b := startBlocker(t, x.serve)
			_, e, id := withBlocker(t, x.kind, b)
			until(t, "the names are among the flows", func() bool {
				b.ask("192.168.77.30", "video.maker.example")
				fs, err := e.Flows(t.Context(), engine.FlowQuery{Device: id})
				return err == nil && len(fs) > 0 && fs[0].Destination == "video.maker.example" && fs[0].Count > 0 && fs[0].BytesUp == 0 && !fs[0].Refused
			})
			info, err := e.Allow(t.Context(), engine.AllowRequest{
				Device: id, Recipient: consent.Recipient{Name: "Printer Maker", Destinations: []string{"maker.example"}}, Until: "2s", Then: consent.Block, How: "test",
			})
			if err != nil {
				t.Fatal(err)
			}
			if !b.ask("192.168.77.30", "video.maker.example") {
				t.Fatal("it was refused before its date")
			}
			until(t, "its look-ups are refused, and whether it sends without them cannot be told", func() bool {
				b.ask("192.168.77.30", "video.maker.example")
				c, err := e.Consent(t.Context(), info.ID)
				if err == nil && (c.Seen == consent.Stopped || c.Headline == consent.EndedStopped) {
					t.Fatalf("a refused name is called stopped: %+v", c.Actions)
				}
				return err == nil && c.Decided == consent.Expired && c.Seen == consent.CannotTell && c.Headline == consent.EndedUnchecked && c.Actions[0].Level == consent.Effective
			})
			if b.ask("192.168.77.30", "video.maker.example") || b.refused() == 0 {
				t.Error("seen as refused, but it is answered")
			}
			if !b.ask("192.168.77.30", "time.example") || !b.ask("192.168.77.31", "video.maker.example") {
				t.Error("another name, or another device, is refused too")
			}
			until(t, "the refused look-ups are among the flows", func() bool {
				fs, err := e.Flows(t.Context(), engine.FlowQuery{Device: id})
				return err == nil && len(fs) > 0 && strings.Contains(flowWords(fs), "refused")
			})
		})
	}
}

func flowWords(fs []engine.FlowInfo) string {
	var out []string
	for _, f := range fs {
		word := "passed"
		if f.Refused {
			word = "refused"
		}
		out = append(out, f.Destination+" "+word)
	}
	return strings.Join(out, "\n")
}

// TestTheTwinThatAppliesNothingIsNotCalledStopped removes the mechanism: the
// blocker takes the rule, keeps it, and answers all the same.
func TestTheTwinThatAppliesNothingIsNotCalledStopped(t *testing.T) {
	for name, x := range blockers {
		t.Run(name, func(t *testing.T) {
			b := startBlocker(t, x.serve)
			b.dead = true
			_, e, id := withBlocker(t, x.kind, b)
			info, err := e.Allow(t.Context(), engine.AllowRequest{
				Device: id, Recipient: consent.Recipient{Name: "Printer Maker", Destinations: []string{"maker.example"}}, Until: "1s", Then: consent.Block, How: "test",
			})
			if err != nil {
				t.Fatal(err)
			}
			until(t, "it is seen to go on", func() bool {
				b.ask("192.168.77.30", "video.maker.example")
				c, err := e.Consent(t.Context(), info.ID)
				if err == nil && (c.Seen == consent.Stopped || c.Headline == consent.EndedStopped) {
					t.Fatalf("it claims that it stopped: %+v", c.Actions)
				}
				return err == nil && c.Decided == consent.Expired && c.Seen == consent.Flowing
			})
		})
	}
}

// TestAWrongPasswordIsTriedOnce: neither connecting nor keeping open tries it again.
func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	tried := 0
	b := startBlocker(t, func(b *dnsBlocker, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			tried++
		}
		asAdGuardHome(b, w, r)
	})
	h, stop := served(t, Config{}, adguardhome.New())
	_, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{Kind: adguardhome.Kind, Values: map[string]string{"address": b.URL, "username": "household"}, Secrets: map[string]string{"password": "wrong"}})
	if connectors.KindOf(err) != consent.KindSignIn {
		t.Errorf("connecting: %v", err)
	}
	if err := h.pool.Reload(t.Context()); err != nil { // whatever is kept is tried once more
		t.Error(err)
	}
	stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	if tried != 1 {
		t.Errorf("the wrong password was tried %d times", tried)
	}
}
