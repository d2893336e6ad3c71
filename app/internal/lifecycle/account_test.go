package lifecycle

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// withBroker is a home whose only connection is a real Mosquitto, with a camera
// that has sent something through an account of its own.
func withBroker(t *testing.T, control string) (*mosquitto, engine.Engine, discovery.DeviceID) {
	t.Helper()
	b, h, id := atBroker(t, control)
	return b, h.Engine(), id
}

func atBroker(t *testing.T, control string) (*mosquitto, *Home, discovery.DeviceID) {
	t.Helper()
	b := startMosquitto(t)
	b.account("cam")
	b.account("plug")
	h, err := Open(t.Context(), Config{Dir: t.TempDir(), Enforce: true, Credentials: credential(t)})
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	e := h.Engine()
	if _, err := e.Connect(t.Context(), engine.ConnectRequest{
		Kind: "mqtt", Name: "Broker", Values: map[string]string{"address": "127.0.0.1:" + b.port, "username": "admin", "topics": "home/#", "control": control},
		Secrets: map[string]string{"password": brokerPassword},
	}); err != nil {
		t.Fatal(err)
	}
	return b, h, sending(t, h, b, e, "cam")
}

// sending is the device that the messages of an account become.
func sending(t *testing.T, h *Home, b *mosquitto, e engine.Engine, name string) discovery.DeviceID {
	t.Helper()
	var id discovery.DeviceID
	until(t, "what "+name+" sends is seen, as a device's", func() bool {
		if !b.publish(name, "home/"+name+"/temperature", "21.5") {
			t.Fatal("not published")
		}
		info, err := e.Connectors(t.Context())
		if err != nil || len(info.Connections) != 1 {
			return false
		}
		var known bool
		id, known = h.inventory.Resolve("", netip.Addr{}, info.Connections[0].ID+"/account/"+name)
		if info.Connections[0].Settings.Values["control"] != "no" && !known {
			return false
		}
		fs, err := e.Flows(t.Context(), engine.FlowQuery{Device: id}) // who may only watch cannot tell whose it is
		return err == nil && len(fs) == 1 && fs[0].Destination == "127.0.0.1" && slices.Contains(fs[0].Categories, "temperature")
	})
	return id
}

func toBroker(id discovery.DeviceID, until string, then consent.Remedy) engine.AllowRequest {
	return engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "The broker", Destinations: []string{"127.0.0.1"}},
		Data: []consent.Category{"temperature"}, Until: until, Then: then, How: "test",
	}
}

// TestAnAccountEndsOnItsDate: allowed, run out, the account is off and its
// connection cut, seen to have stopped, in the diary; renewed, it is on again.
func TestAnAccountEndsOnItsDate(t *testing.T) {
	b, e, cam := withBroker(t, "auto")
	held := b.hold("cam")
	p, err := e.PreviewAllow(t.Context(), toBroker(cam, "1h", consent.Block))
	if err != nil || len(p.Lines) < 2 || !strings.Contains(p.Lines[0], `account "cam"`) || !strings.Contains(p.Lines[1], "only this account may publish") || len(p.AlsoStops) != 0 || p.Coarse {
		t.Errorf("preview %+v, %v", p, err)
	}
	info, err := e.Allow(t.Context(), toBroker(cam, "2s", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it has ended and the account is read back as off", func() bool {
		c, err := e.Consent(t.Context(), info.ID)
		return err == nil && c.Decided == consent.Expired && len(c.Actions) > 0 && c.Actions[0].State == consent.Done && c.Actions[0].Level == consent.Configured
	})
	if !b.disabled("cam") || b.disabled("plug") {
		t.Fatal("not the camera's account, and only that, is off")
	}
	if !ended(held, 5*time.Second) {
		t.Error("the open connection was not cut")
	}
	until(t, "a try was refused, and it is seen to have stopped", func() bool {
		if b.publish("cam", "home/cam/temperature", "22") {
			t.Fatal("it is off, but it can publish")
		}
		c, err := e.Consent(t.Context(), info.ID)
		return err == nil && c.Seen == consent.Stopped && c.Actions[0].Level == consent.Effective
	})
	for _, want := range []string{"given", "expired", "action", "verified"} {
		if texts := diaryKinds(t, e); !strings.Contains(texts, want) {
			t.Errorf("the diary does not tell %q: %s", want, texts)
		}
	}
	if _, err := e.Renew(t.Context(), info.ID, "1h", "test"); err != nil {
		t.Fatal(err)
	}
	until(t, "the account is on again", func() bool { return !b.disabled("cam") && b.publish("cam", "home/cam/temperature", "23") })
	if !b.publish("plug", "home/plug/power", "3") {
		t.Error("another account was touched")
	}
}

// TestTheTwinThatMayOnlyWatchEndsNothing: the same without the right to manage
// accounts. Nothing is called done.
func TestTheTwinThatMayOnlyWatchEndsNothing(t *testing.T) {
	b, e, _ := withBroker(t, "no")
	ds, err := e.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		t.Errorf("without rights nobody can be told apart, but there is %s", d.Name())
	}
	if _, err := e.Allow(t.Context(), toBroker("somebody", "2s", consent.Block)); err == nil || !strings.Contains(err.Error(), "nothing tells which device") {
		t.Errorf("a permission for somebody at home: %v", err)
	}
	fs, err := e.Flows(t.Context(), engine.FlowQuery{})
	if err != nil || len(fs) != 1 || fs[0].DeviceName != "Somebody at home" {
		t.Errorf("flows %+v, %v", fs, err)
	}
	if b.disabled("cam") {
		t.Error("it was switched off all the same")
	}
}

// TestAnAccountThatIsSwitchedOnAgainIsReopened: somebody undoes at the broker
// what was ended here.
func TestAnAccountThatIsSwitchedOnAgainIsReopened(t *testing.T) {
	b, e, cam := withBroker(t, "auto")
	info, err := e.Allow(t.Context(), toBroker(cam, "1h", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.End(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	until(t, "the account is off", func() bool { return b.disabled("cam") })
	b.control(`{"command":"enableClient","username":"cam"}`)
	var open consent.Action
	until(t, "the action is open again", func() bool {
		c, err := e.Consent(t.Context(), info.ID)
		if err != nil || c.Headline == consent.EndedStopped {
			t.Fatalf("headline %s, %v", c.Headline, err)
		}
		open = c.Actions[0]
		return open.State == consent.Waiting && strings.Contains(open.Reason, "switched the account on again")
	})
	if err := e.Retry(t.Context(), open.ID); err != nil {
		t.Fatal(err)
	}
	until(t, "the account is off again", func() bool { return b.disabled("cam") })
}

// TestAnAccountIsDeletedWhereThatWasChosen: revoking cannot be undone, and says so.
func TestAnAccountIsDeletedWhereThatWasChosen(t *testing.T) {
	for _, then := range []consent.Remedy{consent.Revoke, consent.RevokeThenBlock} {
		t.Run(string(then), func(t *testing.T) {
			b, e, cam := withBroker(t, "auto")
			info, err := e.Allow(t.Context(), toBroker(cam, "2s", then))
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.PreviewAllow(t.Context(), toBroker(cam, "1h", then))
			if err != nil || !p.Revocable || !strings.Contains(p.Lines[0], "cannot be undone") {
				t.Errorf("preview %+v, %v", p, err)
			}
			until(t, "the account is deleted and that is read back", func() bool {
				c, err := e.Consent(t.Context(), info.ID)
				return err == nil && len(c.Actions) > 0 && c.Actions[0].Kind == consent.ActRevoke && c.Actions[0].State == consent.Done && c.Actions[0].Level != consent.NoLevel
			})
			if !b.gone("cam") || b.gone("plug") {
				t.Fatal("not the camera's account, and only that, is gone")
			}
			if _, err := e.Renew(t.Context(), info.ID, "1h", "test"); err != nil {
				t.Fatal(err)
			}
			es, err := e.Diary(t.Context(), engine.DiaryQuery{Consent: info.ID})
			if err != nil || !slices.ContainsFunc(es, func(x engine.DiaryEntry) bool {
				return x.Kind == consent.NoteRenewed && strings.Contains(x.Text, "cannot be given back")
			}) {
				t.Errorf("the diary does not say what renewing cannot bring back: %v", err)
			}
		})
	}
}

// TestWhatTheBrokerDropsIsSaidWithinAMinute: among what is wrong, on the page of
// connectors, and once in the diary. The twin: nothing is said before.
func TestWhatTheBrokerDropsIsSaidWithinAMinute(t *testing.T) {
	b, e, _ := withBroker(t, "auto")
	said := func() (problem bool, lines int, lost uint64) {
		o, err := e.Overview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.Problems {
			problem = problem || strings.HasPrefix(p.ID, "lost/")
		}
		info, err := e.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return problem, strings.Count(diaryKinds(t, e), string(engine.NoteLost)), info.Connections[0].Lost
	}
	if problem, lines, lost := said(); problem || lines != 0 || lost != 0 {
		t.Errorf("nothing was dropped, but it is said: %v, %d lines, %d lost", problem, lines, lost)
	}
	b.drop()
	began := time.Now()
	for problem := false; !problem; problem, _, _ = said() {
		if time.Since(began) > time.Minute {
			t.Fatal("a minute after the first drop nothing is said")
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("said %s after the drops", time.Since(began).Round(time.Millisecond))
	if _, lines, lost := said(); lines != 1 || lost == 0 {
		t.Errorf("%d lines in the diary, %d lost on the page", lines, lost)
	}
}
