package openwrt

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// readRule reads a section of ours back; ok is false for any other.
func readRule(name string, s section, zoneOfHome string, z *time.Location) (rule, bool) {
	f := strings.SplitN(s.text("name"), "/", 4)
	if !strings.HasPrefix(name, prefix) || s.text(".type") != "rule" || len(f) != 4 || f[0] != "bestbefore" || f[3] == "" || safeMark(f[3]) != f[3] || prefix+key(f[3]) != name {
		return rule{}, false
	}
	from, err1 := strconv.ParseInt(f[1], 10, 34)
	until, err2 := strconv.ParseInt(f[2], 10, 34)
	if err1 != nil || err2 != nil || from < 0 || until < 0 {
		return rule{}, false
	}
	r := rule{mark: f[3], disabled: s.text("enabled") == "0"}
	if from > 0 {
		r.from = time.Unix(from, 0).UTC()
	}
	if until > 0 {
		r.until = time.Unix(until, 0).UTC()
	}
	for _, text := range s.list("src_mac") {
		if m := hardware(text); m != "" && len(r.macs) < maxMACs {
			r.macs = append(r.macs, m)
		}
	}
	for _, text := range s.list("dest_ip") {
		if p, ok := toPrefix(text); ok && len(r.to) < maxTo {
			r.to = append(r.to, p)
		} else {
			r.odd = true
		}
	}
	slices.Sort(r.macs)
	slices.SortFunc(r.to, netip.Prefix.Compare)
	want, err := r.values(zoneOfHome, z)
	r.odd = r.odd || err != nil || len(r.macs) == 0 || !s.says(want)
	return r, true
}

// options are all that our rules hold; what a person added changes what one stops.
var options = []string{"name", "src", "dest", "proto", "family", "target", "enabled", "src_mac", "dest_ip", "start_date", "stop_date"}

// says compares a section with what it should hold.
func (s section) says(want map[string]any) bool {
	for k := range s {
		if !strings.HasPrefix(k, ".") && !slices.Contains(options, k) {
			return false
		}
	}
	for _, k := range options {
		switch v := want[k].(type) {
		case nil:
			if len(s[k]) > 0 {
				return false
			}
		case string:
			if s.text(k) != v && k != "enabled" {
				return false
			}
		case []string:
			if got := s.list(k); len(got) != len(v) {
				return false
			}
		}
	}
	return true
}

// rules reads our rules, sorted by mark.
func (s *Session) rules(ctx context.Context) ([]rule, error) {
	all, err := s.firewall(ctx)
	if err != nil {
		return nil, err
	}
	var out []rule
	for name, sec := range all {
		if r, ok := readRule(name, sec, s.zoneOfHome, s.zone); ok && len(out) < maxRules {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b rule) int { return strings.Compare(a.mark, b.mark) })
	return out, nil
}

// firewall reads all of the firewall's settings.
func (s *Session) firewall(ctx context.Context) (map[string]section, error) {
	var out struct {
		Values map[string]section `json:"values"`
	}
	if err := s.line.call(ctx, "uci", "get", map[string]any{"config": "firewall"}, &out); err != nil {
		return nil, err
	}
	zone := false
	for _, sec := range out.Values {
		zone = zone || sec.text(".type") == "zone" && sec.text("name") == s.zoneOfHome
	}
	if !zone {
		return nil, connectors.NeedsPerson(words.Sprintf("The router's firewall has no zone %q; give the name of the home's zone.", s.zoneOfHome), nil)
	}
	return out.Values, nil
}

// readBack reads one rule; false when it is not there. The router answers for a
// section that does not exist that all is well, and gives nothing.
func (s *Session) readBack(ctx context.Context, mark string) (rule, bool, error) {
	var out struct {
		Values section `json:"values"`
	}
	name := prefix + key(mark)
	err := s.line.call(ctx, "uci", "get", map[string]any{"config": "firewall", "section": name}, &out)
	if errors.Is(err, errNoData) || codeOf(err) == codeNotFound || codeOf(err) == codeNoData {
		return rule{}, false, nil
	}
	if err != nil {
		return rule{}, false, err
	}
	r, ok := readRule(name, out.Values, s.zoneOfHome, s.zone)
	return r, ok, nil
}

// busy is what a change gives while another waits to be confirmed.
func (s *Session) busy(err error) error {
	if codeOf(err) != codeDenied {
		return err
	}
	return &connectors.Error{
		Kind: consent.KindTransient, RetryAt: s.now().Add(45 * time.Second), Err: &refusal{codeDenied, "uci", "apply"},
		Text: words.Text("Somebody else is changing the router's settings right now; it is tried again when that is over."),
	}
}
