package lifecycle

import (
	"context"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/notify"
	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// screen is a desk that remembers what it was asked to show.
type screen struct {
	shown []notify.Note
	err   error
}

func (s *screen) Show(_ context.Context, n notify.Note) error {
	if s.err == nil {
		s.shown = append(s.shown, n)
	}
	return s.err
}

// agreed writes a permission of six months that ends in days.
func agreed(t *testing.T, h *Home, id discovery.DeviceID, name string, days int) consent.ID {
	t.Helper()
	now := clock.Wall()
	c, err := consent.New(consent.Request{
		ID: consent.ID(NewID("c")), Device: id, Recipient: consent.Recipient{Name: name, Destinations: []string{name + ".example"}},
		Data: []consent.Category{"video"}, Term: consent.Term{Kind: consent.ForPeriod, Rule: "P6M"}, Remedy: consent.Warn,
		Decider: consent.Decider{By: "you", How: "test", Now: now.AddDate(0, -6, days), Zone: time.UTC},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.core.Label(t.Context(), id, "Front door bell"); err != nil { // that writes the device too
		t.Fatal(err)
	}
	if err := h.store.Decide(t.Context(), consent.Decision{Consent: c}); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// remindOnce looks once, as the service does.
func remindOnce(t *testing.T, h *Home, s *screen, answers chan func()) {
	t.Helper()
	if err := h.remind(t.Context(), s, answers); err != nil {
		t.Fatal(err)
	}
}

func TestOneMessageADayAndItsAnswer(t *testing.T) {
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	id := sight(h)
	ref := agreed(t, h, id, "maker", 6)
	s, answers := &screen{}, make(chan func(), 4)
	s.err = notify.ErrNone
	remindOnce(t, h, s, answers) // nobody shows it now: no error, and it is not lost
	s.err = nil
	if err := h.core.SetPreferences(t.Context(), engine.Preferences{Reminders: false}); err != nil {
		t.Fatal(err)
	}
	remindOnce(t, h, s, answers)
	if len(s.shown) != 0 {
		t.Fatalf("turned off, yet shown: %+v", s.shown)
	}
	if err := h.core.SetPreferences(t.Context(), engine.Preferences{Reminders: true}); err != nil {
		t.Fatal(err)
	}
	remindOnce(t, h, s, answers)
	agreed(t, h, id, "other", 6)
	remindOnce(t, h, s, answers) // that one waits for tomorrow
	if len(s.shown) != 1 || !strings.Contains(s.shown[0].Title, "maker") || len(s.shown[0].Actions) != 2 {
		t.Fatalf("shown: %+v", s.shown)
	}
	before, err := h.core.Consent(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	s.shown[0].Chosen("renew")
	(<-answers)()
	c, err := h.core.Consent(t.Context(), ref)
	if err != nil || c.Decided != consent.Renewed || !c.Expires.After(before.Expires.AddDate(0, 5, 0)) || c.DecidedHow != byNotice {
		t.Fatalf("after the answer: %+v, %v", c.Consent, err)
	}
	if len(s.shown) != 2 || !strings.HasPrefix(s.shown[1].Body, "Renewed until") {
		t.Errorf("the answer to the click: %+v", s.shown)
	}
	s.shown[0].Chosen("renew") // a copy of the notification that hangs about
	(<-answers)()
	if again, err := h.core.Consent(t.Context(), ref); err != nil || again.Version != c.Version {
		t.Errorf("an old notification decided anew: version %d, was %d, %v", again.Version, c.Version, err)
	}
}

func TestWhoLetsItLapseIsNotAskedAgain(t *testing.T) {
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	ref := agreed(t, h, sight(h), "maker", 6)
	if err := h.core.Lapse(t.Context(), ref, "test"); err != nil {
		t.Fatal(err)
	}
	s := &screen{}
	remindOnce(t, h, s, nil)
	if len(s.shown) != 0 {
		t.Errorf("shown: %+v", s.shown)
	}
}

func TestTheResultIsTold(t *testing.T) {
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	id := sight(h)
	connect(t, h)
	raised := ""
	h.Raise = func(target string) { raised = target }
	ref := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1s")
	s, answers := &screen{}, make(chan func(), 4)
	until(t, "the result is told", func() bool {
		remindOnce(t, h, s, answers)
		return len(s.shown) == 1
	})
	if n := s.shown[0]; !strings.HasPrefix(n.Body, "Ended") || len(n.Actions) != 1 {
		t.Errorf("shown: %+v", n)
	}
	s.shown[0].Chosen("")
	(<-answers)()
	if want := "consent/" + string(ref) + "@2"; raised != want {
		t.Errorf("the click leads to %q, want %q", raised, want)
	}
}

// TestASystemWithoutAnswersIsToldOnce: the day's message counts as told only when
// somebody showed it.
func TestASystemWithoutAnswersIsToldOnce(t *testing.T) {
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	agreed(t, h, sight(h), "maker", 6)
	said, can := 0, false
	h.Plain = func() bool { said++; return can }
	d := h.desk(&screen{})
	for _, can = range []bool{false, true, true} { // not yet, then shown, then told already
		if err := h.remind(t.Context(), d, nil); err != nil {
			t.Fatal(err)
		}
	}
	if said != 2 {
		t.Errorf("asked to show it %d times", said)
	}
	h.Plain = nil // the twin: with answers the note itself is shown
	s := &screen{}
	if h.desk(s) != desk(s) {
		t.Error("the D-Bus is not asked")
	}
}

// TestAMessageSpeaksTheLanguageOfTheFile: title, lines and answers of a message on
// the desktop come out of the language file. The twin is the same message in English.
func TestAMessageSpeaksTheLanguageOfTheFile(t *testing.T) {
	for _, spoken := range []bool{false, true} {
		if spoken {
			wordstest.Speak(t, assets.Translations)
		}
		h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
		agreed(t, h, sight(h), "maker", 6)
		s := &screen{}
		remindOnce(t, h, s, make(chan func(), 4))
		if len(s.shown) != 1 || len(s.shown[0].Actions) != 2 {
			t.Fatalf("%+v", s.shown)
		}
		n := s.shown[0]
		for _, text := range []string{n.Title, n.Body, n.Actions[0].Label, n.Actions[1].Label} {
			if rest := wordstest.Outside(strings.NewReplacer("Front door bell", "", "maker", "").Replace(text)); wordstest.Spoken(text) != spoken || spoken && rest != "" {
				t.Errorf("spoken %t: %q says %q past the language file", spoken, text, rest)
			}
		}
	}
}
