package openwrt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
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
