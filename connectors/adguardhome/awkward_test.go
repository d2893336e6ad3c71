package adguardhome

import (
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// TestATwoHundredIsNotADone: each way in which it says yes and nothing comes of it.
func TestATwoHundredIsNotADone(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(*fake)
		level consent.Level // of the receipt
		says  string        // in the finding
		seen  consent.Seen
		lost  bool
	}{
		"it applies none":         {func(f *fake) { f.ignored = true }, consent.Accepted, "would not refuse", consent.Flowing, false},
		"it keeps none":           {func(f *fake) { f.forgetful = true }, consent.Accepted, "no longer holds", consent.NotChecked, true},
		"its protection is off":   {func(f *fake) { f.unprotected = true }, consent.Accepted, "protection is switched off", consent.Flowing, false},
		"its log is off":          {func(f *fake) { f.off = true }, consent.Configured, "query log is switched off", consent.CannotTell, false},
		"its log hides who asked": {func(f *fake) { f.masked = true }, consent.Configured, "shortens addresses", consent.CannotTell, false},
		"it applies them later":   {func(f *fake) { f.lag = 150 * time.Millisecond }, consent.Configured, "was refused", consent.Stopped, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			c.set(f)
			s := open(t, f)
			r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)})
			if err != nil || r.Level != c.level {
				t.Fatalf("%+v, %v", r, err)
			}
			f.ask(bellAddr, "video.maker.example")
			r.At = r.At.Add(-2 * settle) // as if it had been set a while ago
			v, err := s.Verify(t.Context(), r)
			if err != nil || v.Seen != c.seen || v.Missing != c.lost || !strings.Contains(v.Text, c.says) {
				t.Errorf("%+v, %v", v, err)
			}
			if v.Level == consent.Effective && c.seen != consent.Stopped {
				t.Errorf("effective although nothing was refused: %+v", v)
			}
		})
	}
}

// TestWhatCannotBeBlockedIsSaid before anything is written.
func TestWhatCannotBeBlockedIsSaid(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	for name, r := range map[string]connectors.BlockRequest{
		"addresses alone": {Mark: "consent-c1", Target: target(consent.Recipient{Destinations: []string{"198.51.100.7"}}, bellAddr)},
		"a start":         {Mark: "consent-c1", Target: target(maker(), bellAddr), From: time.Now().Add(time.Hour)},
		"an end":          {Mark: "consent-c1", Target: target(maker(), bellAddr), Until: time.Now().Add(time.Hour)},
	} {
		if _, err := s.Block(t.Context(), r); connectors.KindOf(err) != consent.KindUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.asked["/control/filtering/set_rules"] != 0 {
		t.Error("something was written all the same")
	}
	c := connectors.CapabilitiesOf(s)
	if c.Traits.CutsOpenFlows || c.Traits.HoldsStart || c.Traits.HoldsEnd || !c.Traits.NamesOnly || !c.Traits.IPv6 {
		t.Errorf("%+v", c.Traits)
	}
}

// TestABlockIsSetAnewWhereTheDeviceIs: without its DHCP server nobody tells it
// that a device has moved. It says that it goes by addresses, so that it is told,
// and then nothing is left at the old one.
func TestABlockIsSetAnewWhereTheDeviceIs(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	const moved = "192.168.77.44"
	set := func(at string) connectors.Receipt {
		t.Helper()
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), at)})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	r := set(bellAddr)
	if !f.ask(moved, "video.maker.example") {
		t.Fatal("the stand-in does not show the trap")
	}
	if tr := s.Traits(); !tr.Moved(r.Target, target(maker(), moved)) {
		t.Errorf("it does not say that it goes by addresses: %+v", tr)
	}
	set(moved)
	if f.ask(moved, "video.maker.example") || !f.ask(bellAddr, "video.maker.example") {
		t.Error("the block is not where the device is, or also where it was")
	}
}
