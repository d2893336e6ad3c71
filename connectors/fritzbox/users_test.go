package fritzbox

import (
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Without a user name the password is tried, once, as the user's who signed in
// last, and it stays that one's whoever signs in at the box later.
func TestTheUserWhoSignedInLastIsMeant(t *testing.T) {
	b, dir := newBox(t), t.TempDir()
	for _, list := range []string{"", `<List><Username last_user="1">guest</Username><Username>` + boxUser + `</Username></List>`} {
		b.with(func() { b.users = list })
		s, err := New().Open(t.Context(), b.settings(map[string]string{optUsername: ""}), hostFor(dir, boxPassword))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	asked, wrong := 0, 0
	b.with(func() { asked, wrong = b.asked["X_AVM-DE_GetUserList"], b.wrong })
	if asked != 1 || wrong != 0 {
		t.Errorf("asked who %d times, %d wrong passwords", asked, wrong)
	}
	// The twin: without our own list the later one would be tried.
	if _, err := New().Open(t.Context(), b.settings(map[string]string{optUsername: ""}), hostFor(t.TempDir(), boxPassword)); connectors.KindOf(err) != consent.KindSignIn {
		t.Errorf("as another user: %v", err)
	}
}

// Where the box names nobody, or is too old for that, a person is asked, and no
// password is sent.
func TestABoxThatNamesNobodyIsSaid(t *testing.T) {
	for name, do := range map[string]func(*box){
		"two and none last": func(b *box) { b.users = "<List><Username>a</Username><Username>b</Username></List>" },
		"nobody":            func(b *box) { b.users = "<List></List>" },
		"no list":           func(b *box) { b.users = "<" },
		"an old box":        func(b *box) { b.unknown["X_AVM-DE_GetUserList"] = true },
	} {
		b := newBox(t)
		b.with(func() { do(b) })
		_, err := New().Open(t.Context(), b.settings(map[string]string{optUsername: ""}), hostFor("", boxPassword))
		if connectors.KindOf(err) != consent.KindNeedsPerson || err == nil || !holds(err.Error(), "enter the name") {
			t.Errorf("%s: %v", name, err)
		}
		b.with(func() {
			if b.signed > 0 {
				t.Errorf("%s: a password was sent", name)
			}
		})
	}
}

func FuzzUsers(f *testing.F) {
	for _, s := range []string{`<List><Username last_user="1">a</Username></List>`, "<List><Username>a</Username></List>", "", "<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		name := pickUser(list)
		if len(name) > maxField || strings.TrimSpace(name) != name {
			t.Errorf("%q", name)
		}
	})
}
