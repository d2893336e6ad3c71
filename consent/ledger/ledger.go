// Package ledger is the diary: an append-only, hash-chained list of what was
// decided, done and seen. It is pure: it makes and checks entries, and knows
// nothing of where they are kept.
//
// An entry holds opaque ids and a salted hash of its personal text; the text
// lies in a row of its own that can be erased, after which the chain still verifies.
package ledger

import "time"

// Kind is what an entry tells.
type Kind string

// Entry is one line of the diary. Hash covers every other field.
type Entry struct {
	Format   int       `json:"format"` // version of the chain's format, 1
	Seq      uint64    `json:"seq"`    // from 1, without gaps
	Time     time.Time `json:"time"`   // UTC, milliseconds
	Kind     Kind      `json:"kind"`
	Device   string    `json:"device,omitempty"`
	Consent  string    `json:"consent,omitempty"`
	Action   string    `json:"action,omitempty"`
	TextHash string    `json:"text_hash"` // hex SHA-256 of salt and text
	Prev     string    `json:"prev"`      // hash of the entry before, "" for the first
	Hash     string    `json:"hash"`
}

// Text is the erasable half of an entry. Erased is set, and Salt and Text are
// empty, once it was deleted.
type Text struct {
	Seq    uint64 `json:"seq"`
	Salt   []byte `json:"salt,omitempty"`
	Text   string `json:"text"`
	Erased bool   `json:"erased,omitempty"`
}

// Note is an entry to be written: what happened, before it has a place in the chain.
type Note struct {
	Time    time.Time
	Kind    Kind
	Device  string
	Consent string
	Action  string
	Text    string // one sentence, no secrets
}

// Head is the end of the chain: kept sealed outside the file at each commit,
// so that a cut-off tail is found.
type Head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}
