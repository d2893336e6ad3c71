package oauth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bestbefore/discovery"
)

// The bounds of what a provider may say.
const (
	answerMax  = 256 << 10
	tokenMax   = 8 << 10
	scopesMax  = 50
	longest    = 20 * 365 * 24 * time.Hour // that a token may be said to live
	codeMax    = 30 * time.Minute          // that a code may be waited for
	defaultGap = 5 * time.Second           // between two questions whether the person said yes (RFC 8628 3.2)
	longestGap = time.Minute
)

// seconds reads a number, or a text that is one: both are sent by servers.
type seconds time.Duration

// UnmarshalJSON never fails: what is no number of seconds says nothing.
func (s *seconds) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || !(f > 0) {
		return nil
	}
	*s = seconds(min(f, longest.Seconds()) * float64(time.Second))
	return nil
}

// given is the answer of a token endpoint (RFC 6749 section 5.1).
type given struct {
	access, refresh string
	accessFor       time.Duration // zero: not said
	refreshFor      time.Duration
	scopes          []string
}

// readGiven reads a token answer. Nothing of it may reach an error.
func readGiven(body []byte) (given, error) {
	var in struct {
		Access   string  `json:"access_token"`
		Refresh  string  `json:"refresh_token"`
		Expires  seconds `json:"expires_in"`
		Longer   seconds `json:"refresh_token_expires_in"`
		Keycloak seconds `json:"refresh_expires_in"`
		Scope    any     `json:"scope"`
	}
	if err := decode(body, &in); err != nil {
		return given{}, err
	}
	if !isToken(in.Access) || in.Refresh != "" && !isToken(in.Refresh) {
		return given{}, fmt.Errorf("there is no token in the answer")
	}
	g := given{access: in.Access, refresh: in.Refresh, accessFor: time.Duration(in.Expires), refreshFor: time.Duration(max(in.Longer, in.Keycloak))}
	switch s := in.Scope.(type) {
	case string:
		g.scopes = scopesOf(s)
	case []any: // some send a list
		var words []string
		for _, w := range s {
			if t, ok := w.(string); ok {
				words = append(words, t)
			}
		}
		g.scopes = scopesOf(strings.Join(words, " "))
	}
	return g, nil
}

// isToken is whether s can be sent on as a token: printable and of a sane length.
func isToken(s string) bool {
	return s != "" && len(s) <= tokenMax && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
}

// scopesOf are the words of a scope, cleaned, at most scopesMax. Commas part them too.
func scopesOf(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		if c := string(discovery.Clean(w)); c != "" && len(out) < scopesMax {
			out = append(out, c)
		}
	}
	return out
}

// decode reads one JSON object that is not too large.
func decode(body []byte, v any) error {
	if len(body) > answerMax {
		return fmt.Errorf("the answer is too large")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("the answer is not JSON of that form") // the cause may quote it
	}
	return nil
}

// described is an issuer's own description (RFC 8414 section 2).
type described struct {
	Issuer      string   `json:"issuer"`
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	Device      string   `json:"device_authorization_endpoint"`
	Revoke      string   `json:"revocation_endpoint"`
	Introspect  string   `json:"introspection_endpoint"`
	TokenAuth   []string `json:"token_endpoint_auth_methods_supported"`
	RevokeAuth  []string `json:"revocation_endpoint_auth_methods_supported"`
	NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
}

func readDescribed(body []byte) (described, error) {
	var d described
	if err := decode(body, &d); err != nil {
		return described{}, err
	}
	if d.Issuer == "" || d.Token == "" {
		return described{}, fmt.Errorf("it describes no issuer")
	}
	return d, nil
}

// shown is the answer of a device authorization (RFC 8628 section 3.2).
type shown struct {
	device, user string
	page         string
	until        time.Duration
	gap          time.Duration
}

var userCode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 -]{2,30}$`)

func readShown(body []byte) (shown, error) {
	var in struct {
		Device  string  `json:"device_code"`
		User    string  `json:"user_code"`
		Page    string  `json:"verification_uri"`
		Page2   string  `json:"verification_url"` // so spelled by Google
		Expires seconds `json:"expires_in"`
		Gap     seconds `json:"interval"`
	}
	if err := decode(body, &in); err != nil {
		return shown{}, err
	}
	if in.Page == "" {
		in.Page = in.Page2
	}
	s := shown{device: in.Device, user: in.User, page: in.Page, until: time.Duration(in.Expires), gap: time.Duration(in.Gap)}
	if u, err := url.Parse(s.page); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(s.page) > 500 {
		return shown{}, fmt.Errorf("its page is no https address")
	}
	if !isToken(s.device) || !userCode.MatchString(s.user) {
		return shown{}, fmt.Errorf("there is no code in the answer")
	}
	if s.until <= 0 || s.until > codeMax {
		s.until = codeMax
	}
	if s.gap <= 0 {
		s.gap = defaultGap
	}
	s.gap = min(s.gap, longestGap)
	return s, nil
}

// state is the answer of an introspection (RFC 7662 section 2.2).
type state struct {
	active bool
	until  time.Time
	scopes []string
}

func readState(body []byte) (state, error) {
	var in struct {
		Active *bool  `json:"active"`
		Exp    int64  `json:"exp"`
		Scope  string `json:"scope"`
	}
	if err := decode(body, &in); err != nil {
		return state{}, err
	}
	if in.Active == nil {
		return state{}, fmt.Errorf("it does not say whether the token works")
	}
	s := state{active: *in.Active, scopes: scopesOf(in.Scope)}
	if in.Exp > 0 && in.Exp < 1<<36 {
		s.until = time.Unix(in.Exp, 0).UTC()
	}
	return s, nil
}

var errorWord = regexp.MustCompile(`^[a-z][a-z0-9_]{2,50}$`)

// errorOf is the error word of an answer, "" where there is none. The sentence
// beside it is left out: it may quote what was sent.
func errorOf(body []byte) string {
	var in struct {
		Error any `json:"error"`
	}
	if decode(body, &in) != nil {
		return ""
	}
	if s, ok := in.Error.(string); ok && errorWord.MatchString(s) {
		return s
	}
	return ""
}
