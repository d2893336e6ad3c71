package homeassistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func clean(s string) string     { return string(discovery.Clean(s)) }
func cleanLong(s string) string { return string(discovery.CleanLong(s)) }

// message is what comes over the websocket, whatever it is.
type message struct {
	ID      int64           `json:"id"`
	Type    string          `json:"type"`
	Success bool            `json:"success"`
	Result  json.RawMessage `json:"result"`
	Event   json.RawMessage `json:"event"`
	Error   *refusal        `json:"error"`
	Version string          `json:"ha_version"`
	Message string          `json:"message"`
}

var errMessage = errors.New("this is no message of Home Assistant")

func parseMessage(b []byte) (message, error) {
	var m message
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("reading a message: %w", err)
	}
	if m.Type == "" {
		return m, errMessage
	}
	return m, nil
}

// refusal is Home Assistant's own no, with its code.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The codes that we tell apart.
const (
	codeUnauthorized = "unauthorized"
	codeUnknown      = "unknown_command"
	codeFormat       = "invalid_format"
	codeNotFound     = "not_found"
	codeNoToken      = "invalid_token_id"
	codeTimeout      = "timeout"
	codeFault        = "unknown_error"
)

// Error gives the code and its own words, cleaned.
func (r *refusal) Error() string { return clean(r.Code) + ": " + cleanLong(r.Message) }

// saysNo reports that err is a refusal with one of codes.
func saysNo(err error, codes ...string) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	for _, c := range codes {
		if r.Code == c {
			return true
		}
	}
	return false
}

// fault is the refusal as an error for the person.
func (r *refusal) fault() error {
	switch r.Code {
	case codeUnauthorized:
		return connectors.NeedsPerson(words.Text("The account of this token may not do that in Home Assistant; use a token of an administrator."), r)
	case codeUnknown, codeFormat:
		return connectors.Unsupported(words.Text("This Home Assistant does not know what it was asked; it may be too old or too new."), r)
	case codeTimeout, codeFault:
		return connectors.Transient(words.Text("Home Assistant has a fault of its own."), r)
	}
	return connectors.Fault(consent.KindPermanent, words.Text("Home Assistant refused what it was asked."), r)
}

// word is a text that may be anything else, or missing.
type word string

// UnmarshalJSON keeps a text and forgets all else.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	if len(b) > 0 && b[0] == '"' && json.Unmarshal(b, &s) == nil {
		*w = word(s)
	}
	return nil
}

// rows reads a list leniently: what is no row of V's form is counted and left
// out, and so is all beyond the bound.
func rows[V any](b json.RawMessage, most int) (out []V, odd int, err error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, 0, connectors.Transient(words.Text("Home Assistant gives a list that is none."), err)
	}
	for _, r := range raw {
		var v V
		if len(out) >= most || bytes.Equal(r, []byte("null")) || json.Unmarshal(r, &v) != nil {
			odd++
			continue
		}
		out = append(out, v)
	}
	return out, odd, nil
}
