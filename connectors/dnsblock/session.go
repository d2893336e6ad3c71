// Package dnsblock is what the connectors of DNS blockers share: one signed-in
// seat at the peer, turning rows of a query log into flow records, and reading
// what a block is to hit.
package dnsblock

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Option keys of every DNS blocker.
const (
	OptAddress  = "address"
	OptPassword = "password"
)

// Session is what the sessions of DNS blockers have in common. A connector
// embeds it and brings the rest.
type Session struct {
	Seat    *Seat
	Source  discovery.Source
	Log     *slog.Logger
	Now     func() time.Time
	Every   time.Duration // between two looks at the log
	Writing sync.Mutex    // one change over there at a time

	local bool // it runs on this computer
	bye   web.Request
	once  sync.Once
}

const (
	lookEvery = 5 * time.Second
	closeTime = 2 * time.Second // of the farewell
)

// StaysWithPassword is what spec says that stays at the peer of s: nothing where
// it asks for no password.
func StaysWithPassword(spec connectors.Spec, s connectors.Settings) connectors.Stays {
	if s.Secrets[OptPassword] == "" {
		return connectors.Stays{}
	}
	return spec.Stays
}

// Start checks the answers and gives a session that has asked nothing yet, and
// its password. bye is how it signs off.
func Start(ctx context.Context, spec connectors.Spec, set connectors.Settings, h *connectors.Host, bye web.Request) (*Session, connectors.Secret, error) {
	var password connectors.Secret
	if err := spec.Check(set); err != nil {
		return nil, password, connectors.Fault(consent.KindNeedsPerson, err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, password, connectors.Fault(consent.KindPermanent, words.Sprintf("the connector of %s was given no clock, no way out or no way to read its password", spec.Name), nil)
	}
	base, err := web.ParseBase(set.Values[OptAddress], spec.Name)
	if err != nil {
		return nil, password, err
	}
	if ref := set.Secrets[OptPassword]; ref != "" {
		if password, err = h.Secret(ctx, ref); err != nil {
			return nil, password, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("The password of %s cannot be read from the key store; give it anew.", spec.Name), err)
		}
	}
	host := base.Hostname()
	ip, err := netip.ParseAddr(host)
	out := &Session{
		Seat:   &Seat{Web: &web.Client{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: spec.Name}},
		Source: discovery.Source("connector:" + h.Connection), Log: h.Log, Now: h.Now, Every: lookEvery,
		local: err == nil && ip.IsLoopback() || host == "localhost", bye: bye,
	}
	if out.Log == nil {
		out.Log = slog.New(slog.DiscardHandler)
	}
	return out, password, nil
}

// Get reads path into v.
func (s *Session) Get(ctx context.Context, path string, v any) error {
	_, err := s.Seat.Get(ctx, path, nil, v)
	return err
}

// Traits say what a block by names is.
func (s *Session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainRecipient, SurvivesRestart: true, IPv4: true, IPv6: true, NamesOnly: true, ByAddress: true, OwnClock: s.local,
		Note: words.Text("It refuses names when they are looked up: what runs already goes on, and a device with its own DNS passes it."),
	}
}

// Close gives the session back. What is blocked stays blocked.
func (s *Session) Close() error {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		s.Seat.SignOut(ctx, s.bye)
	})
	return nil
}

// Emit takes a batch and the cursor that follows it.
type Emit = func([]flow.Record, connectors.Cursor)

const (
	heartbeat   = 10 * time.Second
	configEvery = 5 * time.Minute
	// tellEvery is between two tellings of who asked, readEvery between two readings of who is who.
	tellEvery = 10 * time.Second
	readEvery = 2 * time.Minute
)

// ObserveLog reads the log until ctx ends: look brings the place up to the newest
// row and says whether it gave anything, config notes how the peer keeps its log.
func (s *Session) ObserveLog(ctx context.Context, w *Watch, emit Emit, config func(context.Context) error, look func(context.Context) (gave bool, err error)) error {
	w.begin()
	var read, beat time.Time
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		now := s.Now()
		if read.IsZero() || now.Sub(read) >= configEvery {
			if err := config(ctx); err != nil {
				return ended(ctx, err)
			}
			read = now
		}
		gave, err := look(ctx)
		if err != nil {
			return ended(ctx, err)
		}
		w.looked()
		if !gave && now.Sub(beat) >= heartbeat {
			emit(nil, nil)
			beat = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Ahead begins to ask; get waits for the answer. While one page is stored, the peer
// can write the next. Whoever calls Ahead must call get before it returns. What
// goes wrong in ask, goes wrong in get.
func Ahead[T any](ask func() (T, error)) (get func() (T, error)) {
	get = sync.OnceValues(ask)
	go func() {
		defer func() { _ = recover() }() // get panics with the same, where somebody stands guard
		_, _ = get()
	}()
	return get
}

// DiscoverClients tells of the devices that ask until ctx ends: learn reads anew who is
// who, follow moves blocks along with their devices.
func (s *Session) DiscoverClients(ctx context.Context, w *Watch, emit func(discovery.Sighting), learn, follow func(context.Context) error, describe func(netip.Addr, time.Time) discovery.Sighting) error {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var read time.Time
	for {
		if now := s.Now(); read.IsZero() || now.Sub(read) >= readEvery {
			if err := learn(ctx); err != nil {
				return ended(ctx, err)
			}
			read = now
			if err := follow(ctx); err != nil && ctx.Err() == nil {
				s.Log.Warn("blocks were not moved along", "error", err)
			}
		}
		for _, v := range w.tell(describe) {
			emit(v)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Header is one header of a request.
func Header(key, value string) http.Header { return http.Header{key: {value}} }
