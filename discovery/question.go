package discovery

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Questions returns the open questions, oldest first.
func (inv *Inventory) Questions() []Question {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return slices.SortedFunc(maps.Values(inv.questions), func(a, b Question) int {
		return cmp.Or(a.Asked.Compare(b.Asked), cmp.Compare(a.ID, b.ID))
	})
}

// InDoubt reports whether an open question is about the device that id names.
// What was allowed to it must not be taken as allowed to the other one.
func (inv *Inventory) InDoubt(id DeviceID) bool {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	e, err := inv.find(id)
	if err != nil {
		return false
	}
	for p := range inv.questions {
		if p.A == e.d.ID || p.B == e.d.ID {
			return true
		}
	}
	return false
}

// Answer settles the question qid: same merges the newcomer into the known
// device, different is remembered and never asked again. It returns the devices
// that changed.
func (inv *Inventory) Answer(qid string, same bool) ([]DeviceID, error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for p, q := range inv.questions {
		if q.ID != qid {
			continue
		}
		if same {
			return inv.mergeByPerson(q.Device, q.Other)
		}
		delete(inv.questions, p)
		inv.distinct[p] = true
		return []DeviceID{q.Device, q.Other}, nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownQuestion, qid)
}

// ask puts a question about e and f, once.
func (inv *Inventory) ask(e, f *entry, why string, o observation, ch *changes) {
	p := NewPair(e.d.ID, f.d.ID)
	if _, asked := inv.questions[p]; asked || inv.distinct[p] || e == f {
		return
	}
	if older(f, e) < 0 {
		e, f = f, e
	}
	if len(inv.questions) >= maxQuestions && !inv.dropQuestion(e.safe() || f.safe()) {
		return
	}
	inv.questions[p] = Question{ID: questionID(p), Device: e.d.ID, Other: f.d.ID, Why: why, Asked: o.At}
	ch.add(e)
	ch.add(f)
}

func questionID(p Pair) string { return string(p.A) + "~" + string(p.B) }

// dropQuestion makes room for an important question by giving up the newest
// one that is about no confirmed device.
func (inv *Inventory) dropQuestion(important bool) bool {
	if !important {
		return false
	}
	var drop *Pair
	for p, q := range inv.questions {
		if a, b := inv.entries[p.A], inv.entries[p.B]; a != nil && a.safe() || b != nil && b.safe() {
			continue
		}
		if drop == nil || q.Asked.After(inv.questions[*drop].Asked) || q.Asked.Equal(inv.questions[*drop].Asked) && questionID(p) > questionID(*drop) {
			drop = &p
		}
	}
	if drop != nil {
		delete(inv.questions, *drop)
	}
	return drop != nil
}

// requeue moves the questions and answers about gone to keep; keep is nil when
// gone is dropped altogether.
func (inv *Inventory) requeue(gone DeviceID, keep *entry) {
	for p, q := range inv.questions {
		if p.A != gone && p.B != gone {
			continue
		}
		delete(inv.questions, p)
		other := inv.entries[otherOf(p, gone)]
		if keep == nil || other == nil || other == keep {
			continue
		}
		n := NewPair(keep.d.ID, other.d.ID)
		if _, asked := inv.questions[n]; asked || inv.distinct[n] {
			continue
		}
		a, b := keep, other
		if older(b, a) < 0 {
			a, b = b, a
		}
		inv.questions[n] = Question{ID: questionID(n), Device: a.d.ID, Other: b.d.ID, Why: q.Why, Asked: q.Asked}
	}
	for p := range inv.distinct {
		if p.A != gone && p.B != gone {
			continue
		}
		delete(inv.distinct, p)
		if other := otherOf(p, gone); keep != nil && other != keep.d.ID {
			inv.distinct[NewPair(keep.d.ID, other)] = true
			delete(inv.questions, NewPair(keep.d.ID, other))
		}
	}
}

func otherOf(p Pair, id DeviceID) DeviceID {
	if p.A == id {
		return p.B
	}
	return p.A
}
