package engine

import (
	"context"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Store is what Core needs of storage, in the groups in which it uses it.
type Store interface {
	consentStore
	grantStore
	actionStore
	actionLists
	seenStore
	inventoryStore
	flowStore
	flowSums
	flowMoments
	hourStore
	acquaintanceStore
	diaryStore
	connectionStore
	settingStore
	forgetStore
	sourceStore
}

// sourceStore knows single sources of traffic.
type sourceStore interface {
	// Cursors are those of the sources whose name begins with prefix.
	Cursors(ctx context.Context, prefix string) (map[string]connectors.Cursor, error)
	DropCursor(ctx context.Context, source string) error
	// DeleteFlowsFrom deletes what one source told, and says how many rows that were.
	DeleteFlowsFrom(ctx context.Context, source discovery.Source) (int64, error)
}

// forgetStore deletes for good what was seen.
type forgetStore interface {
	DeleteFlowsOf(ctx context.Context, id discovery.DeviceID) (int64, error)
	DeleteFlowsBetween(ctx context.Context, from, to time.Time) (int64, error)
	DeleteAllFlows(ctx context.Context) (int64, error)
	// EraseText deletes the texts of a device's diary entries; the chain goes on to verify.
	EraseText(ctx context.Context, device discovery.DeviceID, tombstone ledger.Note) (int, error)
}

type consentStore interface {
	Consents(ctx context.Context) ([]consent.Consent, error)
	ConsentVersions(ctx context.Context, id consent.ID) ([]consent.Consent, error)
	Consent(ctx context.Context, id consent.ID) (consent.Consent, error)
}

// grantStore keeps what issuers said they gave.
type grantStore interface {
	Grants(ctx context.Context, c consent.Consent) ([]consent.Grant, error)
	AllGrants(ctx context.Context) ([]consent.Grant, error)
	// SaveGrants replaces what is known of one connection's grants.
	SaveGrants(ctx context.Context, connection string, gs []consent.Grant) error
}

type actionStore interface {
	Decide(ctx context.Context, d consent.Decision) error
	AddActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) ([]consent.Action, error)
	// ReplaceActions also cancels what is still open under the same marks.
	ReplaceActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) ([]consent.Action, error)
	// SaveAction writes all fields of a; consent.ErrChanged when it was cancelled meanwhile.
	SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error
}

type seenStore interface {
	// SetSeen moves the third axis only.
	SetSeen(ctx context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error
}

type actionLists interface {
	ByMark(ctx context.Context, mark string) ([]consent.Action, error)
	Action(ctx context.Context, id consent.ActionID) (consent.Action, error)
	Actions(ctx context.Context) ([]consent.Action, error) // newest first
}

type inventoryStore interface {
	// SaveInventory writes s and the diary lines in one transaction.
	SaveInventory(ctx context.Context, s discovery.Saved, notes ...ledger.Note) error
}

type flowStore interface {
	AddFlows(ctx context.Context, source string, recs []flow.Record, cursor connectors.Cursor) error
	Flows(ctx context.Context, q flow.Query) ([]flow.Record, error)
	// Cursor is the place that was stored with a source's last records; nil for none.
	Cursor(ctx context.Context, source string) (connectors.Cursor, error)
}

type flowSums interface {
	Hourly(ctx context.Context, q flow.Query) ([]flow.HourTotal, error)
	// Totals has one row for each device and destination; its Hour is the newest.
	Totals(ctx context.Context, q flow.Query) ([]flow.HourTotal, error)
	// SentSince is what each source saw going to the destinations that match accepts,
	// in records that began at since or later.
	SentSince(ctx context.Context, id discovery.DeviceID, since time.Time, match func(flow.Destination) bool) ([]flow.Sent, error)
}

// flowMoments knows when something was seen last.
type flowMoments interface {
	LastFlows(ctx context.Context) (map[discovery.DeviceID]time.Time, error)
	// LastSent is when a device was last seen sending to each destination.
	LastSent(ctx context.Context, id discovery.DeviceID) (map[flow.Destination]time.Time, error)
}

// hourStore gives the hourly sums of one device.
type hourStore interface {
	EachHour(ctx context.Context, q flow.Query, fn func(flow.HourRow) error) error
}

// acquaintanceStore keeps who receives from which device; what is forgotten of
// traffic is forgotten here too.
type acquaintanceStore interface {
	Acquaintances(ctx context.Context) ([]flow.Acquaintance, error)
	// OpenAcquaintances are those that wait for an answer.
	OpenAcquaintances(ctx context.Context) ([]flow.Acquaintance, error)
	SaveAcquaintances(ctx context.Context, as []flow.Acquaintance, notes ...ledger.Note) error
}

type diaryStore interface {
	Note(ctx context.Context, notes ...ledger.Note) error
	Diary(ctx context.Context, q ledger.Query) ([]ledger.Line, error)
	VerifyDiary(ctx context.Context) (ledger.Report, error)
}

type connectionStore interface {
	Connections(ctx context.Context) ([]connectors.Connection, error)
	SaveConnection(ctx context.Context, c connectors.Connection, notes ...ledger.Note) error
	DeleteConnection(ctx context.Context, id string, notes ...ledger.Note) error
	// DeleteSecret forgets a sealed value; one that is not there is no fault.
	DeleteSecret(ctx context.Context, ref consent.SecretRef) error
}

type settingStore interface {
	Setting(ctx context.Context, key string) (string, error)
	SetSetting(ctx context.Context, key, value string) error
}

// Sessions is what Core needs of the open connections.
type Sessions interface {
	sessionState
	sessionUse
}

type sessionState interface {
	// Capabilities of an open connection; false when it is not open.
	Capabilities(connection string) (connectors.Capabilities, bool)
	// Health of a connection that is configured.
	Health(connection string) SessionHealth
}

type sessionUse interface {
	// Reload opens new connections and closes removed ones; it returns when that is done.
	Reload(ctx context.Context) error
	// Try opens a connection that is not stored yet, probes it and closes it again.
	Try(ctx context.Context, c connectors.Connection) (connectors.Capabilities, error)
	// Use runs f with an open session of the connection, one call at a time.
	Use(ctx context.Context, connection string, f func(context.Context, connectors.Capabilities) error) error
}

// SessionHealth is how a connection does.
type SessionHealth struct {
	Open    bool
	Alive   time.Time
	Since   time.Time
	Trouble string
	Kind    consent.ErrorKind
	// Certificate is the unknown one that the peer showed, nil where that is not the trouble.
	Certificate *connectors.CertificateError
}
