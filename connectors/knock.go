package connectors

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Knock is a page that peers of a kind show to everybody, and by what they are
// known from it. It is asked for by a plain GET without anything that tells who
// asks, at the home's router and name servers alone; it must change nothing there.
type Knock struct {
	Scheme string `json:"scheme"` // "http", "https"
	Port   int    `json:"port"`
	Path   string `json:"path"`
	Key    string `json:"key"` // the option that the peer's address answers
	// The signs; all that are given must be there.
	Status []int    `json:"status,omitempty"` // one of them
	Header string   `json:"header,omitempty"` // "Name: value"
	Has    []string `json:"has,omitempty"`    // texts in the body
}

// KnockAnswer is what came back.
type KnockAnswer struct {
	Status int
	Header http.Header
	Body   []byte // its beginning
}

// usualPorts need not be written into an address.
var usualPorts = map[string]int{"http": 80, "https": 443}

// Address is how a person would type where such a peer is.
func (k Knock) Address(host string) string {
	at := net.JoinHostPort(host, strconv.Itoa(k.Port))
	if usualPorts[k.Scheme] == k.Port {
		at = strings.TrimSuffix(at, ":"+strconv.Itoa(k.Port))
	}
	return k.Scheme + "://" + at
}

// Fits reports whether an answer is a peer's of this kind. A knock without any
// sign of its own fits nobody.
func (k Knock) Fits(a KnockAnswer) bool {
	if k.Header == "" && len(k.Has) == 0 || len(k.Status) > 0 && !slices.Contains(k.Status, a.Status) {
		return false
	}
	if name, value, ok := strings.Cut(k.Header, ": "); k.Header != "" && (!ok || !strings.EqualFold(a.Header.Get(name), value)) {
		return false
	}
	return !slices.ContainsFunc(k.Has, func(text string) bool { return !bytes.Contains(a.Body, []byte(text)) })
}
