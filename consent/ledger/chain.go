package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Format is the version of the chain that this program writes and reads.
const Format = 1

// KindErased is the tombstone: the texts of the entry's Device were erased. An
// erased text without a later tombstone of its device is a fault.
const KindErased Kind = "erased"

// The two uses of SHA-256 start with words of their own, so that no text can
// ever stand for an entry.
const (
	entryDomain = "best before diary entry"
	textDomain  = "best before diary text"
)

// Append makes the entry that follows head. The salt hides short texts from
// guessing by hash; give 16 random bytes. Nothing is written anywhere.
func Append(head Head, n Note, salt []byte) (Entry, Text, Head) {
	e := Entry{
		Format: Format, Seq: head.Seq + 1, Time: time.UnixMilli(n.Time.UnixMilli()).UTC(), Kind: n.Kind,
		Device: n.Device, Consent: n.Consent, Action: n.Action,
		Prev: head.Hash,
	}
	text := hashText(nil, salt, n.Text)
	e.TextHash = string(text[:])
	sum := e.sum(nil)
	e.Hash = string(sum[:])
	return e, Text{Seq: e.Seq, Salt: salt, Text: n.Text}, Head{Seq: e.Seq, Hash: e.Hash}
}

// hexSum is a hash as entries hold it. It is no string, so that checking a
// long diary makes no garbage.
type hexSum [2 * sha256.Size]byte

func hexOf(b []byte) (h hexSum) {
	sum := sha256.Sum256(b)
	hex.Encode(h[:], sum[:])
	return h
}

// sum is the hash of every field of e but Hash itself; buf is scratch space.
func (e *Entry) sum(buf []byte) hexSum { return hexOf(e.encode(buf[:0])) }

// encode writes the canonical form: numbers in eight bytes, strings behind
// their length, so that no two entries have the same bytes.
func (e *Entry) encode(b []byte) []byte {
	b = appendString(b, entryDomain)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Format))
	b = binary.BigEndian.AppendUint64(b, e.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.Nanosecond()))
	for _, s := range [...]string{string(e.Kind), e.Device, e.Consent, e.Action, e.TextHash, e.Prev} {
		b = appendString(b, s)
	}
	return b
}

func hashText(buf, salt []byte, text string) hexSum {
	b := appendString(buf[:0], textDomain)
	b = appendString(b, string(salt))
	return hexOf(appendString(b, text))
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}
