// Package consent holds what the household allowed: a permission for one device
// to send data to one recipient until a date, and what is to happen then.
//
// Three axes are stored apart and never mixed (see Decided, ActionState and
// Seen): what the person decided, what we did about it, and what was observed
// since. The rules here are pure: they take the time and change nothing.
package consent

import (
	"time"

	"bestbefore/discovery"
)

// ID is our own opaque name for a permission ("c" and 12 characters).
type ID string

// Decided is the first axis: what the person chose, in the words of W3C DPV's
// consent status. Only a person moves it, plus the clock from given to expired.
type Decided string

// The values of Decided.
const (
	Unknown     Decided = "unknown"
	Requested   Decided = "requested"
	Deferred    Decided = "deferred"
	Given       Decided = "given"
	Renewed     Decided = "renewed"
	Refused     Decided = "refused"
	Expired     Decided = "expired"
	Withdrawn   Decided = "withdrawn"   // by the household, before its date
	Revoked     Decided = "revoked"     // by the other side
	Invalidated Decided = "invalidated" // was never valid
)

// Live reports whether data may flow under d.
func (d Decided) Live() bool { return d == Given || d == Renewed }

// Seen is the third axis: what we observed since. NotChecked is never good news.
type Seen string

// The values of Seen.
const (
	NotChecked Seen = "not_checked"
	Stopped    Seen = "stopped"
	Flowing    Seen = "flowing"
	CannotTell Seen = "cannot_tell"
)

// Remedy is what shall happen when a permission ends.
type Remedy string

// The remedies. RevokeThenBlock blocks only where revoking is not possible or failed for good.
const (
	Warn            Remedy = "warn"
	Guide           Remedy = "guide"
	Block           Remedy = "block"
	Revoke          Remedy = "revoke"
	RevokeThenBlock Remedy = "revoke-then-block"
)

// Remedies lists them in the order in which they are offered.
func Remedies() []Remedy { return []Remedy{Warn, Guide, Block, Revoke, RevokeThenBlock} }

// Deletes reports whether r takes an access away for good: no undo brings it back.
func (r Remedy) Deletes() bool { return r == Revoke || r == RevokeThenBlock }

// Category is a kind of data (W3C DPV terms and our own extension), lower case:
// "video", "temperature", "presence", "energy", "location", "audio", "usage", "any" ...
type Category string

// Purpose is what the data is said to be for, in the person's own words.
type Purpose string

// Recipient is who receives data: a name and the set of destinations that stand
// for it. Any means every destination outside the home.
type Recipient struct {
	Name         string   `json:"name"`
	Destinations []string `json:"destinations,omitempty"` // addresses, prefixes ("203.0.113.0/24") or host names (a name covers its subdomains)
	Any          bool     `json:"any,omitempty"`
}

// SecretRef names a secret in the sealed store. It is not the secret.
type SecretRef string

// Grant is a credential or authorisation that lets data flow (a token, key or
// account link) and that can be revoked at its issuer.
type Grant struct {
	ID         string             `json:"id"` // the issuer's own id
	Connection string             `json:"connection"`
	Device     discovery.DeviceID `json:"device,omitempty"`
	// Holder is the issuer's own id of the device that it gave this to, where it says so.
	Holder   discovery.Identifier `json:"holder,omitzero"`
	Kind     string               `json:"kind"`
	Name     string               `json:"name"` // cleaned
	Scopes   []string             `json:"scopes,omitempty"`
	Secret   SecretRef            `json:"secret,omitempty"`
	Created  time.Time            `json:"created,omitzero"`
	LastUsed time.Time            `json:"last_used,omitzero"`
	Expires  time.Time            `json:"expires,omitzero"` // the issuer's own end, zero when none
	Own      bool                 `json:"own,omitempty"`    // our own access; never revoked
	// EndsAlso names, cleaned, what else its issuer ends together with it: other
	// apps' sessions, other devices' logins (T31).
	EndsAlso []string `json:"ends_also,omitempty"`
	// Unlisted is since when its issuer takes our sign-in no more, so that nobody can
	// tell whether it is still there; zero where it was listed last time.
	Unlisted time.Time `json:"unlisted,omitzero"`
}

// Consent is one version of one permission. Versions are appended, never overwritten.
type Consent struct {
	SchemaVersion int                `json:"schema_version"`
	ID            ID                 `json:"id"`
	Version       int                `json:"version"`                 // from 1
	PreviousHash  string             `json:"previous_hash,omitempty"` // Checksum of the version before
	Device        discovery.DeviceID `json:"device"`
	Recipient     Recipient          `json:"recipient"`
	Data          []Category         `json:"data"`
	Purpose       Purpose            `json:"purpose,omitempty"`
	Decided       Decided            `json:"decided"`
	DecidedBy     string             `json:"decided_by"`
	DecidedHow    string             `json:"decided_how"` // "clicked", "command line", "clock"
	Given         time.Time          `json:"given"`
	Term          Term               `json:"term"`
	Expires       time.Time          `json:"expires"`       // UTC instant; zero only for Term "no end"
	ExpiresCivil  string             `json:"expires_civil"` // YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss when a time was chosen
	Zone          string             `json:"zone"`          // IANA name
	Remedy        Remedy             `json:"remedy"`
	// Coarse says that the household agreed to a cut of the whole device where
	// nothing can cut this recipient alone.
	Coarse     bool      `json:"coarse,omitempty"`
	GraceUsed  bool      `json:"grace_used,omitempty"`
	GraceUntil time.Time `json:"grace_until,omitzero"`
	Ended      time.Time `json:"ended,omitzero"` // when it was written as expired or withdrawn (Expires says when it was due)

	Seen   Seen             `json:"seen"` // the third axis, moved by observation only
	SeenAt time.Time        `json:"seen_at,omitzero"`
	SeenBy discovery.Source `json:"seen_by,omitempty"`

	// Evidence bound to the decision: identifiers of the device when the person agreed (T38).
	Identity []discovery.Identifier `json:"identity,omitempty"`
}

// SchemaVersion is the version of the record that this program writes.
const SchemaVersion = 1

// Due reports whether c has passed its term at now. Wall clocks are compared;
// a monotonic reading in now is ignored. A consent in grace is due after it.
func (c Consent) Due(now time.Time) bool {
	end := c.DueAt()
	return c.Decided.Live() && !end.IsZero() && !now.Round(0).Before(end)
}

// DueAt is the moment at which c ends, grace included; zero for "no end".
func (c Consent) DueAt() time.Time {
	if c.GraceUntil.After(c.Expires) {
		return c.GraceUntil
	}
	return c.Expires
}

// Expire returns c in its new status with the actions that its remedy asks for.
// It changes nothing and is a no-op when c is not due.
func Expire(c Consent, grants []Grant, now time.Time) (Consent, []Action) {
	if !c.Due(now) {
		return c, nil
	}
	return end(c, Expired, grants, now, "clock", "clock")
}

// Withdraw returns c ended by the household at now, with the same actions as
// expiry would ask for (T53). It is a no-op when c is not live.
func Withdraw(c Consent, grants []Grant, now time.Time, by, how string) (Consent, []Action) {
	if !c.Decided.Live() {
		return c, nil
	}
	return end(c, Withdrawn, grants, now, by, how)
}

func end(c Consent, to Decided, grants []Grant, now time.Time, by, how string) (Consent, []Action) {
	next := c
	next.Version++
	next.PreviousHash = c.Checksum()
	next.Decided, next.DecidedBy, next.DecidedHow = to, by, how
	next.Ended = now.Round(0).UTC()
	next.Seen, next.SeenAt, next.SeenBy = NotChecked, time.Time{}, ""
	return next, remedyActions(next, grants)
}
