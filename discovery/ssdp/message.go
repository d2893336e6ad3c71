package ssdp

import (
	"errors"
	"fmt"
	"strings"

	"bestbefore/discovery"
)

// The bounds of one packet.
const (
	maxPacket  = 8192
	maxHeaders = 64
	maxHeader  = 1024 // bytes of one value
)

// Message is one SSDP response or announcement.
type Message struct {
	Bye    bool   // the sender says that this part of it leaves
	UDN    string // the uuid part of USN, lower case; "" when there is none
	Type   string // ST or NT
	Header Header
}

// Header holds the fields of a message by their names in upper case. Of a name
// that comes twice the first counts.
type Header map[string]string

var (
	errNotOurs = errors.New("reading ssdp message: neither a response nor an announcement")
	errTooBig  = errors.New("reading ssdp message: too long")
)

// ParseMessage reads one datagram. It is lenient about line ends and broken
// lines, as devices are careless, and strict about sizes. Questions of others
// (M-SEARCH) give an error.
func ParseMessage(b []byte) (Message, error) {
	if len(b) > maxPacket {
		return Message{}, errTooBig
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	first = strings.TrimSpace(first)
	m := Message{Header: header(rest)}
	switch {
	case strings.HasPrefix(first, "HTTP/1.") && len(strings.Fields(first)) > 1 && strings.Fields(first)[1] == "200":
		m.Type = m.Header["ST"]
	case strings.HasPrefix(first, "NOTIFY * HTTP/1."):
		m.Type = m.Header["NT"]
		switch nts := m.Header["NTS"]; nts {
		case "ssdp:alive", "ssdp:update":
		case "ssdp:byebye":
			m.Bye = true
		default:
			return Message{}, fmt.Errorf("reading ssdp message: unknown NTS %q", discovery.Clean(nts))
		}
	default:
		return Message{}, errNotOurs
	}
	m.UDN = udn(m.Header["USN"])
	return m, nil
}

func header(s string) Header {
	h := Header{}
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToUpper(strings.TrimSpace(name))
		if !ok || name == "" || len(name) > 64 || len(value) > maxHeader || len(h) >= maxHeaders {
			continue
		}
		if _, twice := h[name]; !twice {
			h[name] = strings.TrimSpace(value)
		}
	}
	return h
}

// udn takes the device's own number out of "uuid:<number>::urn:...".
func udn(usn string) string {
	name, _, _ := strings.Cut(usn, "::")
	if len(name) < 5 || !strings.EqualFold(name[:5], "uuid:") {
		return ""
	}
	id, ok := discovery.Identifier{Type: discovery.UDN, Value: name}.Normalize()
	if !ok {
		return ""
	}
	return id.Value
}
