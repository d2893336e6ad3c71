package demo

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func (x *rule) hits(p *passing) bool {
	return x.devices[p.device] && (x.req.Target.Recipient.Any || consent.Covers(x.req.Target.Recipient, flow.Destination{Domain: p.host}))
}

// words say whom the rule keeps from whom.
func (x *rule) words() string {
	to := x.req.Target.Recipient.Name
	if x.req.Target.Recipient.Any {
		to = words.Text("anybody")
	}
	for _, d := range household() {
		if x.devices[d.key] {
			return words.Sprintf("%s to %s", d.instance, to)
		}
	}
	return to
}

// known are the relay's own ids of the devices that ids name.
func known(ids []discovery.Identifier) map[string]bool {
	out := map[string]bool{}
	for _, d := range household() {
		for _, id := range ids {
			_, own, _ := strings.Cut(id.Value, "/")
			if id.Type == discovery.UUID && id.Value == d.uid || id.Type == discovery.Remote && own == d.key {
				out[d.key] = true
			}
		}
	}
	return out
}

// set puts a rule in place of an older one with the same mark, in one step.
func (r *relay) set(req connectors.BlockRequest, devices map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules[req.Mark] = &rule{req: req, devices: devices}
	r.cut()
}

// lift takes a rule away.
func (r *relay) lift(mark string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rules, mark)
}

// held are the rules, by mark.
func (r *relay) held() []rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []rule
	for _, x := range r.rules {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b rule) int { return cmp.Compare(a.req.Mark, b.req.Mark) })
	return out
}

// marked is the rule with a mark, and whether a connection that it hits is open all the same.
func (r *relay) marked(mark string) (x rule, passes, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.rules[mark]
	if found == nil {
		return rule{}, false, false
	}
	passes = slices.ContainsFunc(slices.Collect(maps.Keys(r.open)), found.hits)
	return *found, passes, true
}

// isOff reports whether the relay has ended.
func (r *relay) isOff() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.off
}
