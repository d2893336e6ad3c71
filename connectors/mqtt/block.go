package mqtt

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// kept is what a receipt holds for us.
type kept struct {
	Account   string   `json:"account"`
	Deleted   bool     `json:"deleted,omitempty"`
	Addresses []string `json:"addresses,omitempty"` // from where the account alone signed in
	Gap       float64  `json:"gap,omitempty"`       // seconds between two of its messages before, on average
	Zigbee    string   `json:"zigbee,omitempty"`    // the device that left a Zigbee network, and how it published
	Publisher string   `json:"publisher,omitempty"`
}

// Block switches an account off. Its connections are cut at once, since the
// broker drops a client whose account changes.
func (s *Session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	now := s.now().UTC()
	if !goodMark(r.Mark) {
		return connectors.Receipt{}, connectors.Permanent(words.Text("This block has no name that the broker could keep."), nil)
	}
	if r.From.After(now) || !r.Until.IsZero() {
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The broker cannot keep a start or an end by itself."), nil)
	}
	name, err := s.accountOf(r.Target)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if name == s.set.username {
		return connectors.Receipt{}, connectors.Permanent(words.Text("This is our own account; without it nothing could be given back."), nil)
	}
	l, err := s.connected(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if !s.mayMean(r.Target.Recipient, l) {
		return connectors.Receipt{}, connectors.Unsupported(words.Text("The broker can only stop what is sent to the broker itself."), nil)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	all, err := s.accounts(ctx, l)
	if err != nil {
		return connectors.Receipt{}, err
	}
	cmds, err := blockCommands(all, name, r.Mark)
	if err != nil {
		return connectors.Receipt{}, err
	}
	data, err := json.Marshal(s.facts(name))
	if err != nil {
		return connectors.Receipt{}, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	res, err := s.ask(ctx, l, askTimeout, cmds...)
	if err == nil {
		err = ok(res, "")
	}
	if err != nil {
		return connectors.Receipt{}, err
	}
	out := connectors.Receipt{
		// The answer came after all that the broker had for us before it acted.
		Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, From: r.From, Grain: connectors.GrainAccount, Data: data,
		Text: words.Sprintf("The broker's account %q is switched off; what was connected with it was cut.", clean(name)),
	}
	if a, err := s.accountNow(ctx, l, name); err == nil && a != nil && a.Disabled && readMarks(a.Textdescription).has(r.Mark) {
		out.Level = consent.Configured
	}
	return out, nil
}

// blockCommands are what puts mark on the account name, takes it off any other,
// and leaves every account as its marks ask; nil where all is so already.
func blockCommands(all []account, name, mark string) ([]command, error) {
	i := slices.IndexFunc(all, func(a account) bool { return a.Username == name })
	if i < 0 {
		return nil, connectors.Permanent(words.Text("The broker has no such account any more."), nil)
	}
	m := readMarks(all[i].Textdescription)
	if len(m.marks) == 0 || !all[i].Disabled {
		m.wasOn = !all[i].Disabled
	}
	if !m.has(mark) {
		if len(m.marks) == maxMarks {
			return nil, connectors.Permanent(words.Text("Too many blocks are kept on this account; lift some first."), nil)
		}
		m.marks = append(m.marks, mark)
	}
	text := m.String()
	out := []command{
		{Command: "modifyClient", Username: name, Textdescription: &text},
		{Command: "disableClient", Username: name},
	}
	return append(out, liftCommands(all, mark, name)...), nil
}

// liftCommands take mark off every account but one.
func liftCommands(all []account, mark, but string) []command {
	var out []command
	for _, a := range all {
		m := readMarks(a.Textdescription)
		if a.Username == but || !m.has(mark) {
			continue
		}
		m.marks = slices.DeleteFunc(m.marks, func(x string) bool { return x == mark })
		text := m.String()
		out = append(out, command{Command: "modifyClient", Username: a.Username, Textdescription: &text})
		if len(m.marks) == 0 && m.wasOn {
			out = append(out, command{Command: "enableClient", Username: a.Username})
		}
	}
	return out
}

// facts are what helps to recognise the account's attempts later.
func (s *Session) facts(name string) kept {
	return kept{Account: name, Addresses: s.clients.addressesOf(name), Gap: s.book.gapOf(accountID(name)).Seconds()}
}

// place is the broker as a destination.
func (s *Session) place(l *link) flow.Destination {
	domain, addr := s.destination(l)
	out := flow.Destination{Domain: domain}
	if t, ok := addr.(*net.TCPAddr); ok {
		if a, ok := netip.AddrFromSlice(t.IP); ok {
			out.Address = a.Unmap()
		}
	} else if a, err := netip.ParseAddr(s.set.host); err == nil {
		out.Address = a.Unmap()
	}
	return out
}

// Unblock takes the receipt's mark off and gives the account back when no other
// mark is left on it and it was on before.
func (s *Session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: r.Target, Grain: connectors.GrainAccount, Text: words.Text("Nothing of it is held by the broker."), Data: r.Data}
	l, err := s.connected(ctx)
	if err != nil {
		return out, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	all, err := s.accounts(ctx, l)
	if err != nil {
		return out, err
	}
	cmds := liftCommands(all, r.Mark, "")
	if len(cmds) == 0 {
		out.Level = consent.Configured
		return out, nil
	}
	res, err := s.ask(ctx, l, askTimeout, cmds...)
	if err == nil {
		err = ok(res, notFound)
	}
	if err != nil {
		return out, err
	}
	out.Text = words.Text("The block of the broker's account is lifted.")
	name := cmds[0].Username
	if cmds[len(cmds)-1].Command != "enableClient" {
		out.Text = words.Text("This block is lifted; the broker's account stays off, because something else asks for that.")
	}
	if a, err := s.accountNow(ctx, l, name); err == nil && (a == nil || !readMarks(a.Textdescription).has(r.Mark)) {
		out.Level = consent.Configured
	}
	return out, nil
}

// Held lists the blocks that the broker's accounts carry.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	l, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.accounts(ctx, l)
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, a := range all {
		for _, mark := range readMarks(a.Textdescription).marks {
			data, err := json.Marshal(s.facts(a.Username))
			if err != nil {
				return nil, connectors.Permanent(words.Text("a receipt cannot be written"), err)
			}
			out = append(out, connectors.Held{
				Mark: mark, Active: a.Disabled, Text: words.Sprintf("The broker's account %q is switched off.", clean(a.Username)),
				Receipt: connectors.Receipt{Mark: mark, Level: consent.Configured, At: s.now().UTC(), Target: connectors.Target{Account: a.Username}, Grain: connectors.GrainAccount, Data: data},
			})
		}
	}
	return out, nil
}

// Leave lifts everything that carries our mark.
func (s *Session) Leave(ctx context.Context) error { return connectors.LiftAll(ctx, s, s) }

// Revoke deletes an account at the broker, which cannot be undone: nobody but
// the device knows its password.
func (s *Session) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Target: connectors.Target{Account: r.Grant.ID}, Grain: connectors.GrainAccount}
	if r.Grant.ID == "" || r.Grant.ID == s.set.username || r.Grant.Own {
		return out, connectors.Permanent(words.Text("This is our own account at the broker; it is not deleted."), nil)
	}
	l, err := s.connected(ctx)
	if err != nil {
		return out, err
	}
	if strings.HasPrefix(r.Grant.ID, zigbeeGrant) {
		return s.leaveZigbee(ctx, l, r, out)
	}
	k := s.facts(r.Grant.ID)
	k.Deleted = true
	if out.Data, err = json.Marshal(k); err != nil {
		return out, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	res, err := s.ask(ctx, l, askTimeout, command{Command: "deleteClient", Username: r.Grant.ID})
	if err == nil {
		err = ok(res, notFound)
	}
	if err != nil {
		return out, err
	}
	out.At = s.now().UTC()
	out.Text = words.Sprintf("The broker's account %q is deleted; what was connected with it was cut.", clean(r.Grant.ID))
	if a, err := s.accountNow(ctx, l, r.Grant.ID); err == nil && a == nil {
		out.Level = consent.Configured
	}
	return out, nil
}

// silenceFactor and leastSilence say how long an account must be silent that
// normally sends before that counts as stopped.
const (
	silenceFactor = 5
	leastSilence  = 30 * time.Second
)
