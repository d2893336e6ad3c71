package recipe

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Connector is a recipe that can be connected. It holds nothing live.
type Connector struct{ r *Recipe }

var _ connectors.Connector = (*Connector)(nil)

// New makes a connector of a recipe that Parse gave.
func New(r *Recipe) *Connector { return &Connector{r: r} }

// Recipe is what it was made of.
func (c *Connector) Recipe() *Recipe { return c.r }

// Spec describes it.
func (c *Connector) Spec() connectors.Spec { return c.r.Spec() }

// Open makes a session and asks once whether it works.
func (c *Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if h == nil || h.HTTP == nil || h.Now == nil {
		return nil, connectors.Fault(consent.KindPermanent, words.Text("This program gives recipes no way out, so that nothing can be asked."), nil)
	}
	out := &session{r: c.r, h: h, settings: s, homes: map[string]string{}, opened: h.Now(), log: h.Log}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	for _, o := range c.r.Options {
		if o.Type != typeAddress {
			continue
		}
		at, err := homeURL(out.answer(o), o.Scheme)
		if err != nil {
			return nil, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%s: that is no address such as 192.168.1.1 or https://box.lan:8443.", words.Text(o.Label)), err)
		}
		out.homes[o.Key] = at
	}
	if err := out.Probe(ctx); err != nil {
		return nil, err
	}
	return out, nil
}

// homeURL is "https://box:8443" of what a person typed.
func homeURL(typed, scheme string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil // an option that is not required; requests there say so
	}
	if scheme == "" {
		scheme = "https"
	}
	if a, err := netip.ParseAddr(typed); err == nil && a.Is6() {
		typed = "[" + typed + "]"
	}
	if !strings.Contains(typed, "://") {
		typed = scheme + "://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil {
		return "", fmt.Errorf("reading the address: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", words.Errorf("%q is no address of http or https", typed)
	}
	return u.Scheme + "://" + u.Host, nil
}

// session is a connection that a recipe describes.
type session struct {
	r        *Recipe
	h        *connectors.Host
	settings connectors.Settings
	homes    map[string]string // where the address options lead
	opened   time.Time
	pause    connectors.Pause
	log      *slog.Logger

	mu      sync.Mutex          // guards all below
	refused error               // a credential was refused: nothing is asked any more
	secrets map[string]struct{} // values that were filled in, to take them out of answers
	alive   time.Time           // when an observation was answered last
	lost    uint64              // moments of which not everything could be read
}

var (
	_ connectors.Session  = (*session)(nil)
	_ connectors.Narrower = (*session)(nil)
)

// Capabilities are the verbs that the recipe has, and no others.
func (s *session) Capabilities() connectors.Capabilities {
	out := connectors.Capabilities{Prober: s}
	r := s.r
	if r.Devices != nil {
		out.Discoverer = s
	}
	if r.Observe != nil {
		out.Observer, out.Coverer = s, s
	}
	if r.Grants != nil {
		out.GrantLister = s
	}
	if r.Revoke != nil {
		out.Revoker, out.Verifier = s, s
		out.Traits.Grain = connectors.GrainToken
	}
	if b := r.Block; b != nil {
		out.Blocker, out.Holder, out.Verifier = s, s, s
		out.Traits = connectors.Traits{
			Grain: connectors.Grain(b.Grain), IPv4: b.IPv4, IPv6: b.IPv6, CutsOpenFlows: b.CutsOpenFlows,
			SurvivesRestart: b.SurvivesRestart, Note: words.Text(b.Note), ByAddress: b.byAddress(),
		}
	}
	return out
}

// Close has nothing to give back: there is no log-in that stays.
func (*session) Close() error { return nil }

// Probe asks what the recipe names as a sign of life.
func (s *session) Probe(ctx context.Context) error {
	sc := newScope(nil)
	sc.strict = true // a page of somebody in between is no sign of life
	_, err := s.run(ctx, s.r.Probe, sc)
	return err
}

// answer is what the household answered to an option, or its default.
func (s *session) answer(o Option) string {
	if v := strings.TrimSpace(s.settings.Values[o.Key]); v != "" {
		return v
	}
	return o.Default
}

// reveal fills a secret in; from then on its value is taken out of all that comes back.
func (s *session) reveal(ctx context.Context, key string) (string, error) {
	ref := s.settings.Secrets[key]
	if ref == "" {
		return "", nil
	}
	if s.h.Secret == nil {
		return "", connectors.Fault(consent.KindNeedsPerson, words.Text("The place where passwords are kept is not open."), nil)
	}
	v, err := s.h.Secret(ctx, ref)
	if err != nil {
		return "", connectors.Fault(consent.KindNeedsPerson, words.Text("A password that this connection needs cannot be read."), err)
	}
	if strings.ContainsAny(v.Reveal(), "\r\n\x00") {
		return "", connectors.Fault(consent.KindNeedsPerson, words.Text("A password of this connection has a line break in it; type it again."), nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secrets == nil {
		s.secrets = map[string]struct{}{}
	}
	s.secrets[v.Reveal()] = struct{}{}
	return v.Reveal(), nil
}

// clean takes what was filled in as a secret out of a text.
func (s *session) clean(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.secrets {
		if len(v) > 2 {
			text = strings.ReplaceAll(text, v, connectors.NewSecret(v).String())
		}
	}
	return text
}

// scope is what templates may name while a verb runs.
type scope struct {
	values map[string]string
	rows   map[string][]row
	strict bool // every answer must be JSON
}

func newScope(values map[string]string) *scope {
	if values == nil {
		values = map[string]string{}
	}
	return &scope{values: values, rows: map[string][]row{}}
}

// with is a scope in which fields of one row have names of their own.
func (sc *scope) with(word string, r row) *scope {
	out := newScope(map[string]string{})
	for k, v := range sc.values {
		out.values[k] = v
	}
	for k, v := range r.fields {
		out.values[word+"."+k] = v
	}
	out.rows, out.strict = sc.rows, sc.strict
	return out
}

// valueOf gives what stands at a name.
func (s *session) valueOf(ctx context.Context, sc *scope) func(string) (string, error) {
	return func(name string) (string, error) {
		if key, ok := strings.CutPrefix(name, "secret:"); ok {
			return s.reveal(ctx, key)
		}
		if v, ok := sc.values[name]; ok {
			return v, nil
		}
		now := s.h.Now()
		switch name {
		case "now_unix":
			return fmt.Sprint(now.Unix()), nil
		case "now_ms":
			return fmt.Sprint(now.UnixMilli()), nil
		case "now_rfc3339":
			return now.UTC().Format(time.RFC3339), nil
		}
		if word, f, ok := strings.Cut(name, "."); ok {
			if rows := sc.rows[word]; len(rows) > 0 {
				return rows[0].fields[f], nil
			}
			return "", nil
		}
		if o, ok := s.r.option(name); ok && o.Type != typeSecret {
			return s.answer(o), nil
		}
		return "", nil
	}
}
