package engine

import (
	"cmp"
	"context"
	"os"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/category"
)

// What a receipt says of every permission here alike, in the words of W3C DPV. A
// person agreed by an act of their own; what the receiver claims as its basis, and
// under which law, nobody has told us, and that is said instead of guessed.
const (
	receiptType  = "expressed"     // dpv:ExpressedConsent
	receiptFor   = "the household" // nobody decides for a single person yet
	receiptBasis = "not stated"
	receiptLaw   = "not stated"
)

// householdKey is the setting with the household's own made-up name, which tells
// nobody who it is.
const householdKey = "household.id"

// ExportConsent writes one permission alone, so that it can be handed to somebody:
// no other permission, device or flow is in it (T56).
func (e *Core) ExportConsent(ctx context.Context, id consent.ID, dir string) ([]string, error) {
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return nil, err
	}
	info, err := e.Consent(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	household, err := e.household(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, words.Errorf("making the folder for the export: %w", err)
	}
	diary, err := e.diaryTable(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return writeTables(dir, receiptTable(info, household), versionTable(info.Versions), doneTable(info.Actions), diary)
}

// household is the household's own name, made when it is first needed.
func (e *Core) household(ctx context.Context) (string, error) {
	id, err := e.Store.Setting(ctx, householdKey)
	if err != nil || id != "" {
		return id, err
	}
	id = e.NewID("h")
	return id, e.Store.SetSetting(ctx, householdKey, id)
}

func receiptTable(c ConsentInfo, household string) table {
	t := table{name: "receipt", cols: []string{
		"schema_version", "record_id", "version", "previous_hash", "hash", "household_id", "decided_by", "decided_for", "decision_method",
		"consent_type", "device", "device_name", "recipient", "destinations", "data", "data_dpv", "sensitive", "special", "purpose",
		"legal_basis", "jurisdiction", "given_at", "expires_at", "expiry_civil_date", "expiry_zone", "duration_rule", "grace_until", "remedy",
		"decided", "ended_at", "done", "level", "seen", "seen_at", "seen_by", "withdrawal_method",
	}}
	x, sensitive, special := claimsOf(c), []consent.Category{}, []consent.Category{}
	var terms []string
	for _, d := range c.Data {
		k, known := category.Of(d)
		if iri := cmp.Or(k.IRI, k.Broader); iri != "" { // where DPV has no term, the one above it
			terms = append(terms, iri)
		}
		if known && k.Sensitive {
			sensitive = append(sensitive, d)
		}
		if known && k.Special {
			special = append(special, d)
		}
	}
	to := strings.Join(c.Recipient.Destinations, " ")
	if c.Recipient.Any {
		to = "any"
	}
	rule := c.Term.Rule
	if c.Term.Kind != consent.ForPeriod {
		rule = string(c.Term.Kind)
	}
	t.add(c.SchemaVersion, c.ID, c.Version, c.PreviousHash, c.Checksum(), household, c.DecidedBy, receiptFor, c.DecidedHow,
		receiptType, c.Device, c.DeviceName, c.Recipient.Name, to, dataWords(c.Data), strings.Join(terms, " "), dataWords(sensitive), dataWords(special), c.Purpose,
		receiptBasis, receiptLaw, c.Given, c.Expires, c.ExpiresCivil, c.Zone, rule, c.GraceUntil, c.Remedy,
		c.Decided, c.Ended, x.done, x.level, x.seen, x.seenAt, x.seenBy, withdrawal(c))
	return t
}

// withdrawal is how a person can stop it, also by hand.
func withdrawal(c ConsentInfo) string {
	how := words.Sprintf("End it in Best Before on its own page, or with the command end %s.", c.ID)
	if g := c.Guide; g != nil {
		how += " " + words.Sprintf("By hand at %s: %s.", g.Name, strings.TrimSuffix(strings.Join(append([]string{g.Where}, g.Steps...), " "), "."))
	}
	return how
}

func versionTable(vs []consent.Consent) table {
	t := table{name: "versions", cols: []string{"version", "previous_hash", "hash", "decided", "decided_by", "decision_method", "given_at", "expires_at", "grace_until", "ended_at"}}
	for _, v := range vs {
		t.add(v.Version, v.PreviousHash, v.Checksum(), v.Decided, v.DecidedBy, v.DecidedHow, v.Given, v.Expires, v.GraceUntil, v.Ended)
	}
	return t
}

// doneTable holds no receipt of a peer and no name of an access: those are keys to it.
func doneTable(as []consent.Action) table {
	t := table{name: "done", cols: []string{"action", "kind", "origin", "of_version", "state", "level", "created", "finished", "reason", "evidence"}}
	for _, a := range as {
		var proofs []string
		for _, e := range a.Evidence {
			proofs = append(proofs, timeCell(e.At)+" "+string(e.Seen)+": "+e.Text)
		}
		t.add(a.ID, a.Kind, a.Origin, a.Version, a.State, a.Level, a.Created, a.Finished, a.Reason, strings.Join(proofs, " | "))
	}
	return t
}
