package openwrt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Limits on what one mark may carry.
const (
	maxMACs  = 16
	maxTo    = 1000
	maxMark  = 64
	maxRules = 4096
)

// prefix marks our sections; nothing else is touched.
const prefix = "bb_"

// section is one section of the router's settings.
type section map[string]json.RawMessage

// text is an option with one value.
func (s section) text(key string) string {
	var v string
	if json.Unmarshal(s[key], &v) != nil || len(v) > 4096 {
		return ""
	}
	return v
}

// list is an option with several values, or with one that holds several.
func (s section) list(key string) []string {
	var v []string
	if json.Unmarshal(s[key], &v) != nil {
		v = strings.Fields(s.text(key))
	}
	return v
}

// rule is one block as it stands in the router's firewall.
type rule struct {
	mark        string
	macs        []string       // sorted, lower case
	to          []netip.Prefix // sorted; none: everywhere
	from, until time.Time      // zero: now, until lifted
	disabled    bool           // a person switched it off
	odd         bool           // it does not stop what its mark says any more
}

func (r rule) section() string { return prefix + key(r.mark) }

// key is the short name of a mark.
func key(mark string) string {
	sum := sha256.Sum256([]byte(mark))
	return hex.EncodeToString(sum[:6])
}

// ourSection reports a name that only we give a section: the prefix and a key.
func ourSection(name string) bool {
	k, ours := strings.CutPrefix(name, prefix)
	return ours && len(k) == len(key("")) && strings.Trim(k, "0123456789abcdef") == ""
}

// safeMark is mark as it may stand in a rule's name; long and odd ones are
// replaced by their hash.
func safeMark(mark string) string {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:-", r))
	}
	if len(mark) <= maxMark && !strings.ContainsFunc(mark, odd) {
		return mark
	}
	sum := sha256.Sum256([]byte(mark))
	return "sha256:" + hex.EncodeToString(sum[:20])
}

// ruleFor checks a request and works out the rule.
func ruleFor(r connectors.BlockRequest) (rule, error) {
	out := rule{mark: safeMark(r.Mark), from: wholeSecond(r.From), until: wholeSecond(r.Until)}
	if r.Mark == "" {
		return rule{}, connectors.Permanent(words.Text("A block without a mark cannot be lifted again."), nil)
	}
	if !out.until.IsZero() && !out.until.After(out.from) {
		return rule{}, connectors.Permanent(words.Text("The block would end before it starts."), nil)
	}
	for _, id := range r.Target.Identifiers {
		if m := hardware(id.Value); id.Type == discovery.MAC && m != "" {
			out.macs = append(out.macs, m)
		}
	}
	slices.Sort(out.macs)
	out.macs = slices.Compact(out.macs)
	switch {
	case len(out.macs) == 0:
		return rule{}, connectors.NeedsPerson(words.Text("This device's hardware address is not known, so the router cannot tell it from the others."), nil)
	case len(out.macs) > maxMACs:
		return rule{}, connectors.Permanent(words.Sprintf("This device has more than %d hardware addresses.", maxMACs), nil)
	case r.Target.Recipient.Any:
		return out, nil
	}
	for _, text := range slices.Concat(r.Target.Recipient.Destinations, r.Target.Resolved) {
		if p, ok := toPrefix(text); ok {
			out.to = append(out.to, p)
		}
	}
	slices.SortFunc(out.to, netip.Prefix.Compare)
	out.to = slices.Compact(out.to)
	switch {
	case len(out.to) == 0:
		return rule{}, connectors.Transient(words.Text("No address of this recipient is known yet, so the router cannot stop it."), nil)
	case len(out.to) > maxTo:
		return rule{}, connectors.Permanent(words.Sprintf("This recipient has more than %d addresses; block the whole device instead.", maxTo), nil)
	}
	return out, nil
}

// toPrefix reads an address or a range; names are left out, since the engine
// gives their addresses apart.
func toPrefix(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" && !a.IsUnspecified() {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil && p.Bits() > 0 && !p.Addr().Is4In6()
}

// wholeSecond rounds up: neither a permission nor a pause ends early.
func wholeSecond(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	if w := t.Truncate(time.Second); !w.Equal(t) {
		return w.Add(time.Second).UTC()
	}
	return t.UTC()
}

func (r rule) active(now time.Time) bool {
	return !r.disabled && !r.odd && !now.Before(r.from) && !r.over(now)
}

func (r rule) over(now time.Time) bool { return !r.until.IsZero() && !now.Before(r.until) }

func (r rule) grain() connectors.Grain {
	if len(r.to) == 0 {
		return connectors.GrainDevice
	}
	return connectors.GrainRecipient
}

// hits says whether a connection to a is under r.
func (r rule) hits(a netip.Addr) bool {
	return len(r.to) == 0 || slices.ContainsFunc(r.to, func(p netip.Prefix) bool { return p.Contains(a) })
}

// hash stands for the devices, addresses and times of r.
func (r rule) hash() string {
	sum := sha256.Sum256([]byte(fmt.Sprint(r.macs, r.to, seconds(r.from), seconds(r.until))))
	return hex.EncodeToString(sum[:12])
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// name is what the rule is called on the router: whose it is, its times and its mark.
func (r rule) name() string {
	return strings.Join([]string{"bestbefore", seconds(r.from), seconds(r.until), r.mark}, "/")
}

// values are the options of the rule's section.
func (r rule) values(zoneOfHome string, z *time.Location) (map[string]any, error) {
	out := map[string]any{
		"name": r.name(), "src": zoneOfHome, "dest": "*", "proto": "all", "family": "any", "target": "REJECT", "enabled": "1",
	}
	var macs, to []string
	for _, m := range r.macs {
		macs = append(macs, strings.ToUpper(m))
	}
	out["src_mac"] = macs
	for _, p := range r.to {
		if p.IsSingleIP() {
			to = append(to, p.Addr().String())
		} else {
			to = append(to, p.String())
		}
	}
	if len(to) > 0 {
		out["dest_ip"] = to
	}
	for option, t := range map[string]time.Time{"start_date": r.from, "stop_date": r.until} {
		if t.IsZero() {
			continue
		}
		if z == nil {
			return nil, connectors.Unsupported(words.Text("The router's time zone is not known, so it cannot be left a date."), nil)
		}
		text, ok := wall(t, z)
		if !ok {
			return nil, connectors.Unsupported(words.Text("That moment cannot be told to the router: it is too near a change of the clocks there, or too far away."), nil)
		}
		out[option] = text
	}
	return out, nil
}

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
