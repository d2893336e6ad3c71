package ledger

import (
	"iter"

	"bestbefore/assets/words"
)

// Item is one stored entry with its stored text; a nil Text is one that is not there.
type Item struct {
	Entry
	Text *Text
}

// Why says what is wrong with the first bad entry.
type Why string

// The faults.
const (
	Altered     Why = "altered"      // the entry was changed after it was written
	Missing     Why = "missing"      // the entry is not there, later ones are
	Reordered   Why = "reordered"    // the entry stands in another place
	CutOff      Why = "cut_off"      // the end of the diary is gone
	Rewritten   Why = "rewritten"    // the chain is whole, but not the one that was sealed
	TextAltered Why = "text_altered" // the entry's text was changed
	TextMissing Why = "text_missing" // the entry's text is gone and no entry says that it was deleted
	BadFormat   Why = "bad_format"   // the entry is in a format that this program does not know
	Unreadable  Why = "unreadable"   // storage could not give the entry
	SealBroken  Why = "seal_broken"  // the seal itself was damaged or made with another key
)

// Fault is the first thing that is wrong.
type Fault struct {
	Seq    uint64 `json:"seq"`
	Why    Why    `json:"why"`
	Detail string `json:"detail,omitempty"`
}

// String says it in one sentence.
func (f Fault) String() string {
	said := map[Why]string{
		Altered: words.Text("was altered"), Missing: words.Text("is missing"), Reordered: words.Text("stands in another place"),
		CutOff: words.Text("and everything after it were cut off"), Rewritten: words.Text("is not the one that was sealed: the diary was rewritten"),
		TextAltered: words.Text("has an altered text"), TextMissing: words.Text("has lost its text, and no entry says that it was deleted"),
		BadFormat: words.Text("is in a format that this version does not know"), Unreadable: words.Text("cannot be read"),
		SealBroken: words.Text("cannot be compared: the seal is damaged or was made with another key"),
	}
	s := words.Sprintf("entry %d %s", f.Seq, said[f.Why])
	if f.Detail != "" {
		s += " (" + f.Detail + ")"
	}
	return s
}

// Report is the outcome of Verify.
type Report struct {
	Entries uint64 `json:"entries"` // good ones, counted from the first
	Head    Head   `json:"head"`    // of the last good one
	Sealed  bool   `json:"sealed"`  // a sealed head was there and agrees
	Erased  uint64 `json:"erased"`  // texts that were deleted on purpose
	Fault   *Fault `json:"fault,omitempty"`
}

// OK reports whether nothing is wrong. A diary that is not sealed can be OK.
func (r Report) OK() bool { return r.Fault == nil }

// Verify checks a whole diary, given in order of Seq, and names the first entry
// that is altered or missing. sealed is the head that was kept outside; nil
// means that there is none, and then a cut-off end cannot be found.
func Verify(items iter.Seq2[Item, error], sealed *Head) Report {
	v := verifier{sealed: sealed, erased: map[string]uint64{}}
	for it, err := range items {
		if err != nil {
			v.fault(v.Head.Seq+1, Unreadable, err.Error())
			break
		}
		if !v.next(&it) {
			break
		}
	}
	v.finish()
	return v.Report
}

// verifier carries what is known so far. Once missing is set, only the question
// whether that entry turns up later is still open.
type verifier struct {
	Report
	sealed  *Head
	match   bool              // the sealed entry was met and agrees
	erased  map[string]uint64 // device to its first erased text without a tombstone yet
	buf     []byte
	missing uint64
}

func (v *verifier) fault(seq uint64, why Why, detail string) bool {
	if v.Fault == nil {
		v.Fault = &Fault{Seq: seq, Why: why, Detail: detail}
	}
	return false
}

// next checks one item and reports whether to go on.
func (v *verifier) next(it *Item) bool {
	e, want := &it.Entry, v.Head.Seq+1
	if v.missing != 0 {
		return v.searchMissing(e)
	}
	switch {
	case e.Seq > want:
		v.missing = want
		return true
	case e.Seq < want:
		return v.fault(e.Seq, Reordered, words.Sprintf("it stands after entry %d", v.Head.Seq))
	case e.Format != Format:
		return v.fault(e.Seq, BadFormat, words.Sprintf("format %d", e.Format))
	case !v.holds(e):
		return v.fault(e.Seq, Altered, "")
	case e.Prev != v.Head.Hash:
		// The entry itself is as it was made: the one before it was replaced.
		return v.fault(max(want-1, 1), Altered, words.Text("the next entry continues another one"))
	}
	if v.sealed != nil && v.sealed.Seq == e.Seq {
		if v.sealed.Hash != e.Hash {
			return v.fault(e.Seq, Rewritten, "")
		}
		v.match = true
	}
	v.Entries, v.Head = e.Seq, Head{Seq: e.Seq, Hash: e.Hash}
	return v.text(it)
}

// searchMissing tells a missing entry from one that stands later in the list.
func (v *verifier) searchMissing(e *Entry) bool {
	if e.Seq == v.missing && e.Prev == v.Head.Hash && v.holds(e) {
		return v.fault(v.missing, Reordered, words.Text("it stands after a later entry"))
	}
	return true
}

// text checks the erasable half, and remembers erased ones until their tombstone comes.
func (v *verifier) text(it *Item) bool {
	if it.Kind == KindErased {
		delete(v.erased, it.Device)
	}
	switch t := it.Text; {
	case t == nil:
		return v.fault(it.Seq, TextMissing, "")
	case t.Erased:
		v.Erased++
		if _, known := v.erased[it.Device]; !known {
			v.erased[it.Device] = it.Seq
		}
		if len(t.Salt) > 0 || t.Text != "" {
			return v.fault(it.Seq, TextAltered, words.Text("it is marked as deleted and still there"))
		}
	case t.Seq != it.Seq, !v.saysText(it):
		return v.fault(it.Seq, TextAltered, "")
	}
	return true
}

// holds reports whether the entry is as it was made.
func (v *verifier) holds(e *Entry) bool {
	sum := e.sum(v.scratch())
	return string(sum[:]) == e.Hash
}

// saysText reports whether the text is the one that the entry was made with.
func (v *verifier) saysText(it *Item) bool {
	sum := hashText(v.scratch(), it.Text.Salt, it.Text.Text)
	return string(sum[:]) == it.TextHash
}

func (v *verifier) scratch() []byte {
	if v.buf == nil {
		v.buf = make([]byte, 0, 1024)
	}
	return v.buf
}

// finish draws the conclusions that need the whole list.
func (v *verifier) finish() {
	switch {
	case v.missing != 0:
		v.fault(v.missing, Missing, "")
	case v.Fault != nil:
	case v.sealed != nil && !v.match && v.sealed.Seq > v.Head.Seq:
		v.fault(v.Head.Seq+1, CutOff, words.Sprintf("the seal knows %d entries", v.sealed.Seq))
	case len(v.erased) > 0:
		first := ^uint64(0)
		for _, seq := range v.erased {
			first = min(first, seq)
		}
		v.fault(first, TextMissing, "")
	}
	v.Sealed = v.Fault == nil && v.sealed != nil && (v.match || v.sealed.Seq == 0)
}

// Genuine reports whether an item by itself is as it was made: its fields, and
// its text where that was not erased.
func (it *Item) Genuine() bool {
	v := verifier{erased: map[string]uint64{}}
	return it.Format == Format && v.holds(&it.Entry) && (it.Text == nil || v.text(it))
}

// Follows reports whether the entry is the one after head.
func (it *Item) Follows(head Head) bool { return it.Seq == head.Seq+1 && it.Prev == head.Hash }
