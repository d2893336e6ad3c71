package oauth

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzAnswers: whatever a provider answers, what is taken of it can be sent on,
// shown and waited for, and what is refused tells nothing of it.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"a","refresh_token":"b","expires_in":3600,"scope":"read write"}`, `{"access_token":"a","expires_in":"3600","scope":["a","b"]}`,
		`{"access_token":"a\nb"}`, `{"access_token":"a","expires_in":-1}`, `{"access_token":"a","expires_in":1e300}`, `{"access_token":"a","expires_in":"NaN"}`,
		`{"issuer":"https://a.example","token_endpoint":"https://a.example/t","revocation_endpoint":"https://b.example"}`,
		`{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://a.example/d","expires_in":1800,"interval":5}`,
		`{"device_code":"d","user_code":"<b>","verification_url":"javascript:alert(1)"}`, `{"device_code":"d","user_code":"AB CD","verification_uri":"https://a@b.example"}`,
		`{"active":true,"exp":1790000000,"scope":"a"}`, `{"active":"yes"}`, `{"active":false,"exp":-5}`,
		`{"error":"invalid_grant","error_description":"secret"}`, `{"error":{"code":1}}`, `{"error":"\u202egnirts"}`, `[]`, ``, `null`, "\xff", strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(s))
	}
	shows := func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
			t.Errorf("%q cannot be shown", s)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if g, err := readGiven(body); err == nil {
			if !isToken(g.access) || g.refresh != "" && !isToken(g.refresh) || g.accessFor < 0 || g.accessFor > longest || g.refreshFor < 0 || g.refreshFor > longest || len(g.scopes) > scopesMax {
				t.Errorf("given %+v", g)
			}
			for _, s := range g.scopes {
				shows(t, s)
			}
			k := kept{Client: "c"}
			k.take(g, time.Unix(1_790_000_000, 0))
			v, err := k.seal()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := unseal(v); err != nil || again.Refresh != g.refresh || again.Access != g.access {
				t.Errorf("sealed and opened %+v, %v", again, err)
			}
		}
		if s, err := readShown(body); err == nil {
			if u, err := url.Parse(s.page); err != nil || u.Scheme != "https" || s.gap <= 0 || s.gap > longestGap || s.until <= 0 || s.until > codeMax {
				t.Errorf("shown %+v", s)
			}
			shows(t, s.user)
		}
		if s, err := readState(body); err == nil {
			_, _ = s.until.MarshalJSON()
			for _, w := range s.scopes {
				shows(t, w)
			}
		}
		if d, err := readDescribed(body); err == nil && (d.Issuer == "" || d.Token == "") {
			t.Errorf("described %+v", d)
		}
		if w := errorOf(body); w != "" && !errorWord.MatchString(w) {
			t.Errorf("the word %q", w)
		}
	})
}

// FuzzReturn: whatever a browser comes back with, only what holds the state of
// this very attempt is taken.
func FuzzReturn(f *testing.F) {
	b := &browser{attempt: attempt{ask: &asker{account: account{provider: provider{Name: "x"}}}, pins: pins{Issuer: "https://a.example", NamesSelf: true}}, state: unguessable()}
	for _, s := range []string{"", "code=1&state=2", "state=%zz", "error=access_denied&state=", "state=a&state=b&iss=https://a.example", "code=" + strings.Repeat("x", 9000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if c, ok := b.read(q); ok {
			t.Errorf("%q is taken as %+v", query, c)
		}
		q.Set("state", b.state)
		if c, ok := b.read(q); ok && (q.Get("iss") != b.pins.Issuer || c.err == nil && !isToken(c.code)) {
			t.Errorf("%q is taken as %+v", query, c)
		}
	})
}
