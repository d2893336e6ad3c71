package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 5, 3, 12, 0, 0, 123_456_789, time.UTC)

// diary makes n good items.
func diary(n int) ([]Item, Head) {
	var head Head
	var out []Item
	for i := range n {
		note := Note{
			Time: noon.Add(time.Duration(i) * time.Second), Kind: "given", Device: fmt.Sprintf("d%d", i%3),
			Consent: "c1", Action: "a1", Text: fmt.Sprintf("The doorbell may send video, %d.", i),
		}
		e, t, h := Append(head, note, []byte{byte(i), 1, 2, 3})
		out, head = append(out, Item{Entry: e, Text: &t}), h
	}
	return out, head
}

func check(items []Item, sealed *Head) Report {
	return Verify(func(yield func(Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}, sealed)
}

// clone copies deeply, since tampering changes items in place.
func clone(items []Item) []Item {
	out := slices.Clone(items)
	for i := range out {
		if out[i].Text != nil {
			t := *out[i].Text
			t.Salt = slices.Clone(t.Salt)
			out[i].Text = &t
		}
	}
	return out
}

func TestWholeDiaryVerifies(t *testing.T) {
	items, head := diary(50)
	for _, sealed := range []*Head{nil, &head, {Seq: 20, Hash: items[19].Hash}} {
		r := check(items, sealed)
		if !r.OK() || r.Entries != 50 || r.Head != head || r.Sealed != (sealed != nil) {
			t.Errorf("sealed %v: %+v", sealed, r)
		}
	}
	if r := check(nil, nil); !r.OK() || r.Sealed {
		t.Errorf("empty: %+v", r)
	}
	if r := check(nil, &Head{}); !r.OK() || !r.Sealed {
		t.Errorf("empty and sealed: %+v", r)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	items, head := diary(30)
	rehash := func(its []Item, from int) {
		for i := from; i < len(its); i++ {
			if i > 0 {
				its[i].Prev = its[i-1].Hash
			}
			its[i].Hash = hexString(its[i].sum(nil))
		}
	}
	for _, c := range []struct {
		name   string
		tamper func([]Item) []Item
		sealed *Head
		seq    uint64
		why    Why
	}{
		{"deleted in the middle", func(x []Item) []Item { return slices.Delete(x, 9, 10) }, nil, 10, Missing},
		{"first one deleted", func(x []Item) []Item { return x[1:] }, nil, 1, Missing},
		{"two swapped", func(x []Item) []Item { x[4], x[5] = x[5], x[4]; return x }, nil, 5, Reordered},
		{"one doubled", func(x []Item) []Item { return slices.Insert(x, 5, x[4]) }, nil, 5, Reordered},
		{"numbers swapped", func(x []Item) []Item { x[4].Seq, x[5].Seq = 6, 5; x[4], x[5] = x[5], x[4]; return x }, nil, 5, Altered},
		{"kind changed", func(x []Item) []Item { x[7].Kind = "refused"; return x }, nil, 8, Altered},
		{"kind changed and hashed again", func(x []Item) []Item { x[7].Kind = "refused"; x[7].Hash = hexString(x[7].sum(nil)); return x }, nil, 8, Altered},
		{"rewritten from 8 on", func(x []Item) []Item { x[7].Kind = "refused"; rehash(x, 7); return x }, &head, 30, Rewritten},
		{"cut off", func(x []Item) []Item { return x[:20] }, &head, 21, CutOff},
		{"all gone", func(x []Item) []Item { return nil }, &head, 1, CutOff},
		{"text changed", func(x []Item) []Item { x[2].Text.Text = "x"; return x }, nil, 3, TextAltered},
		{"salt changed", func(x []Item) []Item { x[2].Text.Salt[0]++; return x }, nil, 3, TextAltered},
		{"text gone", func(x []Item) []Item { x[2].Text = nil; return x }, nil, 3, TextMissing},
		{"text erased without a tombstone", func(x []Item) []Item { *x[2].Text = Text{Seq: 3, Erased: true}; return x }, nil, 3, TextMissing},
		{"marked erased and still there", func(x []Item) []Item { x[2].Text.Erased = true; return x }, nil, 3, TextAltered},
		{"unknown format", func(x []Item) []Item { x[3].Format = 2; x[3].Hash = hexString(x[3].sum(nil)); return x }, nil, 4, BadFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := check(c.tamper(clone(items)), c.sealed)
			if r.Fault == nil || r.Fault.Seq != c.seq || r.Fault.Why != c.why || r.Sealed {
				t.Fatalf("got %+v (%v), want entry %d %s", r, r.Fault, c.seq, c.why)
			}
		})
	}
}

func TestWithoutTheSealACutIsNotFound(t *testing.T) { // the twin of "cut off"
	items, _ := diary(30)
	if r := check(items[:20], nil); !r.OK() {
		t.Fatalf("found without a seal: %v", r.Fault)
	}
}

func TestErasedTextsNeedATombstone(t *testing.T) {
	items, head := diary(9)
	for _, i := range []int{0, 3, 6} { // all of d0
		*items[i].Text = Text{Seq: items[i].Seq, Erased: true}
	}
	if r := check(items, nil); r.OK() || r.Fault.Seq != 1 {
		t.Fatalf("without tombstone: %+v", r)
	}
	e, txt, head := Append(head, Note{Time: noon, Kind: KindErased, Device: "d0", Text: "Deleted 3 texts."}, []byte{9})
	r := check(append(items, Item{Entry: e, Text: &txt}), &head)
	if !r.OK() || r.Erased != 3 || !r.Sealed {
		t.Fatalf("with tombstone: %+v", r)
	}
}

func TestUnreadableStorageIsAFault(t *testing.T) {
	items, _ := diary(3)
	var seq iter.Seq2[Item, error] = func(yield func(Item, error) bool) {
		_ = yield(items[0], nil) && yield(Item{}, errors.New("disk"))
	}
	if r := Verify(seq, nil); r.Fault == nil || r.Fault.Why != Unreadable || r.Fault.Seq != 2 {
		t.Fatalf("%+v", r)
	}
}

// No single change of any field of any entry goes unnoticed, and it is named
// within one row (G25).
func TestAnySingleChangeIsFound(t *testing.T) {
	items, head := diary(12)
	rapid.Check(t, func(t *rapid.T) {
		x := clone(items)
		i := rapid.IntRange(0, len(x)-1).Draw(t, "entry")
		e := &x[i]
		s := rapid.String().Draw(t, "value")
		n := rapid.Int64().Draw(t, "number")
		before := x[i]
		text := *x[i].Text
		switch rapid.IntRange(0, 11).Draw(t, "field") {
		case 0:
			e.Format = int(n)
		case 1:
			e.Seq = uint64(n)
		case 2:
			e.Time = e.Time.Add(time.Duration(n))
		case 3:
			e.Kind = Kind(s)
		case 4:
			e.Device = s
		case 5:
			e.Consent = s
		case 6:
			e.Action = s
		case 7:
			e.TextHash = s
		case 8:
			e.Prev = s
		case 9:
			e.Hash = s
		case 10:
			e.Text.Text = s
		case 11:
			e.Text.Salt = []byte(s)
		}
		if e.Entry == before.Entry && e.Text.Text == text.Text && string(e.Text.Salt) == string(text.Salt) {
			return
		}
		r := check(x, &head)
		if r.OK() {
			t.Fatalf("not found: %+v", e)
		}
		if at := int64(r.Fault.Seq); at != int64(x[i].Seq) && (at < int64(i) || at > int64(i+2)) {
			t.Fatalf("entry %d changed, %v named", i+1, r.Fault)
		}
	})
}

// Strings cannot flow from one field into the next.
func TestEncodingIsUnambiguous(t *testing.T) {
	a := Entry{Format: 1, Kind: "ab", Device: "c"}
	b := Entry{Format: 1, Kind: "a", Device: "bc"}
	if a.sum(nil) == b.sum(nil) {
		t.Fatal("two entries, one hash")
	}
}

// The format is fixed: this hash may never change.
func TestFormatOneIsFrozen(t *testing.T) {
	e, _, _ := Append(Head{Seq: 6, Hash: "ab"}, Note{Time: noon, Kind: "given", Device: "d", Consent: "c", Action: "a", Text: "é"}, []byte("salt"))
	const want = "42df152247c6caa96299b0ab64d6fdb7b0bdeffade17fd9006edf0c6a7193cc0"
	if e.Hash != want {
		t.Fatalf("format 1 changed: %s", e.Hash)
	}
}

// F18: no panic, and true only for the true file.
func FuzzVerify(f *testing.F) {
	items, head := diary(5)
	whole, err := json.Marshal(items)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`[{"seq":1,"format":1,"Text":null}]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got []Item
		if json.Unmarshal(b, &got) != nil {
			return
		}
		r := check(got, &head)
		if r.Fault != nil {
			_ = r.Fault.String()
		}
		if !r.OK() {
			return
		}
		got = got[:min(len(got), len(items))] // more may follow the sealed head
		for i := range got {
			got[i].Time = got[i].Time.UTC() // the same moment in another zone is the same entry
		}
		again, _ := json.Marshal(got)
		if len(got) < len(items) || string(again) != string(whole) {
			t.Fatalf("accepted another diary: %s", b)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	items, head := diary(100_000)
	b.ReportAllocs()
	for b.Loop() {
		if r := check(items, &head); !r.OK() {
			b.Fatal(r.Fault)
		}
	}
	b.ReportMetric(float64(len(items)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func hexString(h hexSum) string { return string(h[:]) }
