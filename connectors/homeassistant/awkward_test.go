package homeassistant

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func block(t *testing.T, s *Session, mark string, tg connectors.Target) connectors.Receipt {
	t.Helper()
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: mark, Target: tg})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func revoke(t *testing.T, s *Session, g consent.Grant) (connectors.Receipt, error) {
	t.Helper()
	return s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: g})
}

// told is a session that has read the registries.
func told(t connectortest.T, f *fake) *Session {
	t.Helper()
	s := open(t, f.URL, ownToken)
	if _, err := s.listen(context.Background()); err != nil {
		t.Fatalf("listening: %v", err)
	}
	return s
}

func vacuum() connectors.Target { return target("127.0.0.1", "d-vacuum", "64:90:c1:00:00:03") }

// A success that did nothing is no success: here the read-back is what tells.
func TestWhatOnlySaysYesIsNotBelieved(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	f.with(func() { f.deleteLies, f.disableLies = true, true })
	if r, err := revoke(t, s, f.phone()); connectors.KindOf(err) != consent.KindTransient || err == nil || r.Level == consent.Configured {
		t.Errorf("the login still works, but: %+v, %v", r, err)
	}
	if status(t, f.URL, phoneToken) != http.StatusOK {
		t.Error("the stand-in deleted it after all, so this shows nothing")
	}
	if r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: vacuum()}); err == nil || r.Level == consent.Configured {
		t.Errorf("the integration is on, but: %+v, %v", r, err)
	}
	f.with(func() { f.deleteLies, f.disableLies = false, false })
	if r, err := revoke(t, s, f.phone()); err != nil || r.Level != consent.Configured || status(t, f.URL, phoneToken) != http.StatusUnauthorized {
		t.Errorf("%+v, %v", r, err)
	}
	if r := block(t, s, "m", vacuum()); r.Level != consent.Configured {
		t.Errorf("%+v", r)
	}
}

// TestOurOwnIsNeverEnded: whatever the list said before.
func TestOurOwnIsNeverEnded(t *testing.T) {
	f := newFake(t)
	s := open(t, f.URL, ownToken)
	var own string
	f.with(func() {
		for id, x := range f.tokens {
			if x.secret == ownToken {
				own = id
			}
		}
	})
	for _, g := range []consent.Grant{{ID: own}, {ID: own, Own: true}, {}} {
		if _, err := revoke(t, s, g); connectors.KindOf(err) != consent.KindPermanent {
			t.Errorf("%+v: %v", g, err)
		}
	}
	f.with(func() { f.noCurrent = true }) // where it does not say which is ours, nothing is touched
	if _, err := revoke(t, s, f.phone()); err == nil {
		t.Error("a login was ended without knowing which is ours")
	}
	if gs, err := s.Grants(t.Context()); err == nil {
		t.Errorf("listed without knowing which is ours: %+v", gs)
	}
	if f.count("auth/delete_refresh_token") != 0 || f.count("auth/delete_all_refresh_tokens") != 0 || status(t, f.URL, phoneToken) != http.StatusOK {
		t.Error("something was deleted")
	}
}

// TestWhatWasOffStaysOff: what the household disabled itself is not enabled by us,
// and what it enables meanwhile is reported.
func TestWhatWasOffStaysOff(t *testing.T) {
	f := newFake(t)
	f.with(func() { e := f.find("e-lumi"); e.Disabled, e.State = "user", "not_loaded"; f.states("e-lumi", false) })
	s := told(t, f)
	r := block(t, s, "m", vacuum())
	if got, err := s.Verify(t.Context(), r); err != nil || got.Level != consent.Configured || got.Seen != consent.CannotTell {
		t.Errorf("it was off before, so nothing was seen to stop: %+v, %v", got, err)
	}
	if got, err := s.Unblock(t.Context(), r); err != nil || !strings.Contains(got.Text, "stays disabled") {
		t.Errorf("%+v, %v", got, err)
	}
	f.with(func() {
		if e := f.find("e-lumi"); e.Disabled != "user" {
			t.Error("what the household had disabled was enabled")
		}
		e := f.find("e-lumi")
		e.Disabled, e.State = nil, "loaded"
	})
	r = block(t, s, "m2", vacuum())
	f.with(func() { e := f.find("e-lumi"); e.Disabled, e.State = nil, "loaded" })
	if got, err := s.Verify(t.Context(), r); err != nil || !got.Missing || !strings.Contains(got.Text, "enabled the integration again") {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAStopInTheMiddleIsFoundAgain: the mark is written first, so that what is
// half done can be found and lifted by the next one.
func TestAStopInTheMiddleIsFoundAgain(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	f.with(func() {
		f.intercept = func(l *fakeLine, q fakeAsk) bool {
			if q.Type != "config_entries/disable" {
				return false
			}
			f.with(func() { e := f.find(q.Entry); e.Disabled, e.State = "user", "not_loaded" })
			_ = l.conn.Close() // before it answers
			return true
		}
	})
	if _, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: vacuum()}); err == nil {
		t.Fatal("it says that all is well")
	}
	f.with(func() { f.intercept = nil })
	again := told(t, f)
	held, err := again.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Mark != "m" {
		t.Fatalf("%+v, %v", held, err)
	}
	if err := again.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.with(func() {
		if e := f.find("e-lumi"); e.Disabled != nil || len(f.data["Anna"][userKey]) > len("null") {
			t.Errorf("left behind: %+v, %s", e, f.data["Anna"][userKey])
		}
	})
}

// TestForeignMarksAreNotWrittenOver: what we cannot read is not ours to replace.
func TestForeignMarksAreNotWrittenOver(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	for _, foreign := range []string{`{"version":2,"entries":{}}`, `"x"`, `[1]`, `{"version":1,"entries":{"e-lumi":null}}`, `{"version":1,"entries":{"e-lumi":{"marks":[]}}}`} {
		f.with(func() { f.data["Anna"] = map[string]json.RawMessage{userKey: json.RawMessage(foreign)} })
		if _, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: vacuum()}); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%s: %v", foreign, err)
		}
		f.with(func() {
			if string(f.data["Anna"][userKey]) != foreign || f.find("e-lumi").Disabled != nil {
				t.Errorf("%s was written over, or something was disabled", foreign)
			}
		})
	}
}

// TestOnlyTheWayToHomeAssistantIsCut: nobody may think that the device is silent.
func TestOnlyTheWayToHomeAssistantIsCut(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	for name, change := range map[string]func(*connectors.Target){
		"everybody":    func(tg *connectors.Target) { tg.Recipient = consent.Recipient{Any: true} },
		"its maker":    func(tg *connectors.Target) { tg.Recipient.Destinations = []string{"maker.example"} },
		"a stranger":   func(tg *connectors.Target) { tg.Identifiers = tg.Identifiers[:1] },
		"another's id": func(tg *connectors.Target) { tg.Identifiers[1].Value = "k2/d-vacuum" },
	} {
		tg := vacuum()
		change(&tg)
		if acc, err := s.AccountOf(t.Context(), tg); connectors.KindOf(err) != consent.KindUnsupported {
			t.Errorf("%s: %+v, %v", name, acc, err)
		}
		if _, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: tg}); connectors.KindOf(err) != consent.KindUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.count("config_entries/disable") != 0 {
		t.Error("something was disabled")
	}
}

// TestWhatItMayNotIsSaid: peers and users that cannot do it all.
func TestWhatItMayNotIsSaid(t *testing.T) {
	openErr := func(f *fake) error {
		s, err := New().Open(t.Context(), settings(f.URL, ownToken), testHost(t))
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	for name, c := range map[string]struct {
		set  func(*fake)
		kind consent.ErrorKind
		says string
	}{
		"banned":     {func(f *fake) { f.banned = true }, consent.KindNeedsPerson, "ip_bans.yaml"},
		"not set up": {func(f *fake) { f.unset = true }, consent.KindNeedsPerson, "not set up"},
		"not it":     {func(f *fake) { f.greeting = answers(http.StatusNotFound, "nothing here") }, consent.KindNeedsPerson, "is not Home Assistant"},
		"other JSON": {func(f *fake) { f.greeting = answers(http.StatusOK, `{"hello":"world"}`) }, consent.KindNeedsPerson, "is not Home Assistant"},
		"plain words": {func(f *fake) {
			f.greeting = answers(http.StatusBadRequest, "Client sent an HTTP request to an HTTPS server.")
		}, consent.KindNeedsPerson, "https://"},
	} {
		f := newFake(t)
		f.with(func() { c.set(f) })
		if err := openErr(f); connectors.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if f.count("auth/current_user") != 0 {
			t.Errorf("%s: it was asked all the same", name)
		}
	}
	f := newFake(t)
	f.with(func() { f.noData = true })
	if c := connectors.CapabilitiesOf(open(t, f.URL, ownToken)); c.Blocker != nil || c.Revoker == nil {
		t.Errorf("it keeps no marks of ours, so nothing may be disabled: %+v", c)
	}
	f.with(func() { f.noData = false })
	s := open(t, f.URL, ownToken)
	f.with(func() { f.admins = map[string]bool{} })
	if err := s.Probe(t.Context()); connectors.KindOf(err) != consent.KindNeedsPerson || !strings.Contains(err.Error(), "administrator") {
		t.Errorf("%v", err)
	}
	f.with(func() { f.oldWay = true })
	if err := s.Observe(t.Context(), nil, nil); connectors.KindOf(err) != consent.KindUnsupported {
		t.Errorf("%v", err)
	}
}

func answers(status int, body string) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// TestOneLineIsEnough: many questions at once go over one line with rising
// numbers, and a line that broke is made anew once.
func TestOneLineIsEnough(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	lines := func() (n int) { f.with(func() { n = len(f.lines) }); return n }
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.Grants(t.Context()); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if n := lines(); n != 1 {
		t.Errorf("%d lines", n)
	}
	f.hangUp("")
	until(t, "the loss is noticed", func() bool { return lines() == 0 })
	if gs, err := s.Grants(t.Context()); err != nil || !slices.ContainsFunc(gs, func(g consent.Grant) bool { return g.Own }) || lines() != 1 {
		t.Errorf("%+v, %v, %d lines", gs, err, lines())
	}
}

// TestSeveralIntegrationsOfADevice: nobody guesses which one is meant, but the
// one that Home Assistant calls its own is taken.
func TestSeveralIntegrationsOfADevice(t *testing.T) {
	f := newFake(t)
	f.with(func() {
		d := f.home.devices[2]
		d["config_entries"] = []string{"e-lumi", "e-plugs"}
		f.home.entities = append(f.home.entities, fakeEntity{ID: "sensor.vacuum_power", Device: "d-vacuum", Entry: "e-plugs", Class: "power"})
	})
	s := told(t, f)
	if _, err := s.AccountOf(t.Context(), vacuum()); connectors.KindOf(err) != consent.KindNeedsPerson {
		t.Errorf("%v", err)
	}
	f.with(func() { f.home.devices[2]["primary_config_entry"] = "e-lumi"; f.fire("device_registry_updated") })
	until(t, "the registry is known anew", func() bool {
		if _, err := s.known(t.Context()); err != nil {
			t.Fatal(err)
		}
		acc, err := s.AccountOf(t.Context(), vacuum())
		return err == nil && acc.Name == "e-lumi"
	})
}
