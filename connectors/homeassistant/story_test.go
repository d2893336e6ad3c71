package homeassistant

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// aHome is a Home Assistant with three integrations: "Plugs" (local) with the
// devices Kettle and Fridge, "Lumi Cloud" (by its maker's cloud) with Vacuum,
// "Stuck Cam", which cannot be unloaded, with Porch; and with a long-lived token
// called "Old phone" beside ours.
type aHome struct {
	address, token string
	guest          string // a token of a user who is no administrator
	phone          string // the token called "Old phone"
}

// TestTheStory runs against the stand-in what TestARealHomeAssistant runs
// against the real one.
func TestTheStory(t *testing.T) {
	f := newFake(t)
	story(t, aHome{f.URL, ownToken, guestToken, phoneToken})
}

// TestARealHomeAssistant holds the stand-in against the real program, where a
// developer names one: BESTBEFORE_HOMEASSISTANT is its address, …_TOKEN an
// administrator's token, …_GUEST that of a user who is none, …_PHONE the value of
// the administrator's token called "Old phone".
func TestARealHomeAssistant(t *testing.T) {
	at := os.Getenv("BESTBEFORE_HOMEASSISTANT")
	if at == "" {
		t.Skip("no real Home Assistant is named in BESTBEFORE_HOMEASSISTANT")
	}
	story(t, aHome{at, os.Getenv("BESTBEFORE_HOMEASSISTANT_TOKEN"), os.Getenv("BESTBEFORE_HOMEASSISTANT_GUEST"), os.Getenv("BESTBEFORE_HOMEASSISTANT_PHONE")})
}

func story(t *testing.T, h aHome) {
	t.Helper()
	s := open(t, h.address, h.token)
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at).Abs() > time.Minute {
		t.Errorf("its clock: %s, %v", at, err)
	}
	v := streaming(t, s)
	for name, want := range map[string]struct{ mac, through, category string }{
		"Kettle": {"64:90:c1:00:00:01", "Plugs", "energy"}, "Fridge": {"64:90:c1:00:00:02", "Plugs", "temperature"},
		"Vacuum": {"64:90:c1:00:00:03", "Lumi Cloud (by way of its maker's cloud)", ""}, "Porch": {"", "Stuck Cam (by way of its maker's cloud)", ""},
	} {
		until(t, name+" is told, and what it reports", func() bool {
			_, ok := v.device(name)
			return ok && v.reported(name, want.category) > 0
		})
		got, _ := v.device(name)
		mac := discovery.Identifier{Type: discovery.MAC, Value: want.mac}
		if slices.Contains(got.Identifiers, mac) != (want.mac != "") || !got.Claimed || fact(got, "integration") != want.through || fact(got, "manufacturer") != "Acme" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if d, _ := v.device("Fridge"); fact(d, "room") != "Kitchen" || !strings.Contains(d.Detail, "in the room Kitchen") {
		t.Errorf("the room is missing: %+v", d)
	}
	cov, err := s.Coverage(t.Context())
	if err != nil || !strings.Contains(cov.Text, "2 of 3 integrations go through their makers' clouds: Lumi Cloud, Stuck Cam") || !strings.Contains(cov.Text, "1 other people") {
		t.Errorf("%q, %v", cov.Text, err)
	}
	pastIsRead(t, s, v)
	tokenEnds(t, s, h)
	integrationEnds(t, s, v)
	stuckSaysSo(t, s, v)
	guestMayLittle(t, h)
}

// pastIsRead: its history tells about as many reports as were counted as they
// came, where it has one.
func pastIsRead(t *testing.T, s *Session, v *seen) {
	t.Helper()
	from, before := time.Now(), v.reported("Kettle", "energy")
	until(t, "some more is reported", func() bool { return v.reported("Kettle", "energy") >= before+4 })
	to := time.Now()
	until(t, "it is written down", func() bool {
		var got uint64
		err := s.catchUp(t.Context(), place{At: from}, to, func(recs []flow.Record, _ connectors.Cursor) {
			for _, r := range recs {
				if d, _ := v.device("Kettle"); r.Local.Remote == d.Identifiers[0].Value && r.Categories == "energy" {
					got += r.Count
				}
				if r.First.Before(from) || r.Last.After(to) {
					t.Errorf("%+v is not between %s and %s", r, from, to)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if cov, err := s.Coverage(t.Context()); err == nil && strings.Contains(cov.Text, "no history") {
			t.Log("it has no history")
			return true
		}
		return got >= 3
	})
}

func tokenEnds(t *testing.T, s *Session, h aHome) {
	t.Helper()
	if got := status(t, h.address, h.phone); got != http.StatusOK {
		t.Fatalf("the phone's token does not work before: %d", got)
	}
	gs, err := s.Grants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(gs, func(g consent.Grant) bool { return g.Name == "Old phone" })
	own := slices.IndexFunc(gs, func(g consent.Grant) bool { return g.Own })
	if i < 0 || own < 0 || gs[i].Own || gs[i].Kind != kindToken || !gs[i].LastUsed.IsZero() || gs[i].Created.IsZero() || !slices.Contains(gs[i].Scopes, "all that Anna may, as administrator") {
		t.Fatalf("%+v", gs)
	}
	app := slices.IndexFunc(gs, func(g consent.Grant) bool { return g.Name == "Home Assistant app for Android" })
	if app < 0 || gs[app].Kind != kindLogin || gs[app].LastUsed.IsZero() || !slices.Contains(gs[app].Scopes, "last used from 127.0.0.1") {
		t.Errorf("%+v", gs)
	}
	for _, g := range []consent.Grant{gs[own], {ID: gs[own].ID}} {
		if _, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: g}); connectors.KindOf(err) != consent.KindPermanent {
			t.Fatalf("our own: %v", err)
		}
	}
	for range 2 {
		r, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: gs[i]})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		if f, err := s.Verify(t.Context(), r); err != nil || f.Level != consent.Configured || f.Missing {
			t.Errorf("%+v, %v", f, err)
		}
	}
	if got := status(t, h.address, h.phone); got != http.StatusUnauthorized {
		t.Errorf("the deleted token is answered with %d, want 401", got)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("our own: %v", err)
	}
}

// status is how a token is answered.
func status(t *testing.T, address, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// toHub is a permission of a device to report to Home Assistant.
func toHub(s *Session, v *seen, name string) connectors.Target {
	d, _ := v.device(name)
	dest, _ := s.destination()
	return connectors.Target{Device: discovery.DeviceID("d-" + name), Identifiers: d.Identifiers, Recipient: consent.Recipient{Name: peer, Destinations: []string{dest.String()}}}
}

func integrationEnds(t *testing.T, s *Session, v *seen) {
	t.Helper()
	vacuum := toHub(s, v, "Vacuum")
	acc, err := s.AccountOf(t.Context(), vacuum)
	if err != nil || acc.Words() != `the integration "Lumi Cloud"` || len(acc.Shares) != 0 {
		t.Fatalf("%+v, %v", acc, err)
	}
	if acc, err := s.AccountOf(t.Context(), toHub(s, v, "Kettle")); err != nil || len(acc.Shares) != 1 {
		t.Fatalf("the fridge shares the kettle's: %+v, %v", acc, err)
	}
	began := time.Now()
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-story", Target: vacuum})
	t.Logf("disabled and read back in %s", time.Since(began).Round(time.Millisecond))
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	until(t, "its values are seen to be gone", func() bool {
		f, err := s.Verify(t.Context(), r)
		if err != nil || f.Missing || f.Seen == consent.Flowing {
			t.Fatalf("%+v, %v", f, err)
		}
		return f.Level == consent.Effective && f.Seen == consent.Stopped
	})
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Mark != "consent-story" || !held[0].Active {
		t.Errorf("%+v, %v", held, err)
	}
	if _, err := s.Unblock(t.Context(), held[0].Receipt); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Verify(t.Context(), r); err != nil || !f.Missing {
		t.Errorf("%+v, %v", f, err)
	}
	before := v.reported("Vacuum", "")
	until(t, "it reports again", func() bool { return v.reported("Vacuum", "") > before })
	if held, err := s.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("%+v, %v", held, err)
	}
}

// stuckSaysSo: what cannot be unloaded goes on until a restart, and nothing else
// is claimed.
func stuckSaysSo(t *testing.T, s *Session, v *seen) {
	t.Helper()
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-stuck", Target: toHub(s, v, "Porch")})
	if err != nil || r.Level != consent.Accepted || !strings.Contains(r.Text, "until it is restarted") {
		t.Fatalf("%+v, %v", r, err)
	}
	f, err := s.Verify(t.Context(), r)
	if err != nil || f.Level != consent.Accepted || f.Seen == consent.Stopped || f.Missing {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := s.Unblock(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func guestMayLittle(t *testing.T, h aHome) {
	t.Helper()
	s := open(t, h.address, h.guest)
	c := connectors.CapabilitiesOf(s)
	if c.Blocker != nil || c.Holder != nil || c.Revoker == nil || c.GrantLister == nil {
		t.Errorf("%+v", c)
	}
	gs, err := s.Grants(t.Context())
	if err != nil || len(gs) != 1 || !gs[0].Own {
		t.Errorf("a guest's own login alone: %+v, %v", gs, err)
	}
	cov, err := s.Coverage(t.Context())
	if err != nil || !strings.Contains(cov.Text, "may not disable") {
		t.Errorf("%+v, %v", cov, err)
	}
}
