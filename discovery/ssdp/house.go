package ssdp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// house is what has been heard so far. Only Scan's own goroutine touches it.
type house struct {
	cfg     Config
	jobs    chan<- job
	senders map[netip.Addr]*sender
}

// sender is one address that takes part in UPnP.
type sender struct {
	places map[string]*place // by location; "" for those without a usable one
	heard  time.Time
}

// place is one description, or the want of one, at one sender.
type place struct {
	location string
	from     netip.Addr
	iface    string
	own      bool
	refused  bool     // its location must not be fetched
	names    []string // UDNs that pointed here
	types    []string
	server   string
	hue      string
	version  string // changes when the description does

	asked    time.Time
	pending  bool
	fetched  Description
	err      error
	said     string
	lastSaid time.Time
	gone     bool
}

func newHouse(c Config, jobs chan<- job) *house {
	return &house{cfg: c, jobs: jobs, senders: map[netip.Addr]*sender{}}
}

// hear takes in one packet.
func (h *house) hear(p packet, emit func(discovery.Sighting)) {
	m, err := ParseMessage(p.data)
	if err != nil || m.UDN == "" {
		return
	}
	now := h.cfg.Now()
	snd := h.sender(p.from, now)
	if snd == nil {
		return
	}
	if m.Bye {
		h.bye(snd, m, emit, now)
		return
	}
	pl := snd.place(m.Header["LOCATION"], p)
	if pl == nil {
		return
	}
	changed := pl.learn(m)
	wasGone := pl.gone
	pl.gone = false
	switch {
	case pl.pending:
	case pl.location != "" && !pl.own && (pl.asked.IsZero() || changed && now.Sub(pl.asked).Abs() > refetchAfter || pl.err != nil && now.Sub(pl.asked).Abs() > searchEvery):
		h.ask(pl, now)
	}
	if !pl.pending {
		h.say(pl, emit, now, wasGone)
	}
}

func (h *house) ask(pl *place, now time.Time) {
	select {
	case h.jobs <- job{pl, pl.location, pl.from}:
		pl.pending, pl.asked = true, now
	default: // busy; the next packet asks again
	}
}

// described takes back a place whose description was fetched, or not.
func (h *house) described(a answer, emit func(discovery.Sighting)) {
	pl := a.place
	pl.pending, pl.err = false, a.err
	if a.err != nil { // what it said of itself earlier still counts
		h.cfg.Log.Debug("description not read", "err", a.err)
	} else {
		pl.fetched = a.desc
	}
	h.say(pl, emit, h.cfg.Now(), false)
}

// sender finds or makes the sender at from; nil when there are too many.
func (h *house) sender(from netip.Addr, now time.Time) *sender {
	if s := h.senders[from]; s != nil {
		s.heard = now
		return s
	}
	if len(h.senders) >= maxSenders {
		for a, s := range h.senders {
			if now.Sub(s.heard).Abs() > forgetAfter {
				delete(h.senders, a)
			}
		}
		if len(h.senders) >= maxSenders {
			return nil
		}
	}
	s := &sender{places: map[string]*place{}, heard: now}
	h.senders[from] = s
	return s
}

// place finds or makes the place at location. A location that must not be
// fetched counts as none.
func (s *sender) place(location string, p packet) *place {
	refused := false
	if _, _, err := Location(location, p.from); err != nil {
		refused = location != ""
		location = ""
	}
	if pl := s.places[location]; pl != nil {
		pl.refused = pl.refused || refused
		return pl
	}
	if len(s.places) >= maxPlaces {
		return nil
	}
	pl := &place{location: location, from: p.from, iface: p.iface, own: p.own, refused: refused}
	s.places[location] = pl
	return pl
}

// learn adds what a message says, and reports whether the description may have changed.
func (pl *place) learn(m Message) bool {
	if !slices.Contains(pl.names, m.UDN) && len(pl.names) < maxNames {
		pl.names = append(pl.names, m.UDN)
	}
	if t := string(discovery.Clean(m.Type)); t != "" && !strings.HasPrefix(t, "uuid:") && t != "upnp:rootdevice" && t != "ssdp:all" &&
		!slices.Contains(pl.types, t) && len(pl.types) < maxTypes {
		pl.types = append(pl.types, t)
		slices.Sort(pl.types)
	}
	if v := m.Header["SERVER"]; v != "" {
		pl.server = v
	}
	if v := m.Header["HUE-BRIDGEID"]; v != "" {
		pl.hue = v
	}
	version := m.Header["BOOTID.UPNP.ORG"] + "/" + m.Header["CONFIGID.UPNP.ORG"]
	changed := pl.version != "" && pl.version != version
	pl.version = version
	return changed
}

// bye passes on that a device said goodbye. Nothing is removed: anybody can say so.
func (h *house) bye(s *sender, m Message, emit func(discovery.Sighting), now time.Time) {
	for _, pl := range s.places {
		if pl.gone || !slices.Contains(pl.names, m.UDN) || m.Type != "upnp:rootdevice" {
			continue
		}
		pl.gone = true
		sight := pl.sighting(now)
		sight.Gone, sight.Facts = true, nil
		sight.Detail = words.Text("says by UPnP that it leaves the network")
		emit(sight)
	}
}

// say emits what is known of a place: all of it when something is new, else a
// quiet sign of life now and then.
func (h *house) say(pl *place, emit func(discovery.Sighting), now time.Time, back bool) {
	s := pl.sighting(now)
	said := fmt.Sprint(s.Identifiers, s.Facts)
	if said == pl.said {
		if !back && now.Sub(pl.lastSaid).Abs() < quietEvery {
			return
		}
		s.Quiet = true
	}
	pl.said, pl.lastSaid = said, now
	emit(s)
}

func (pl *place) sighting(now time.Time) discovery.Sighting {
	s := discovery.Sighting{
		Source: discovery.SourceSSDP, At: now, Interface: pl.iface, From: pl.from, Addresses: []netip.Addr{pl.from},
		Detail: words.Text("answers on the network as a UPnP device"),
	}
	of := pl.names[0]
	if len(pl.fetched.UDNs) > 0 {
		of = pl.fetched.UDNs[0]
	}
	for _, n := range slices.Concat(pl.fetched.UDNs, pl.names) {
		s.Identifiers = appendID(s.Identifiers, discovery.UDN, n)
	}
	s.Identifiers = appendID(s.Identifiers, discovery.Serial, pl.fetched.Serial)
	if len(pl.hue) == 16 {
		s.Identifiers = appendID(s.Identifiers, discovery.UUID, pl.hue)
		s.Identifiers = appendID(s.Identifiers, discovery.MAC, pl.hue[:6]+pl.hue[10:])
	}
	d := pl.fetched
	for _, f := range [][2]string{
		{"manufacturer", d.Manufacturer},
		{"model", d.ModelName},
		{"friendly_name", d.FriendlyName},
		{"serial", d.Serial},
		{"device_type", telling(d.DeviceType, pl.types)},
		{"server", pl.server},
	} {
		if f[1] != "" {
			s.Facts = append(s.Facts, discovery.Fact{Key: f[0], Value: string(discovery.CleanLong(f[1])), Source: discovery.SourceSSDP, Of: of})
		}
	}
	switch {
	case d.FriendlyName != "":
		s.Detail = words.Sprintf("answers on the network as the UPnP device %q", discovery.Clean(d.FriendlyName))
	case pl.refused:
		s.Detail = words.Text("answers by UPnP, but points elsewhere for its description, which was not followed")
	}
	return s
}

func appendID(ids []discovery.Identifier, t discovery.IdentifierType, v string) []discovery.Identifier {
	id, ok := discovery.Identifier{Type: t, Value: v}.Normalize()
	if !ok || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// telling joins the description's own type with those among the announced that
// say what the device is.
func telling(own string, types []string) string {
	out := own
	for _, t := range types {
		if t != own && (own == "" && strings.Contains(t, ":device:") || strings.Contains(t, "dial") || strings.Contains(t, "roku") ||
			strings.Contains(t, "samsung") || strings.Contains(t, "sony") || strings.Contains(t, "denon")) {
			out = strings.TrimSpace(out + " " + t)
		}
	}
	return out
}
