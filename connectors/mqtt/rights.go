package mqtt

import (
	"context"
	"strings"
	"time"
)

// maxRights bounds the patterns that are looked through for each new topic.
const maxRights = 20_000

// right is one pattern of topics that an account may publish to.
type right struct {
	account, name, pattern string
}

// readRights asks the broker which account may publish where. Where everybody
// may, nothing can be told from it.
func (s *Session) readRights(ctx context.Context, l *link) ([]right, error) {
	res, err := s.ask(ctx, l, askTimeout, command{Command: "getDefaultACLAccess"}, command{Command: "getAnonymousGroup"})
	if err != nil {
		return nil, err
	}
	if err := ok(res, ""); err != nil {
		return nil, err
	}
	for _, a := range res[0].Data.ACLs {
		if a.Acltype == "publishClientSend" && a.Allow {
			return nil, nil
		}
	}
	all, err := s.accounts(ctx, l)
	if err != nil {
		return nil, err
	}
	roles := roleReader{s: s, l: l, roles: map[string][]string{}, groups: map[string][]string{}}
	var out []right
	if g := res[1].Data.Group; g != nil && g.Groupname != "" {
		patterns, err := roles.ofGroup(ctx, g.Groupname)
		if err != nil {
			return nil, err
		}
		out = appendRights(out, account{}, patterns) // whoever comes without an account
	}
	for _, a := range all {
		patterns, err := roles.of(ctx, a)
		if err != nil {
			return nil, err
		}
		if out = appendRights(out, a, patterns); len(out) >= maxRights {
			return nil, nil // rather nothing than half of it: what is missing may share a topic
		}
	}
	return out, nil
}

func appendRights(out []right, a account, patterns []string) []right {
	for _, p := range patterns {
		// %u is the account, %c the name that its client chose, which may be any.
		p = strings.ReplaceAll(strings.ReplaceAll(p, "%u", a.Username), "%c", "+")
		out = append(out, right{a.Username, accountName(a), p})
	}
	return out
}

// roleReader reads each role and group once.
type roleReader struct {
	s      *Session
	l      *link
	roles  map[string][]string
	groups map[string][]string
}

func (r *roleReader) of(ctx context.Context, a account) ([]string, error) {
	var out []string
	for _, x := range a.Roles {
		p, err := r.role(ctx, x.Rolename)
		if err != nil {
			return nil, err
		}
		out = append(out, p...)
	}
	for _, g := range a.Groups {
		p, err := r.ofGroup(ctx, g.Groupname)
		if err != nil {
			return nil, err
		}
		out = append(out, p...)
	}
	return out, nil
}

func (r *roleReader) role(ctx context.Context, name string) ([]string, error) {
	if p, ok := r.roles[name]; ok {
		return p, nil
	}
	res, err := r.s.ask(ctx, r.l, askTimeout, command{Command: "getRole", Rolename: name})
	if err != nil {
		return nil, err
	}
	var out []string
	if x := res[0].Data.Role; x != nil {
		for _, a := range x.ACLs {
			if a.Acltype == "publishClientSend" && a.Allow {
				out = append(out, a.Topic)
			}
		}
	}
	r.roles[name] = out
	return out, nil
}

func (r *roleReader) ofGroup(ctx context.Context, name string) ([]string, error) {
	if p, ok := r.groups[name]; ok {
		return p, nil
	}
	res, err := r.s.ask(ctx, r.l, askTimeout, command{Command: "getGroup", Groupname: name})
	if err != nil {
		return nil, err
	}
	var out []string
	if g := res[0].Data.Group; g != nil {
		for _, x := range g.Roles {
			p, err := r.role(ctx, x.Rolename)
			if err != nil {
				return nil, err
			}
			out = append(out, p...)
		}
	}
	r.groups[name] = out
	return out, nil
}

// setRights replaces what is known of the accounts' rights.
func (b *book) setRights(rs []right, portOf func(string) uint16) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rights, b.portOf = rs, portOf
	b.epoch++
}

// accountOf is the account that alone may publish to a topic; old says that only
// a message that the broker keeps tells of it. The caller holds mu.
func (b *book) accountOf(info *topicInfo, topic string, old bool, now time.Time) *publisher {
	if info.epoch == b.epoch {
		return info.account
	}
	info.epoch, info.account = b.epoch, nil
	only := -1
	for i, r := range b.rights {
		if !covers(r.pattern, topic) {
			continue
		}
		if only >= 0 && b.rights[only].account != r.account {
			return nil
		}
		only = i
	}
	if only < 0 || b.rights[only].account == "" {
		return nil
	}
	r := b.rights[only]
	fresh := b.publishers[accountID(r.account)] == nil
	p := b.publisher(accountID(r.account), r.name, "only this account of the broker may publish there", now)
	if p != nil {
		p.account = r.account
		p.old = old && (fresh || p.old)
	}
	info.account = p
	return p
}
