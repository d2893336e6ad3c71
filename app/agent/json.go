package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

// The JSON of the command line. Keys are added later, never renamed; times are
// RFC 3339 in UTC. Some commands write an inner type as it is; testdata/keys.txt
// holds the keys of them all, so that a change of an inner type cannot change
// unseen what scripts read.

type deviceJSON struct {
	ID          discovery.DeviceID     `json:"id"`
	Name        string                 `json:"name"`
	Label       string                 `json:"label"`
	Vendor      string                 `json:"vendor"`
	Model       string                 `json:"model"`
	Kind        discovery.Kind         `json:"kind"`
	Role        discovery.Role         `json:"role"`
	Essential   discovery.Essential    `json:"essential"`
	Identifiers []discovery.Identifier `json:"identifiers"`
	Addresses   []string               `json:"addresses"`
	Services    []engine.ServiceRow    `json:"services"`
	FirstSeen   time.Time              `json:"first_seen"`
	LastSeen    time.Time              `json:"last_seen"`
	Evidence    []discovery.Evidence   `json:"evidence"`
	Sources     []discovery.Source     `json:"sources"`
	Coverage    string                 `json:"coverage"`
	MUDURL      string                 `json:"mud_url"` // where its maker publishes what it needs, as it says itself; never fetched unasked
}

func deviceOut(d engine.DeviceInfo) deviceJSON {
	out := deviceJSON{
		ID: d.ID, Name: d.Name(), Label: d.Label, Vendor: d.Guess.Vendor, Model: d.Guess.Model, Kind: d.Guess.Kind, Role: d.Role,
		Essential: d.Essential, Identifiers: list(d.Identifiers), Addresses: []string{}, Services: engine.ServiceRows(d.Services),
		FirstSeen: d.FirstSeen.UTC(), LastSeen: d.LastSeen.UTC(), Evidence: list(d.Guess.Evidence), Sources: list(d.Sources), Coverage: d.Coverage,
	}
	out.MUDURL, _ = mud.Announced(d.Device) // "" where none is announced; who heard it stands among the sources
	for _, a := range d.Addresses {
		out.Addresses = append(out.Addresses, a.Addr.String())
	}
	return out
}

// list is s, or an empty list instead of null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// none says in words that a list is empty; nothing printed would look like a fault.
func (c *call) none(n int, text string) {
	if n == 0 {
		fmt.Fprintln(c.out, text)
	}
}

type flowJSON struct {
	Device      discovery.DeviceID `json:"device"`
	DeviceName  string             `json:"device_name"`
	Recipient   string             `json:"recipient"`
	Destination string             `json:"destination"`
	Protocol    string             `json:"protocol"`
	Port        uint16             `json:"port"`
	BytesUp     uint64             `json:"bytes_up"`
	BytesDown   uint64             `json:"bytes_down"`
	Count       uint64             `json:"count"`
	First       time.Time          `json:"first"`
	Last        time.Time          `json:"last"`
	Source      string             `json:"source"`
	Consent     consent.ID         `json:"consent"`
	Refused     bool               `json:"refused"`
	Categories  []consent.Category `json:"categories"` // kinds of data that were seen, never values

	// Who is behind the destination; empty where it is not known.
	Company        string `json:"company"`
	Country        string `json:"country"` // the company's home
	Purpose        string `json:"purpose"`
	AddressCountry string `json:"address_country"` // where the address is registered
	Network        string `json:"network"`
	Basis          string `json:"basis"`
	BasisSource    string `json:"basis_source"`
	Hint           string `json:"hint"` // what the port is usually for
}

func flowOut(f engine.FlowInfo) flowJSON {
	return flowJSON{
		Device: f.Device, DeviceName: f.DeviceName, Recipient: f.Recipient, Destination: f.Destination, Protocol: f.Protocol, Port: f.Port,
		BytesUp: f.BytesUp, BytesDown: f.BytesDown, Count: f.Count, First: f.First.UTC(), Last: f.Last.UTC(), Source: f.Source,
		Consent: f.Consent, Refused: f.Refused, Categories: list(f.Categories),
		Company: f.Receiver.Company, Country: f.Receiver.Country, Purpose: f.Receiver.Purpose,
		AddressCountry: f.Receiver.AddressCountry, Network: f.Receiver.Network, Basis: f.Receiver.Basis, BasisSource: f.Receiver.BasisSource, Hint: f.Receiver.Hint,
	}
}

type consentJSON struct {
	ID           consent.ID         `json:"id"`
	Version      int                `json:"version"`
	Device       discovery.DeviceID `json:"device"`
	DeviceName   string             `json:"device_name"`
	Recipient    string             `json:"recipient"`
	Destinations []string           `json:"destinations"`
	Data         []consent.Category `json:"data"`
	Given        time.Time          `json:"given"`
	Expires      *time.Time         `json:"expires"` // null for no end
	ExpiresCivil string             `json:"expires_civil"`
	Zone         string             `json:"zone"`
	Then         consent.Remedy     `json:"then"`
	Decided      consent.Decided    `json:"decided"`
	Done         string             `json:"done"` // state of what was done about its end, "none" before there is anything
	Level        consent.Level      `json:"level"`
	Seen         consent.Seen       `json:"seen"`
	SeenAt       *time.Time         `json:"seen_at"`
	Headline     consent.Headline   `json:"headline"`
	HeldBy       string             `json:"held_by"`
	Lapsing      bool               `json:"lapsing"` // the person lets it lapse on its date
	Reason       string             `json:"reason"`
	EndsEarlier  *time.Time         `json:"ends_earlier"` // when the access that it goes by runs out by itself
	Relapsed     *time.Time         `json:"relapsed"`     // of what sends again, when it was last seen to have stopped
}

func consentOut(c engine.ConsentInfo) consentJSON {
	out := consentJSON{
		ID: c.ID, Version: c.Version, Device: c.Device, DeviceName: c.DeviceName, Recipient: c.Recipient.Name,
		Destinations: list(c.Recipient.Destinations), Data: list(c.Data), Given: c.Given.UTC(), Expires: moment(c.Expires),
		ExpiresCivil: c.ExpiresCivil, Zone: c.Zone, Then: c.Remedy, Decided: c.Decided, Done: "none", Seen: c.Seen, SeenAt: moment(c.SeenAt),
		Headline: c.Headline, HeldBy: c.HeldBy, Lapsing: c.Lapsing, EndsEarlier: moment(c.EndsEarlier),
		Relapsed: moment(consent.Relapsed(c.Actions)),
	}
	if a, ok := newest(c.Actions); ok {
		out.Reason = a.Reason
	}
	if a, ok := consent.Enforcing(c.Actions); ok && !c.Decided.Live() {
		out.Done, out.Level = string(a.State), a.Level
	}
	return out
}

// versionsJSON is a permission with all that was decided about it, oldest first.
type versionsJSON struct {
	consentJSON
	Versions []versionJSON `json:"versions"`
}

type versionJSON struct {
	Version      int             `json:"version"`
	Decided      consent.Decided `json:"decided"`
	DecidedBy    string          `json:"decided_by"`
	DecidedHow   string          `json:"decided_how"`
	Given        time.Time       `json:"given"`
	Ended        *time.Time      `json:"ended"`
	Expires      *time.Time      `json:"expires"` // null for no end
	ExpiresCivil string          `json:"expires_civil"`
	Zone         string          `json:"zone"`
	GraceUntil   *time.Time      `json:"grace_until"` // the two more days, where they were given
}

func versionsOut(c engine.ConsentInfo) versionsJSON {
	return versionsJSON{consentJSON: consentOut(c), Versions: convert(c.Versions, func(v consent.Consent) versionJSON {
		return versionJSON{
			Version: v.Version, Decided: v.Decided, DecidedBy: v.DecidedBy, DecidedHow: v.DecidedHow, Given: v.Given.UTC(), Ended: moment(v.Ended),
			Expires: moment(v.Expires), ExpiresCivil: v.ExpiresCivil, Zone: v.Zone, GraceUntil: moment(v.GraceUntil),
		}
	})}
}

// newest is the newest action that was not made needless.
func newest(as []consent.Action) (consent.Action, bool) {
	for _, a := range as {
		if a.State != consent.Cancelled {
			return a, true
		}
	}
	return consent.Action{}, false
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

type diaryJSON struct {
	Seq        uint64    `json:"seq"`
	Time       time.Time `json:"time"`
	Kind       string    `json:"kind"`
	Device     string    `json:"device"`
	DeviceName string    `json:"device_name"`
	Consent    string    `json:"consent"`
	Action     string    `json:"action"`
	Text       string    `json:"text"`
	Hash       string    `json:"hash"`
}

func diaryOut(d engine.DiaryEntry) diaryJSON {
	return diaryJSON{
		Seq: d.Seq, Time: d.Time.UTC(), Kind: string(d.Kind), Device: d.Device, DeviceName: d.DeviceName, Consent: d.Consent,
		Action: d.Action, Text: d.Text, Hash: d.Hash,
	}
}

// convert applies f to all of in; the result is never nil.
func convert[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, a := range in {
		out = append(out, f(a))
	}
	return out
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
