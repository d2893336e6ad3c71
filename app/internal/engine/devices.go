package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// week is the stretch over which traffic is shown.
const week = 7 * 24 * time.Hour

// Devices lists all devices with what is known around each.
func (e *Core) Devices(ctx context.Context) ([]DeviceInfo, error) {
	around, err := e.around(ctx)
	if err != nil {
		return nil, err
	}
	var out []DeviceInfo
	for _, d := range e.Inventory.Devices() {
		out = append(out, around.info(d))
	}
	slices.SortStableFunc(out, func(a, b DeviceInfo) int {
		if (a.Label == "") != (b.Label == "") {
			if a.Label != "" {
				return -1
			}
			return 1
		}
		return cmp.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name()))
	})
	return out, nil
}

// Device finds one device by id, start of an id, label or name.
func (e *Core) Device(ctx context.Context, ref string) (DeviceInfo, error) {
	d, err := e.find(ref)
	if err != nil {
		return DeviceInfo{}, err
	}
	around, err := e.around(ctx)
	if err != nil {
		return DeviceInfo{}, err
	}
	if _, err := e.namesOf(ctx, d); err != nil {
		return DeviceInfo{}, err
	}
	return around.info(d), nil
}

// errSomebody says why nothing can be decided about Somebody.
var errSomebody = words.New("nothing tells which device at home this is, so nothing can be permitted to it; give each device an account of its own at the broker, and it is known by that")

// find takes an exact id first, then an exact name, then the start of an id;
// two that fit are an error that names both.
func (e *Core) find(ref string) (discovery.Device, error) {
	if ref == string(flow.Somebody) {
		return discovery.Device{}, errSomebody
	}
	if d, ok := e.Inventory.Device(discovery.DeviceID(ref)); ok {
		return d, nil
	}
	var named, begun []discovery.Device
	for _, d := range e.Inventory.Devices() {
		switch {
		case strings.EqualFold(d.Name(), ref) || strings.EqualFold(d.Label, ref) || slices.Contains(d.MACs(), strings.ToLower(ref)):
			named = append(named, d)
		case len(ref) >= 3 && strings.HasPrefix(string(d.ID), ref):
			begun = append(begun, d)
		}
	}
	if len(named) == 0 {
		named = begun
	}
	switch len(named) {
	case 0:
		return discovery.Device{}, words.Errorf("there is no device %q; \"devices\" lists those that are known", ref)
	case 1:
		return named[0], nil
	default:
		return discovery.Device{}, words.Errorf("%q fits %s and %s; use the id", ref, named[0].ID, named[1].ID)
	}
}

// Questions are the open ones.
func (e *Core) Questions(context.Context) ([]discovery.Question, error) {
	return e.Inventory.Questions(), nil
}

// Label gives a device the person's own name; an empty text takes it away.
func (e *Core) Label(ctx context.Context, id discovery.DeviceID, text string) error {
	d, err := e.find(string(id))
	if err != nil {
		return err
	}
	label := string(discovery.Clean(text))
	if text != "" && label == "" {
		return words.Errorf("the name %q has no letters to show; choose another", text)
	}
	if err := e.Inventory.SetLabel(d.ID, label); err != nil {
		return err
	}
	word := words.Sprintf("Named %s.", label)
	if label == "" {
		word = words.Text("Your own name for it was taken away.")
	}
	return e.edited(ctx, undoEntry{Kind: undoLabel, Device: d.ID, Text: d.Label}, e.deviceNote(consent.NoteDeviceNamed, d.ID, word))
}

// Merge makes two entries one device; permissions of gone go on under keep.
func (e *Core) Merge(ctx context.Context, keep, gone discovery.DeviceID) error {
	k, err := e.find(string(keep))
	if err != nil {
		return err
	}
	g, err := e.find(string(gone))
	if err != nil {
		return err
	}
	if _, err := e.Inventory.Merge(k.ID, g.ID); err != nil {
		return err
	}
	return e.edited(ctx, undoEntry{Kind: undoMerge, Device: k.ID},
		e.deviceNote(consent.NoteDeviceMerged, k.ID, words.Sprintf("%s and %s are one device, said %s.", k.Name(), g.Name(), words.Text(e.Person))))
}

// Split takes apart what was merged.
func (e *Core) Split(ctx context.Context, id discovery.DeviceID) ([]discovery.DeviceID, error) {
	d, err := e.find(string(id))
	if err != nil {
		return nil, err
	}
	ids, err := e.Inventory.Split(d.ID)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(ids), func(x discovery.DeviceID) bool { return x == d.ID })
	return ids, e.edited(ctx, undoEntry{Kind: undoSplit, Device: d.ID, Others: others},
		e.deviceNote(consent.NoteDeviceSplit, d.ID, words.Sprintf("%s was taken apart into separate devices.", d.Name())))
}

// SetEssential marks what must not be cut without a person.
func (e *Core) SetEssential(ctx context.Context, id discovery.DeviceID, x discovery.Essential) error {
	d, err := e.find(string(id))
	if err != nil {
		return err
	}
	switch x {
	case discovery.EssentialNone, discovery.EssentialComfort, discovery.EssentialSafety, discovery.EssentialMedical:
	default:
		return words.Errorf("%q is not a grade; use safety, medical, comfort or none", x)
	}
	if err := e.Inventory.SetEssential(d.ID, x); err != nil {
		return err
	}
	word := words.Sprintf("Marked %s: the clock alone will not cut it.", string(x))
	if x == discovery.EssentialNone || x == discovery.EssentialComfort {
		word = words.Text("No longer marked safety or medical.")
	}
	err = e.edited(ctx, undoEntry{Kind: undoEssential, Device: d.ID, Text: string(d.Essential)}, e.deviceNote(consent.NoteEssential, d.ID, word))
	if err != nil {
		return err
	}
	e.warn(ctx, "handing dates over", e.ReconcileHandOvers(ctx)) // else within a minute
	return nil
}

// Answer settles a question; only then may a permission move.
func (e *Core) Answer(ctx context.Context, question string, same bool) error {
	var q discovery.Question
	for _, x := range e.Inventory.Questions() {
		if x.ID == question {
			q = x
		}
	}
	if q.ID == "" {
		return words.Errorf("the question %q is no longer open", question)
	}
	if _, err := e.Inventory.Answer(question, same); err != nil {
		return err
	}
	kind, word, undo := consent.NoteDeviceSplit, words.Sprintf("Two different devices, said %s.", words.Text(e.Person)), undoEntry{}
	if same {
		kind, word = consent.NoteDeviceMerged, words.Sprintf("The same device with a new address, said %s.", words.Text(e.Person))
		undo = undoEntry{Kind: undoMerge, Device: q.Device}
	}
	return e.edited(ctx, undo, e.deviceNote(kind, q.Device, word))
}

// edited writes what an edit changed and remembers how to take it back.
func (e *Core) edited(ctx context.Context, u undoEntry, notes ...ledger.Note) error {
	if err := e.flushDevices(ctx); err != nil {
		return err
	}
	if err := e.Store.Note(ctx, notes...); err != nil {
		return err
	}
	if err := e.remember(ctx, u); err != nil {
		return err
	}
	e.changed(changes.Devices, changes.Diary)
	return nil
}

// around is what the engine knows around devices, read once for all of them.
type around struct {
	e        *Core
	consents []consent.Consent
	blocks   map[discovery.DeviceID]consent.Action
	sums     map[discovery.DeviceID][]flow.HourTotal // of the last week
	last     map[discovery.DeviceID]time.Time
	cover    coverage
	safe     protectedAt
	supports map[discovery.DeviceID]Support
}

func (e *Core) around(ctx context.Context) (around, error) {
	a := around{e: e, blocks: map[discovery.DeviceID]consent.Action{}}
	var err error
	if a.safe, err = e.protected(ctx); err != nil {
		return a, err
	}
	if a.consents, err = e.Store.Consents(ctx); err != nil {
		return a, err
	}
	actions, err := e.Store.Actions(ctx)
	if err != nil {
		return a, err
	}
	for _, x := range actions { // newest first: the newest of a device decides
		if x.Mark == consent.MarkDisconnect(x.Device) && !x.Ahead(e.Now()) {
			if _, ok := a.blocks[x.Device]; !ok {
				a.blocks[x.Device] = x
			}
		}
	}
	sums, err := e.Store.Totals(ctx, flow.Query{Since: e.Now().Add(-week)})
	if err != nil {
		return a, err
	}
	a.sums = map[discovery.DeviceID][]flow.HourTotal{}
	for _, h := range sums {
		id := e.canonical(h.Device)
		a.sums[id] = append(a.sums[id], h)
	}
	if a.supports, err = e.supports(ctx); err != nil {
		return a, err
	}
	if a.last, err = e.Store.LastFlows(ctx); err != nil {
		return a, err
	}
	a.cover, err = e.coverage(ctx)
	return a, err
}

func (a around) info(d discovery.Device) DeviceInfo {
	d = a.safe.guard(d)
	i := DeviceInfo{Device: d, LastFlow: a.last[d.ID], Support: a.e.supportOf(a.supports, d.ID)}
	for _, c := range a.consents {
		if a.e.canonical(c.Device) != d.ID {
			continue
		}
		i.Consents = append(i.Consents, c.ID)
		if end := c.DueAt(); c.Decided.Live() && !end.IsZero() && (i.NextEnd.IsZero() || end.Before(i.NextEnd)) {
			i.NextEnd = end
		}
	}
	if b, ok := a.blocks[d.ID]; ok && !(b.Kind == consent.ActUnblock && b.State == consent.Done) {
		i.Blocked = &b
	}
	totals := a.e.total(a.sums[d.ID], a.consents)
	for n, t := range totals {
		i.BytesWeek += t.Up + t.Down
		if !t.Covered && !recipient.Purpose(t.Receiver.Purpose).Everyday() {
			i.Strays++
		}
		if n < 3 {
			i.Recipients = append(i.Recipients, t.Name)
		}
	}
	i.Coverage, i.CoveredBy = a.cover.of(d)
	i.Sight = a.cover.sight(d, a.e.Now())
	if u, known := a.e.watching.of(d.ID); known {
		i.Sight.OwnNames = u.names
	}
	return i
}
