package consent

import (
	"encoding/json"
	"time"

	"bestbefore/discovery"
)

// ActionKind is what an action does.
type ActionKind string

// The kinds of action.
const (
	ActWarn     ActionKind = "warn"
	ActGuide    ActionKind = "guide"
	ActBlock    ActionKind = "block"
	ActUnblock  ActionKind = "unblock"   // lifts what an earlier action of the same Mark set
	ActRevoke   ActionKind = "revoke"    // ends a grant at its issuer; cannot be undone
	ActHandOver ActionKind = "hand_over" // gives the peer a block that starts at From by itself
)

// ActionState is the second axis: how far we got.
type ActionState string

// The states of an action. Cancelled is for one that a later decision made
// needless before it ran (T45, T46).
const (
	Pending     ActionState = "pending"
	Running     ActionState = "running"
	Done        ActionState = "done"
	Waiting     ActionState = "waiting"
	NeedsPerson ActionState = "needs_person"
	Stuck       ActionState = "stuck"
	Cancelled   ActionState = "cancelled"
)

// Open reports whether an action in state s is still to be worked on.
func (s ActionState) Open() bool { return s != Done && s != Cancelled }

// Level says how much of an action is proved. A 200 is Accepted, never more.
type Level string

// The levels, in rising order.
const (
	NoLevel    Level = ""
	Accepted   Level = "accepted"   // the peer said yes
	Configured Level = "configured" // read back from the peer
	Effective  Level = "effective"  // something was refused since, or a trusted live source saw it stop
)

// ErrorKind sorts the faults of connectors; see connectors.Error.
type ErrorKind string

// The error kinds.
const (
	KindTransient   ErrorKind = "transient"    // try again, not before Error.RetryAt
	KindSignIn      ErrorKind = "sign_in"      // the credential was refused; never retried by itself
	KindUnsupported ErrorKind = "unsupported"  // not possible here: the next remedy
	KindPermanent   ErrorKind = "permanent"    // failed for good
	KindNeedsPerson ErrorKind = "needs_person" // only a person can go on
)

// Evidence is one proof, or one honest lack of it.
type Evidence struct {
	At     time.Time        `json:"at"`
	Level  Level            `json:"level"`
	Seen   Seen             `json:"seen"`
	Source discovery.Source `json:"source"`
	Text   string           `json:"text"` // one sentence, no secrets
	Count  uint64           `json:"count,omitempty"`
}

// ActionID is our own opaque name for an action ("a" and 12 characters).
type ActionID string

// Origin says why an action exists.
type Origin string

// The origins.
const (
	FromExpiry     Origin = "expiry"
	FromPerson     Origin = "person" // a click: disconnect, reconnect, end now, undo
	FromHandOver   Origin = "hand_over"
	FromRenewal    Origin = "renewal"
	FromRelapse    Origin = "relapse"
	FromDoubt      Origin = "clock_in_doubt" // provisional, withdrawn when trust returns
	FromReapply    Origin = "reapply"        // the peer forgot (T39)
	FromMove       Origin = "move"           // the device has another address now (T38)
	FromCorrection Origin = "correction"
	FromPause      Origin = "pause_over" // lifts a disconnect that a person bounded
)

// Action is one thing to be done for a remedy. Actions are the outbox: they are
// written in the same transaction as the decision that asked for them.
type Action struct {
	ID         ActionID           `json:"id"`
	Kind       ActionKind         `json:"kind"`
	Origin     Origin             `json:"origin"`
	Consent    ID                 `json:"consent,omitempty"` // empty for a plain disconnect
	Version    int                `json:"version,omitempty"` // of the consent, re-read before acting (T46)
	Device     discovery.DeviceID `json:"device"`
	Recipient  Recipient          `json:"recipient"`
	Grant      string             `json:"grant,omitempty"`
	Coarse     bool               `json:"coarse,omitempty"`     // the whole device may be cut if nothing finer can be
	Mark       string             `json:"mark"`                 // idempotency key at the peer: one mark, one block
	From       time.Time          `json:"from,omitzero"`        // start to hand over; zero is now
	Until      time.Time          `json:"until,omitzero"`       // end of a pause; zero is none
	Fallback   ActionKind         `json:"fallback,omitempty"`   // tried on KindUnsupported or KindPermanent
	Connection string             `json:"connection,omitempty"` // chosen by the runner
	State      ActionState        `json:"state"`
	Level      Level              `json:"level"`
	Attempt    int                `json:"attempt"`
	RetryAt    time.Time          `json:"retry_at,omitzero"` // when Waiting or Stuck
	Error      ErrorKind          `json:"error,omitempty"`
	Reason     string             `json:"reason,omitempty"` // last answer in one sentence, at most 240 characters
	Receipt    json.RawMessage    `json:"receipt,omitempty"`
	Evidence   []Evidence         `json:"evidence,omitempty"`
	VerifyAt   time.Time          `json:"verify_at,omitzero"` // next verification of a Done action; zero is none
	Verified   int                `json:"verified"`           // verifications made so far
	DueAt      time.Time          `json:"due_at"`             // when it should happen
	Created    time.Time          `json:"created"`
	Finished   time.Time          `json:"finished,omitzero"`
	Stepped    bool               `json:"clock_stepped,omitempty"` // taken while the clock had been stepped (T6)
	Confirmed  bool               `json:"confirmed,omitempty"`     // a person confirmed twice that a safety or medical device may be cut
}

// MarkFor is the mark under which consent c's block is kept at a peer. All
// blocks of one consent share it, so that a renewal replaces exactly that one.
func MarkFor(c ID) string { return "consent-" + string(c) }

// MarkDisconnect is the mark of a person's plain disconnect of device d.
func MarkDisconnect(d discovery.DeviceID) string { return "device-" + string(d) }

// PauseOver is what lifts the pause that block is, when it is over. It waits for
// that moment; where the peer lifted it by itself, nothing is left to do.
func PauseOver(block Action) Action {
	a := block
	a.ID, a.Kind, a.Origin, a.State, a.Until, a.Confirmed = "", ActUnblock, FromPause, Waiting, time.Time{}, false
	a.DueAt, a.RetryAt = block.Until, block.Until
	return a
}

// Early reports the end of a pause that has not come at now.
func (a Action) Early(now time.Time) bool { return a.Origin == FromPause && now.Before(a.DueAt) }

// Ahead reports the end of a pause that still waits for its time: the newest
// action of its mark, which says nothing yet of what stands.
func (a Action) Ahead(now time.Time) bool { return a.State.Open() && a.Early(now) }

// MarkAccess is the mark under which a person's end of one access is kept.
func MarkAccess(connection, grant string) string { return "access-" + connection + "/" + grant }

// remedyActions are the actions that an ended c asks for. IDs are given by
// the engine when it writes them.
func remedyActions(c Consent, grants []Grant) []Action {
	base := Action{
		Origin: FromExpiry, Consent: c.ID, Version: c.Version, Device: c.Device, Recipient: c.Recipient, Coarse: c.Coarse,
		Mark: MarkFor(c.ID), State: Pending, DueAt: c.DueAt(), Created: c.Ended,
	}
	if c.Decided == Withdrawn {
		base.Origin, base.DueAt = FromPerson, c.Ended
	}
	one := func(k ActionKind) []Action { a := base; a.Kind = k; return []Action{a} }
	switch c.Remedy {
	case Block:
		return one(ActBlock)
	case Guide:
		return one(ActGuide)
	case Revoke, RevokeThenBlock:
		return revocations(base, c.Remedy, grants)
	default:
		return one(ActWarn)
	}
}

// revocations is one action per grant that is not ours. Without a grant there
// is nothing to revoke: block if the remedy says so, else guide a person.
func revocations(base Action, r Remedy, grants []Grant) []Action {
	var out []Action
	for _, g := range grants {
		if g.Own {
			continue
		}
		a := base
		a.Kind, a.Grant, a.Connection, a.Fallback = ActRevoke, g.ID, g.Connection, ActGuide
		if r == RevokeThenBlock {
			a.Fallback = ActBlock
		}
		out = append(out, a)
	}
	if len(out) == 0 {
		base.Kind = ActGuide
		if r == RevokeThenBlock {
			base.Kind = ActBlock
		}
		out = append(out, base)
	}
	return out
}
