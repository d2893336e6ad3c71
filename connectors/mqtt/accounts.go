package mqtt

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const (
	pageSize    = 50
	maxAccounts = 5000
	maxMarks    = 32 // blocks kept on one account
	maxMark     = 160
)

// Our blocks are kept where the broker keeps the account, at the end of its
// description, so that they are found again after a new installation:
// "Garden camera [best-before + consent-c1 consent-c2]". The sign says whether
// the account was on (+) or off (-) before our first block.
const markOpening = "[best-before "

// marked is an account's description taken apart.
type marked struct {
	text  string // the household's own words
	wasOn bool
	marks []string
}

func readMarks(description string) marked {
	plain := marked{text: description, wasOn: true}
	i := strings.LastIndex(description, markOpening)
	if i < 0 || !strings.HasSuffix(description, "]") {
		return plain
	}
	parts := strings.Fields(description[i+len(markOpening) : len(description)-1])
	if len(parts) < 2 || len(parts) > maxMarks+1 || parts[0] != "+" && parts[0] != "-" {
		return plain
	}
	out := marked{text: strings.TrimSuffix(description[:i], " "), wasOn: parts[0] == "+"}
	for _, w := range parts[1:] {
		m, err := url.QueryUnescape(w)
		if err != nil || !goodMark(m) {
			return plain
		}
		out.marks = append(out.marks, m)
	}
	return out
}

func (m marked) String() string {
	if len(m.marks) == 0 {
		return m.text
	}
	sign := "+"
	if !m.wasOn {
		sign = "-"
	}
	parts := []string{sign}
	for _, w := range m.marks {
		parts = append(parts, url.QueryEscape(w))
	}
	tail := markOpening + strings.Join(parts, " ") + "]"
	if m.text == "" {
		return tail
	}
	return m.text + " " + tail
}

func (m marked) has(mark string) bool { return slices.Contains(m.marks, mark) }

func goodMark(m string) bool {
	return m != "" && len(m) <= maxMark && string(discovery.CleanLong(m)) == m
}

// accounts lists all accounts of the broker.
func (s *Session) accounts(ctx context.Context, l *link) ([]account, error) {
	var out []account
	seen := map[string]bool{}
	for len(out) < maxAccounts {
		n := pageSize
		res, err := s.ask(ctx, l, askTimeout, command{Command: "listClients", Verbose: true, Count: &n, Offset: len(out)})
		if err != nil {
			return nil, err
		}
		if err := ok(res, ""); err != nil {
			return nil, err
		}
		page := res[0].Data.Clients
		for _, a := range page[:min(len(page), maxAccounts-len(out))] {
			if !seen[a.Username] {
				seen[a.Username] = true
				out = append(out, a)
			}
		}
		if len(page) < pageSize || len(seen) != len(out) {
			return out, nil
		}
	}
	return out, nil
}

// accountNow reads one account; nil means that there is none.
func (s *Session) accountNow(ctx context.Context, l *link, name string) (*account, error) {
	res, err := s.ask(ctx, l, askTimeout, command{Command: "getClient", Username: name})
	if err != nil {
		return nil, err
	}
	if res[0].Error == notFound {
		return nil, nil
	}
	if err := ok(res, ""); err != nil {
		return nil, err
	}
	if res[0].Data.Client == nil {
		return nil, connectors.Transient(words.Text("The broker's answer names no account."), nil)
	}
	return res[0].Data.Client, nil
}

// Grants lists the broker's accounts. Our own is marked and never deleted.
func (s *Session) Grants(ctx context.Context) ([]consent.Grant, error) {
	l, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	var out []consent.Grant
	if s.zigbee.there() {
		if out, err = s.zigbeeGrants(ctx, l); err != nil {
			return nil, err
		}
	}
	if !s.manages() {
		return out, nil
	}
	all, err := s.accounts(ctx, l)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		g := consent.Grant{ID: a.Username, Connection: s.connection, Kind: "account", Name: accountName(a), Own: a.Username == s.set.username}
		if last := s.clients.lastSeen(a.Username); !last.IsZero() {
			g.LastUsed = last
		}
		for _, r := range a.Roles {
			if len(g.Scopes) < 16 {
				g.Scopes = append(g.Scopes, "what its role “"+string(discovery.Clean(r.Rolename))+"” allows")
			}
		}
		out = append(out, g)
	}
	return out, nil
}

func accountName(a account) string {
	if n := discovery.Clean(a.Textname); n != "" {
		return string(n)
	}
	return string(discovery.Clean(a.Username))
}

// accountID is the peer's id of an account among the devices.
func accountID(name string) string { return "account/" + name }
