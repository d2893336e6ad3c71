package openwrt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// dateForm is how the firewall writes a moment, in the router's local time.
const dateForm = "2006-01-02T15:04:05"

// maxOff is how far the router's clock may be from ours before it is not trusted with a date.
const maxOff = time.Minute

var errZone = errors.New("no time zone")

// posixZone is the zone that a POSIX string such as CET-1CEST,M3.5.0,M10.5.0/3
// stands for. It is handed to the library as the last line of a zone file, the
// only form in which it takes one.
func posixZone(text string) (*time.Location, error) {
	if text == "" || len(text) > 64 || strings.ContainsAny(text, "\n\x00") {
		return nil, errZone
	}
	const unread = "???"
	part := make([]byte, 44)
	copy(part, "TZif2")
	binary.BigEndian.PutUint32(part[36:], 1) // one type
	binary.BigEndian.PutUint32(part[40:], uint32(len(unread)+1))
	part = append(part, 0, 0, 0, 0, 0, 0) // no offset, no summer time, first name
	part = append(part, unread+"\x00"...)
	file := append(bytes.Repeat(part, 2), "\n"+text+"\n"...)
	z, err := time.LoadLocationFromTZData("router", file)
	if err != nil {
		return nil, errZone
	}
	for _, month := range []time.Month{time.January, time.July} {
		if name, _ := time.Date(2026, month, 1, 0, 0, 0, 0, z).Zone(); name == unread || name == "" {
			return nil, errZone
		}
	}
	return z, nil
}

// zoneOf is the router's zone from its two settings. The POSIX string is what
// its programs go by.
func zoneOf(timezone, name string) (*time.Location, error) {
	if timezone == "UTC" || timezone == "GMT" { // as a new router has it, without the offset that the form asks for
		return time.UTC, nil
	}
	if z, err := posixZone(timezone); err == nil {
		return z, nil
	}
	if name == "" || name == "Local" {
		return nil, errZone
	}
	z, err := time.LoadLocation(strings.ReplaceAll(name, " ", "_"))
	if err != nil {
		return nil, errZone
	}
	return z, nil
}

// wall writes t so that the firewall of a router in z understands it: that takes
// off the distance to UTC which holds when UTC shows the same time of day, and not
// the one which holds there. In the hours around a change of the clocks these are
// not the same, and some moments cannot be said at all; false then, or when the
// form cannot hold t.
func wall(t time.Time, z *time.Location) (string, bool) {
	for _, near := range []time.Time{t, t.Add(-24 * time.Hour), t.Add(24 * time.Hour)} {
		off := offset(near, z)
		if shown := t.Add(time.Duration(off) * time.Second).UTC(); offset(shown, z) == off {
			return shown.Format(dateForm), shown.Year() >= 1970 && shown.Year() < 2038
		}
	}
	return "", false
}

// offset is z's distance to UTC at t.
func offset(t time.Time, z *time.Location) int {
	_, n := t.In(z).Zone()
	return n
}

// PeerTime is the router's own clock. It gives local time only, so the zone is
// taken off again.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	if s.zone == nil {
		return time.Time{}, connectors.Unsupported(words.Text("The router does not say in which time zone it is."), nil)
	}
	var info struct {
		Local int64 `json:"localtime"`
	}
	if err := s.line.call(ctx, "system", "info", nil, &info); err != nil {
		return time.Time{}, err
	}
	if info.Local < 0 || info.Local > 1<<33 {
		return time.Time{}, connectors.Transient(words.Text("The router's clock cannot be read."), nil)
	}
	return fromLocal(info.Local, s.zone, s.now()), nil
}

// fromLocal is the moment at which the clocks of z show local. The hour that comes
// twice in autumn is told apart by about, which is our own clock; that one may be
// a summer away from the truth, so it does not decide more than that.
func fromLocal(local int64, z *time.Location, about time.Time) time.Time {
	shown := time.Unix(local, 0)
	for _, near := range []time.Time{about, shown, shown.Add(-24 * time.Hour), shown.Add(24 * time.Hour)} {
		off := offset(near, z)
		if at := time.Unix(local-int64(off), 0); offset(at, z) == off {
			return at.UTC()
		}
	}
	return time.Unix(local-int64(offset(shown, z)), 0).UTC() // an hour that spring leaves out
}

// readZone asks for the router's zone; without one no date is handed over.
func (s *Session) readZone(ctx context.Context) {
	var out struct {
		Values map[string]section `json:"values"`
	}
	if err := s.line.call(ctx, "uci", "get", map[string]any{"config": "system"}, &out); err != nil {
		s.log.Info("the router's time zone is not known", "error", err)
		return
	}
	for _, sec := range out.Values {
		if sec.text(".type") != "system" {
			continue
		}
		if z, err := zoneOf(sec.text("timezone"), sec.text("zonename")); err == nil {
			s.zone = z
			return
		}
	}
}

// clockOff says in a sentence why the router cannot be trusted with a date; "" when it can.
func (s *Session) clockOff(ctx context.Context) string {
	if s.zone == nil {
		return words.Text("the router does not say in which time zone it is")
	}
	at, err := s.PeerTime(ctx)
	if err != nil {
		return words.Text("the router does not tell its time")
	}
	if d := at.Sub(s.now()).Abs(); d > maxOff {
		return words.Sprintf("the router's clock is %s away from this computer's; set it right first", d.Round(time.Minute).String())
	}
	return ""
}
