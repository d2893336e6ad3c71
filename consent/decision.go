package consent

import (
	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// Decision is a new version of a consent together with everything that must be
// written in the same transaction: the actions it asks for (the outbox), the
// marks whose still open actions it makes needless, and the diary's lines.
type Decision struct {
	Consent Consent
	// Expect is the version that must be stored now, 0 for a new consent; else ErrChanged.
	Expect int
	// Actions get an ID from the store where theirs is empty. A stored open
	// action with the same Mark is cancelled first, in the same transaction.
	Actions []Action
	Notes   []ledger.Note
}

// ErrChanged says that the consent was decided anew meanwhile; read it again.
var ErrChanged = words.New("the permission was changed meanwhile")

// ErrNotFound says that there is no such record.
var ErrNotFound = words.New("not found")

// ErrIrreversible says that something cannot be undone and needs a second confirmation.
var ErrIrreversible = words.New("this cannot be undone")

// Kinds of diary entries, one vocabulary for code, pages and command line.
const (
	NoteGiven        ledger.Kind = "given"
	NoteRenewed      ledger.Kind = "renewed"
	NoteWithdrawn    ledger.Kind = "withdrawn"
	NoteExpired      ledger.Kind = "expired"
	NoteRevoked      ledger.Kind = "revoked" // ended by the other side
	NoteGrace        ledger.Kind = "grace"
	NoteLapse        ledger.Kind = "lapse"
	NoteUndone       ledger.Kind = "undone"
	NoteDisconnect   ledger.Kind = "disconnect"
	NoteReconnect    ledger.Kind = "reconnect"
	NoteAction       ledger.Kind = "action" // an action changed its state or level
	NoteHandedOver   ledger.Kind = "handed_over"
	NoteVerified     ledger.Kind = "verified" // evidence for an action
	NoteRelapse      ledger.Kind = "relapse"
	NoteStuck        ledger.Kind = "stuck"
	NoteWarned       ledger.Kind = "warned"
	NoteGuide        ledger.Kind = "guide"
	NoteDeviceNew    ledger.Kind = "device_new"
	NoteDeviceNamed  ledger.Kind = "device_named"
	NoteDeviceMerged ledger.Kind = "device_merged"
	NoteDeviceSplit  ledger.Kind = "device_split"
	NoteEssential    ledger.Kind = "essential"
	NoteConnected    ledger.Kind = "connected"
	NoteDisconnected ledger.Kind = "connection_removed"
	NoteLifted       ledger.Kind = "lifted"
	NoteClock        ledger.Kind = "clock"
	NoteStart        ledger.Kind = "start"
	NoteSupport      ledger.Kind = "support" // until when a maker keeps a device safe
	NoteErased       ledger.Kind = "erased"
	NoteQuarantine   ledger.Kind = "quarantine"
	NoteRecipientNew ledger.Kind = "recipient_new" // a device began to send to somebody that no permission covers
	NoteFine         ledger.Kind = "fine"          // a person said that this needs none
	NoteRefused      ledger.Kind = "refused"       // a person stopped it
)
