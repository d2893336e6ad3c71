package unifi

import (
	"context"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/discovery"
)

// ClassicKind is the name of the connector for older consoles.
const ClassicKind = "unifi-classic"

// Option keys of the classic connector, beside the address and the site.
const (
	optUsername = "username"
	optPassword = "password"
)

// Classic is the connector for consoles without firewall policies in an API: the
// application's own interface, as its page uses it. It knows whole devices only,
// which it shuts out of the network altogether. Its facts are those that the
// widely used clients of that interface agree on (connectors.md 4.3).
type Classic struct{}

var _ connectors.Connector = (*Classic)(nil)

// NewClassic gives the connector for older consoles.
func NewClassic() *Classic { return &Classic{} }

// Spec describes it.
func (*Classic) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  ClassicKind,
		Name:  "UniFi console before 10.1",
		Sees:  words.Text("Which devices are in the home, with their names and addresses; not where they send."),
		Stops: words.Text("One whole device, which is shut out of the network, the home included; it can be let in again."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the console"), Default: "https://192.168.1.1", Required: true, Address: true, Help: words.Text("Such as https://192.168.1.1, or https://192.168.1.5:8443 for a console that is a program.")},
			{Key: optUsername, Label: words.Text("User name"), Required: true, Help: words.Text("A local administrator without a second factor, for Best Before alone.")},
			{Key: optPassword, Label: words.Text("Password"), Required: true, Secret: true},
			{Key: optSite, Label: words.Text("Site"), Default: "default", Seldom: true, Help: words.Text("The short name of the site, as in the address of its page.")},
			connectors.CertificateOption(),
		},
		// A console that is a program tells everybody that it is up.
		Knocks: []connectors.Knock{{Scheme: "https", Port: 8443, Path: "/status", Key: optAddress, Status: []int{200}, Has: []string{`"server_version"`, `"rc":"ok"`}}},
		Needs:  []string{words.Text("a local account on the console, with the role of a site administrator")},
		Stays: connectors.Stays{
			What:  words.Text("The console's local administrator whose password you gave stays there, with its rights."),
			Steps: []string{words.Text("If it is for Best Before alone: on the console, Admins & Users: remove that administrator.")},
		},
	}
}

var (
	_ connectors.Prober     = (*ClassicSession)(nil)
	_ connectors.Discoverer = (*ClassicSession)(nil)
	_ connectors.Coverer    = (*ClassicSession)(nil)
	_ connectors.Blocker    = (*ClassicSession)(nil)
	_ connectors.Holder     = (*ClassicSession)(nil)
	_ connectors.Verifier   = (*ClassicSession)(nil)
	_ connectors.Traiter    = (*ClassicSession)(nil)
)

// ClassicSession is a live connection to one older console.
type ClassicSession struct {
	line   *line
	source discovery.Source
	now    func() time.Time

	writing sync.Mutex // one change at a time
	present present
}

// Open signs in once.
func (*Classic) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := NewClassic().Spec().Check(set); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, connectors.Permanent(words.Text("the UniFi connector was given no clock, no way out or no way to read its password"), nil)
	}
	base, err := baseOf(set.Values[optAddress])
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(set.Values[optSite])
	if name == "" {
		name = "default"
	}
	if !plainID(name) {
		return nil, connectors.NeedsPerson(words.Text("The short name of a UniFi site holds letters and digits only; \"default\" is usual."), nil)
	}
	l := &line{web: &web.Client{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}, username: set.Values[optUsername], site: name}
	if l.password, err = h.Secret(ctx, set.Secrets[optPassword]); err != nil {
		return nil, connectors.NeedsPerson(words.Text("The password of the UniFi console cannot be read from the key store."), err)
	}
	if err := l.login(ctx); err != nil {
		return nil, err
	}
	return &ClassicSession{line: l, source: discovery.Source("connector:" + h.Connection), now: h.Now}, nil
}

// Probe reads the list of known devices.
func (s *ClassicSession) Probe(ctx context.Context) error {
	_, err := s.users(ctx)
	return err
}

// Traits say what a block here is.
func (*ClassicSession) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainDevice, SurvivesRestart: true, IPv4: true, IPv6: true, CutsOpenFlows: true, AtHome: true,
		Note: words.Text("The device is shut out of the home's network too, not only of the internet."),
	}
}

// user is a device that the console knows, connected or not.
type user struct {
	ID       string `json:"_id"`
	MAC      string `json:"mac"`
	IP       string `json:"ip"`
	Name     string `json:"name"`
	Hostname string `json:"hostname"`
	Note     string `json:"note"`
	Blocked  bool   `json:"blocked"`
}

// users are all devices that the console knows.
func (s *ClassicSession) users(ctx context.Context) ([]user, error) {
	var all []user
	return all, s.line.get(ctx, "/list/user", &all)
}

// Discover tells of the connected devices.
func (s *ClassicSession) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	return connectors.Rounds(ctx, lookEvery, func() error {
		var all []user
		if err := s.line.get(ctx, "/stat/sta", &all); err != nil {
			return err
		}
		s.present.saw(s.now())
		for _, u := range all {
			name := u.Name
			if name == "" {
				name = u.Hostname
			}
			if v, ok := sighting(s.source, s.now(), client{Name: name, Address: u.IP, MAC: u.MAC}); ok {
				emit(v)
			}
		}
		return nil
	})
}

// Coverage says that presence is all that is read.
func (s *ClassicSession) Coverage(context.Context) (connectors.Coverage, error) {
	return s.present.coverage(), nil
}

// Close signs off, as far as the console lets us.
func (s *ClassicSession) Close() error {
	s.line.logout()
	return nil
}
