package consent

import (
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// ErrInvalid says that a request or a record cannot be used; the text says why.
var ErrInvalid = words.New("not valid")

// The bounds of a record.
const (
	maxCategories = 16
	maxCategory   = 40
	maxIdentity   = 64
	maxWord       = 64 // ids, DecidedBy, DecidedHow, zone names
)

// Categories lists the kinds of data that are offered. Others may be typed.
func Categories() []Category {
	return []Category{
		"any", "audio", "diagnostics", "energy", "health", "humidity", "image", "location", "motion",
		"presence", "temperature", "usage", "video", "voice", "water",
	}
}

// Request is a new permission as the person chose it.
type Request struct {
	ID        ID // from the caller, who has a source of randomness
	Device    discovery.DeviceID
	Recipient Recipient
	Data      []Category // empty is "any"
	Purpose   Purpose
	Term      Term
	Remedy    Remedy
	Coarse    bool // see Consent.Coarse
	Identity  []discovery.Identifier
	Decider
}

// Decider is who decides, how, when, and in which zone its dates are meant.
type Decider struct {
	By   string
	How  string // "clicked", "command line"
	Now  time.Time
	Zone *time.Location // by its IANA name
}

// check joins the faults of d.
func (d Decider) check() error {
	switch {
	case d.Now.IsZero():
		return words.Errorf("%w: the time is not known", ErrInvalid)
	case d.Zone == nil || d.Zone == time.Local || d.Zone.String() == "Local":
		return words.Errorf("%w: the name of this computer's time zone is not known", ErrInvalid)
	case d.By == "" || len(d.By) > maxWord || d.How == "" || len(d.How) > maxWord:
		return words.Errorf("%w: who decided, and how, must be said", ErrInvalid)
	}
	return nil
}

// New returns version 1 of the permission that r asks for. What the peer could
// be told beforehand is in HandOver.
func New(r Request) (Consent, error) {
	if err := r.check(); err != nil {
		return Consent{}, err
	}
	recipient, err := r.Recipient.Normal()
	if err != nil {
		return Consent{}, err
	}
	data, err := normalCategories(r.Data)
	if err != nil {
		return Consent{}, err
	}
	now := instant(r.Now)
	expires, civil, err := r.Term.End(now, r.Zone)
	if err != nil {
		return Consent{}, err
	}
	c := Consent{
		SchemaVersion: SchemaVersion, ID: r.ID, Version: 1, Device: r.Device, Recipient: recipient, Data: data,
		Purpose: Purpose(discovery.CleanLong(string(r.Purpose))), Decided: Given, DecidedBy: r.By, DecidedHow: r.How,
		Given: now, Term: r.Term, Expires: expires, ExpiresCivil: civil, Zone: r.Zone.String(), Remedy: r.Remedy,
		Coarse: r.Coarse, Seen: NotChecked, Identity: slices.Clone(r.Identity),
	}
	if err := c.Validate(); err != nil {
		return Consent{}, err
	}
	return c, nil
}

// instant drops the monotonic reading and what a record does not keep.
func instant(t time.Time) time.Time { return t.Round(0).UTC().Truncate(time.Millisecond) }

func normalCategories(in []Category) ([]Category, error) {
	if len(in) == 0 {
		return []Category{"any"}, nil
	}
	var out []Category
	for _, c := range in {
		s := strings.ToLower(strings.TrimSpace(string(c)))
		if !categoryWord(s) {
			return nil, words.Errorf("%w: %q is no kind of data; write one word such as video or energy", ErrInvalid, short(s))
		}
		out = append(out, Category(s))
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > maxCategories {
		return nil, words.Errorf("%w: %d kinds of data at most", ErrInvalid, maxCategories)
	}
	return out, nil
}

func categoryWord(s string) bool {
	if s == "" || len(s) > maxCategory {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
