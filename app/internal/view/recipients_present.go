package view

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/recipient"
)

// RecipientAny is the choice of everybody outside the home.
const RecipientAny = "any"

// RecipientAds is the choice of all advertisers together that it was seen to talk to.
const RecipientAds = "set:ads"

// The IDs of recipients begin with where they come from: seen in traffic, or typed.
const (
	recipientPrefix = "to:"
	typedPrefix     = "at:"
)

// offered is how many seen recipients the form offers.
const offered = 12

func recipientID(s sent) string { return recipientPrefix + s.to }

// recipients are those that it was seen to send to, those that were typed, and everybody.
func (p Presenter) recipients(in GiveInput) []Choice {
	live := map[string]string{}
	for _, c := range in.Consents {
		if c.Decided.Live() {
			live[c.Recipient.Name] = p.T("has a permission %s", p.until(c.Consent))
		}
	}
	var out []Choice
	if ads := in.advertisers(); len(ads) > 1 {
		out = append(out, Choice{
			ID: RecipientAds, Label: p.T("All advertisers it talks to"), Detail: p.T("%[1]d of them: %[2]s", len(ads), p.adNames(ads)),
			Chosen: slices.Contains(in.Draft.Recipients, RecipientAds),
		})
	}
	for _, s := range gather(in.Flows) {
		id := recipientID(s)
		chosen := slices.Contains(in.Draft.Recipients, id)
		if !chosen && (len(out) >= offered || in.atHome(s)) {
			continue
		}
		c := Choice{ID: id, Label: p.company(s.to), Detail: p.T("seen, %s in the last 7 days", p.amount(s)), Chosen: chosen}
		if why, ok := live[s.to]; ok {
			c.Detail, c.Disabled, c.Chosen = why, true, false
		}
		out = append(out, c)
	}
	for _, d := range in.Draft.Added {
		id := typedPrefix + d
		out = append(out, Choice{ID: id, Label: clean(d), Detail: p.T("added by you"), Chosen: slices.Contains(in.Draft.Recipients, id)})
	}
	anyone := Choice{ID: RecipientAny, Label: p.T("Anybody outside your home"), Detail: p.T("one date for everything that it sends")}
	for _, c := range in.Consents {
		if c.Decided.Live() && c.Recipient.Any {
			anyone.Detail, anyone.Disabled = p.T("has a permission %s", p.until(c.Consent)), true
		}
	}
	anyone.Chosen = !anyone.Disabled && slices.Contains(in.Draft.Recipients, RecipientAny)
	return append(out, anyone)
}

// atHome reports whether s is at home, where no permission leads but to who keeps
// accounts of the home's devices.
func (in GiveInput) atHome(s sent) bool {
	return recipient.Purpose(s.receiver.Purpose) == recipient.Home &&
		!slices.ContainsFunc(in.Connections, func(c engine.ConnectionInfo) bool { return c.Traits.Grain == connectors.GrainAccount })
}

// advertisers are those who show advertisements, follow customers or measure what
// is watched, as far as they are known and no permission names them yet.
func (in GiveInput) advertisers() []sent {
	return slices.DeleteFunc(gather(in.Flows), func(s sent) bool {
		switch recipient.Purpose(s.receiver.Purpose) {
		case recipient.Ads, recipient.Audience, recipient.Marketing:
			return slices.ContainsFunc(in.Consents, func(c engine.ConsentInfo) bool { return c.Decided.Live() && c.Recipient.Name == s.to })
		default:
			return true
		}
	})
}

// adNames names the first few of them.
func (p Presenter) adNames(ads []sent) string {
	var names []string
	for _, s := range ads {
		names = append(names, s.to)
	}
	return p.newNames(names)
}

// adsLine names in the preview all whom the choice of advertisers stands for.
func (p Presenter) adsLine(in GiveInput) []PreviewLine {
	if !slices.Contains(in.Draft.Recipients, RecipientAds) {
		return nil
	}
	var names []string
	for _, s := range in.advertisers() {
		names = append(names, p.company(s.to))
	}
	return []PreviewLine{{Text: p.T("The advertisers are %s. Who comes later is not among them.", p.List(names))}}
}

// takeTyped makes choices of what was typed: addresses, prefixes and host names
// parted by commas, after a name and "=" where the person gave one. It is
// refused whole, with the reason, where a part of it is none of these.
func (p Presenter) takeTyped(d GiveDraft) (GiveDraft, string) {
	text := strings.TrimSpace(d.Typing)
	if text == "" {
		d.Typing = ""
		return d, ""
	}
	name, list, named := strings.Cut(text, "=")
	if !named {
		name, list = "", text
	}
	var found []string
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		r, err := consent.Recipient{Destinations: []string{part}}.Normal()
		if err != nil || !named && !strings.ContainsAny(part, ".:") {
			return d, p.T("“%s” is neither an address nor a host name.", clean(part))
		}
		found = append(found, r.Destinations...)
	}
	if len(found) == 0 {
		return d, p.T("Write an address or a host name, such as video.example.")
	}
	d.Added, d.Recipients = slices.Clone(d.Added), slices.Clone(d.Recipients)
	for _, f := range found {
		if !slices.Contains(d.Added, f) {
			d.Added = append(d.Added, f)
		}
		if id := typedPrefix + f; !slices.Contains(d.Recipients, id) {
			d.Recipients = append(d.Recipients, id)
		}
	}
	d.Recipients = slices.DeleteFunc(d.Recipients, func(id string) bool { return id == RecipientAny })
	d.Typing, d.Name = "", cmp.Or(clean(name), d.Name)
	return d, ""
}

// together is what the chosen ones are as one recipient: a name and the set of their destinations.
func (p Presenter) together(in GiveInput) consent.Recipient {
	if slices.Contains(in.Draft.Recipients, RecipientAny) {
		return consent.Recipient{Name: "everybody", Any: true}
	}
	out := consent.Recipient{Name: in.Draft.Name}
	sents := gather(in.Flows)
	for _, id := range in.Draft.Recipients {
		if to, ok := strings.CutPrefix(id, typedPrefix); ok {
			out.Destinations = append(out.Destinations, to)
			continue
		}
		if id == RecipientAds {
			for _, s := range in.advertisers() {
				out.Destinations = append(out.Destinations, in.destinations(s.to, sents)...)
			}
			continue
		}
		to := strings.TrimPrefix(id, recipientPrefix)
		out.Destinations = append(out.Destinations, in.destinations(to, sents)...)
	}
	if normal, err := out.Normal(); err == nil {
		out.Destinations = normal.Destinations
	}
	if out.Name == "" {
		out.Name = p.proposed(in)
	}
	return out
}

// destinations are those of one recipient that was seen; an ended permission keeps its own.
func (in GiveInput) destinations(to string, sents []sent) []string {
	for _, c := range in.Consents {
		if c.Recipient.Name == to && !c.Recipient.Any {
			return c.Recipient.Destinations
		}
	}
	for _, s := range sents {
		if s.to == to && len(s.ids) > 0 {
			return s.ids
		}
	}
	return []string{to}
}

// proposed is a name for all who are chosen: the one that they share, else the
// first name with a count of the others, since a name says more than an address.
func (p Presenter) proposed(in GiveInput) string {
	var names, addresses []string
	for _, id := range in.Draft.Recipients {
		n := strings.TrimPrefix(strings.TrimPrefix(id, typedPrefix), recipientPrefix)
		if id == RecipientAds {
			n = p.T("Advertisers")
		}
		if _, err := netip.ParsePrefix(n); err == nil || isAddress(n) {
			addresses = append(addresses, n)
		} else {
			names = append(names, n)
		}
	}
	others := len(names) + len(addresses) - 1
	switch {
	case others < 0:
		return ""
	case others == 0:
		return append(names, addresses...)[0]
	case len(names) == 0:
		return p.N("%d address", "%d addresses", len(addresses))
	case len(names) > 1 && common(names) != "":
		return common(names)
	default:
		return clean(names[0]) + " " + p.N("and %d other", "and %d others", others)
	}
}

// common is the domain that all host names share; a single label, or what looks
// like a country's own second level, is nobody's name.
func common(hosts []string) string {
	var shared []string
	for i, h := range hosts {
		if isAddress(h) || !strings.Contains(h, ".") {
			return ""
		}
		labels := strings.Split(strings.ToLower(h), ".")
		slices.Reverse(labels)
		if i == 0 {
			shared = labels
			continue
		}
		n := 0
		for n < len(labels) && n < len(shared) && labels[n] == shared[n] {
			n++
		}
		shared = shared[:n]
	}
	if len(shared) < 2 || len(shared) == 2 && len(shared[0]) == 2 && len(shared[1]) <= 3 {
		return ""
	}
	shared = slices.Clone(shared)
	slices.Reverse(shared)
	return strings.Join(shared, ".")
}
