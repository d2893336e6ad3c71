package mud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bestbefore/discovery"
)

// The bounds of a file.
const (
	maxFile    = 256 << 10
	maxDepth   = 24
	maxLists   = 64
	maxEntries = 1024 // in each direction
	maxURL     = 253  // of a MUD URL (RFC 8520 section 3.6 says less than 254)
)

var (
	errTooLong = errors.New("reading MUD file: longer than 256 KiB")
	errTooDeep = errors.New("reading MUD file: nested too deep")
	errNoMUD   = errors.New("reading MUD file: it has no ietf-mud:mud part")
)

// object is a JSON object whose keys have lost the name of their module:
// "ietf-acldns:dst-dnsname" is "dst-dnsname".
type object map[string]any

// Parse reads a MUD file, with the keys of RFC 8520 and RFC 8519 or those of the
// drafts before them. It fails on what is no MUD file at all and leaves out what
// it does not understand.
func Parse(b []byte) (Profile, error) {
	if len(b) > maxFile {
		return Profile{}, errTooLong
	}
	if tooDeep(b) {
		return Profile{}, errTooDeep
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil {
		return Profile{}, fmt.Errorf("reading MUD file: %w", err)
	}
	root := plain(raw)
	m := root.object("mud")
	if m == nil {
		return Profile{}, errNoMUD
	}
	p := Profile{
		URL: m.text("mud-url"), Supported: m.flag("is-supported"), SystemInfo: m.text("systeminfo"), Documentation: m.text("documentation"),
		Maker: m.text("mfg-name"), Model: m.text("model-name"), Firmware: m.text("firmware-rev"),
		CacheValidity: time.Duration(min(m.number("cache-validity"), 168)) * time.Hour,
		From:          []Entry{}, To: []Entry{},
	}
	if len(p.URL) > maxURL {
		return Profile{}, errors.New("reading MUD file: its mud-url is too long")
	}
	if at, err := time.Parse(time.RFC3339, m.text("last-update")); err == nil && at.Year() > 0 && at.Year() < 10000 {
		p.LastUpdate = at.UTC()
	}
	lists := map[string]object{}
	for _, l := range accessLists(root) {
		if name := l.first("name", "acl-name"); name != "" && lists[name] == nil && len(lists) < maxLists {
			lists[name] = l
		}
	}
	p.From = p.policy(m.object("from-device-policy"), lists, true)
	p.To = p.policy(m.object("to-device-policy"), lists, false)
	return p, nil
}

// accessLists finds the access lists: under "acls" (RFC 8519) or "access-lists" (drafts).
func accessLists(root object) []object {
	for _, key := range []string{"acls", "access-lists"} {
		if o := root.object(key); o != nil {
			return o.objects("acl", "access-list")
		}
	}
	return nil
}

// policy gathers the entries of the lists that a policy names, in order.
func (p *Profile) policy(policy object, lists map[string]object, from bool) []Entry {
	out := []Entry{}
	for i, ref := range policy.object("access-lists").objects("access-list") {
		if i == maxLists {
			break
		}
		l := lists[ref.first("name", "acl-name")]
		entries := l.object("aces").objects("ace")
		if entries == nil {
			entries = l.object("access-list-entries").objects("ace")
		}
		for _, a := range entries {
			if len(out) == maxEntries {
				return out
			}
			if e, ok := entry(a, from, l.first("type", "acl-type")); ok {
				out = append(out, e)
			} else {
				p.Skipped++
			}
		}
	}
	return out
}

// tooDeep counts brackets outside strings.
func tooDeep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// plain takes the module names off the keys of o. Of two that are then equal the
// one that is written in full counts, so that the result is always the same.
func plain(o map[string]any) object {
	out := object{}
	for k, v := range o {
		if _, short, ok := strings.Cut(k, ":"); ok {
			out[short] = v
		}
	}
	for k, v := range o {
		if _, there := out[k]; !there && !strings.Contains(k, ":") {
			out[k] = v
		}
	}
	return out
}

func (o object) object(key string) object {
	if m, ok := o[key].(map[string]any); ok {
		return plain(m)
	}
	return nil
}

// objects returns the list under the first of keys that is there.
func (o object) objects(keys ...string) (out []object) {
	for _, k := range keys {
		list, ok := o[k].([]any)
		if !ok {
			continue
		}
		for _, x := range list {
			if m, ok := x.(map[string]any); ok {
				out = append(out, plain(m))
			}
		}
		return out
	}
	return nil
}

func (o object) text(key string) string {
	s, _ := o[key].(string)
	return string(discovery.CleanLong(s))
}

func (o object) first(keys ...string) string {
	for _, k := range keys {
		if s := o.text(k); s != "" {
			return s
		}
	}
	return ""
}

func (o object) flag(key string) bool { b, _ := o[key].(bool); return b }

// number is the whole number under key, 0 when there is none.
func (o object) number(key string) int64 {
	n, _ := o[key].(json.Number)
	i, err := n.Int64()
	if err != nil || i < 0 {
		return 0
	}
	return i
}
