// Package engine is everything that a window or a command line may ask or
// decide. Engine is the interface; Core is its one implementation, which owns
// no file and no socket itself: storage, inventory and connections are given to
// it by the wiring. Windows, presenters and command lines know only Engine, so
// that the same interface can later be spoken over a local socket: every
// argument and every result is plain data that survives JSON.
package engine

import (
	"context"

	"bestbefore/app/internal/changes"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Engine is the whole of it. Methods are safe for concurrent use, return within
// the given context, and give errors that are one sentence a person can act on.
type Engine interface {
	Devices
	DeviceEdits
	Flows
	Traffic
	Newcomers
	Unusuals
	Declarations
	Guidebook
	Permissions
	Decisions
	Blocks
	Ladder
	Household
	Moves
	Connections
	Removals
	Mending
	Linking
	Trials
	Diary
	Captures
	Forgetting
	State
	Keys
	Backups
	Recipes
	Recovery
	Access
}

// Devices asks what is in the home.
type Devices interface {
	// Devices lists all, the person's labelled ones first, then by name.
	Devices(ctx context.Context) ([]DeviceInfo, error)
	// Device finds one by its ID, an unambiguous start of it, or its label or name without case.
	Device(ctx context.Context, ref string) (DeviceInfo, error)
	// Questions are the "is it the same device?" ones that wait for an answer.
	Questions(ctx context.Context) ([]discovery.Question, error)
}

// DeviceEdits are the person's corrections. They are noted in the diary and can be undone.
type DeviceEdits interface {
	Label(ctx context.Context, id discovery.DeviceID, text string) error
	Merge(ctx context.Context, keep, gone discovery.DeviceID) error
	Split(ctx context.Context, id discovery.DeviceID) ([]discovery.DeviceID, error)
	SetEssential(ctx context.Context, id discovery.DeviceID, e discovery.Essential) error
	Answer(ctx context.Context, question string, same bool) error
	SupportEdits
}

// SupportEdits is what a person knows of a maker's promise.
type SupportEdits interface {
	// SetSupport keeps until which day the maker keeps a device safe, and where that stands.
	SetSupport(ctx context.Context, id discovery.DeviceID, until, source, how string) error
}

// Flows asks where devices talk.
type Flows interface {
	// Flows lists traffic by device, recipient, destination, protocol and port, largest first.
	Flows(ctx context.Context, q FlowQuery) ([]FlowInfo, error)
	// Totals adds up bytes since a moment, by recipient over the whole home or one device.
	Totals(ctx context.Context, q FlowQuery) ([]Total, error)
	// Days adds up one device's (or with "" the home's) bytes by local day, oldest first, days without traffic included.
	Days(ctx context.Context, device discovery.DeviceID, days int) ([]Day, error)
}

// Traffic is what lies behind a figure, and how it is taken along.
type Traffic interface {
	// Hours adds up one device's (or with "" the home's) bytes of the last 24 hours by local
	// hour. It is empty for what stands for a person: nothing finer than a day is kept of it.
	Hours(ctx context.Context, device discovery.DeviceID) ([]Hour, error)
	// ExportFlows writes what q selects as CSV and JSON into dir and names the files.
	ExportFlows(ctx context.Context, q FlowQuery, dir string) ([]string, error)
}

// Permissions asks what was allowed.
type Permissions interface {
	// Consents lists the newest versions, the one that ends first at the top.
	Consents(ctx context.Context) ([]ConsentInfo, error)
	Consent(ctx context.Context, id consent.ID) (ConsentInfo, error)
	// PreviewAllow says what will happen on the date, through whom, and what else would stop.
	PreviewAllow(ctx context.Context, r AllowRequest) (Preview, error)
	// Review is what the renewal page shows: what changed since the household agreed.
	Review(ctx context.Context, id consent.ID) (ReviewInfo, error)
}

// Decisions are what the person decides about permissions.
type Decisions interface {
	Allow(ctx context.Context, r AllowRequest) (ConsentInfo, error)
	// Renew counts from the old end before it, from now after it. until is as ParseTerm reads it.
	Renew(ctx context.Context, id consent.ID, until string, how string) (ConsentInfo, error)
	// End withdraws now; the same path as expiry.
	End(ctx context.Context, id consent.ID, how string) (ConsentInfo, error)
	// Extend gives a live permission two days beyond its end, once; see consent.Grace.
	Extend(ctx context.Context, id consent.ID, how string) (ConsentInfo, error)
	// Lapse notes that the person will let it end on its date; reminders stop.
	Lapse(ctx context.Context, id consent.ID, how string) error
	// Undo takes back the newest decision that can be taken back and says which.
	Undo(ctx context.Context) (string, error)
}

// Blocks disconnects and reconnects whole devices at once.
type Blocks interface {
	PreviewDisconnect(ctx context.Context, id discovery.DeviceID) (Preview, error)
	// Disconnect writes the intent durably and returns; follow it with Action.
	// confirmed is the second confirmation that safety and medical devices need.
	Disconnect(ctx context.Context, id discovery.DeviceID, confirmed bool, how string) (consent.Action, error)
	// Pause is Disconnect until a moment, as consent.ParseTerm reads it. Who cuts it
	// lifts it by itself then, where it can (Preview.Pause says that), else this program does.
	Pause(ctx context.Context, id discovery.DeviceID, until string, confirmed bool, how string) (consent.Action, error)
	Reconnect(ctx context.Context, id discovery.DeviceID, how string) (consent.Action, error)
	Action(ctx context.Context, id consent.ActionID) (consent.Action, error)
	// Retry tries a waiting, stuck or person-needing action now.
	Retry(ctx context.Context, id consent.ActionID) error
}

// Moves is what a person says about a move of this computer.
type Moves interface {
	// KeepDates takes the word that dates agreed in another time zone stay as they are.
	KeepDates(ctx context.Context, how string) error
}

// Household is what a person tells us beside decisions.
type Household interface {
	// Confirm takes the word that what only a person can do was done; see consent.ConfirmByHand.
	Confirm(ctx context.Context, id consent.ActionID, how string) (consent.Action, error)
	// ConfirmClock takes the word that the clock of this computer is right.
	ConfirmClock(ctx context.Context, how string) error
	Preferences(ctx context.Context) (Preferences, error)
	SetPreferences(ctx context.Context, p Preferences) error
}

// Connections are the configured connectors.
type Connections interface {
	Connectors(ctx context.Context) (ConnectorsInfo, error)
	// Connect checks, opens, probes and only then saves; nothing is kept when it fails.
	Connect(ctx context.Context, r ConnectRequest) (ConnectionInfo, error)
	// RemoveConnection lifts everything that the connection holds, then forgets it.
	// What its peer gave to us stays valid there; PreviewRemove says what that is.
	RemoveConnection(ctx context.Context, id string) error
	// Held lists everything outside that carries our mark. A connection that
	// does not answer has a row of its own that says so.
	Held(ctx context.Context) ([]HeldInfo, error)
	// Lift lifts one held thing, or with an empty mark all of them.
	Lift(ctx context.Context, connection, mark string) (int, error)
}

// Diary asks what was decided, done and seen.
type Diary interface {
	Diary(ctx context.Context, q DiaryQuery) ([]DiaryEntry, error)
	VerifyDiary(ctx context.Context) (ledger.Report, error)
	// Export writes devices, flows, consents and diary as CSV and JSON into dir and names the files.
	Export(ctx context.Context, dir string) ([]string, error)
	// ExportConsent writes one permission alone into dir, to be handed to somebody: its
	// receipt, its versions, what was done, and its lines of the diary.
	ExportConsent(ctx context.Context, id consent.ID, dir string) ([]string, error)
}

// State asks how things stand.
type State interface {
	Overview(ctx context.Context) (Overview, error)
	// Watch gives a notification after each change until ctx ends; latest wins, nothing is queued.
	Watch(ctx context.Context) <-chan changes.Change
}
