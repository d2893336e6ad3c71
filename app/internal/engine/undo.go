package engine

import (
	"context"
	"encoding/json"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// undoKind is what kind of decision an entry takes back.
type undoKind string

const (
	undoNothing    undoKind = ""
	undoConsent    undoKind = "consent"
	undoDisconnect undoKind = "disconnect"
	undoReconnect  undoKind = "reconnect"
	undoLabel      undoKind = "label"
	undoMerge      undoKind = "merge"
	undoEssential  undoKind = "essential"
	undoSplit      undoKind = "split"
	undoLapse      undoKind = "lapse"
	undoFine       undoKind = "fine"
	undoUsual      undoKind = "usual"
)

// undoEntry is how to take one decision back.
type undoEntry struct {
	Kind    undoKind           `json:"kind"`
	Consent consent.ID         `json:"consent,omitempty"`
	Version int                `json:"version,omitempty"` // the version that the decision made
	Device  discovery.DeviceID `json:"device,omitempty"`
	Text    string             `json:"text,omitempty"` // the label or grade before
	// Others are what a device was taken apart into, beside itself.
	Others []discovery.DeviceID `json:"others,omitempty"`
	Names  []string             `json:"names,omitempty"` // recipients
	Until  time.Time            `json:"until,omitzero"`  // the end of a pause
}

// undoKey is the setting that holds the list, undoMax how many are kept.
const (
	undoKey = "undo"
	undoMax = 20
)

// ErrNothingToUndo says that no decision is left that can be taken back.
var ErrNothingToUndo = words.New("there is nothing to undo")

// remember puts u on top of the list. A decision that cannot be taken back
// changes nothing: what came before it can still be.
func (e *Core) remember(ctx context.Context, u undoEntry) error {
	if u.Kind == undoNothing {
		return nil
	}
	e.listing.Lock()
	defer e.listing.Unlock()
	list, err := e.undoList(ctx)
	if err != nil {
		return err
	}
	list = append(list, u)
	if len(list) > undoMax {
		list = list[len(list)-undoMax:]
	}
	return e.saveUndo(ctx, list)
}

func (e *Core) undoList(ctx context.Context) ([]undoEntry, error) {
	s, err := e.Store.Setting(ctx, undoKey)
	if err != nil || s == "" {
		return nil, err
	}
	var list []undoEntry
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, words.Errorf("reading the list of what can be undone: %w", err)
	}
	return list, nil
}

func (e *Core) saveUndo(ctx context.Context, list []undoEntry) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, undoKey, string(b))
}

// Undo takes back the newest decision that can be taken back and says which. While
// what was seen is deleted it refuses; the decision stays at the top of the list.
func (e *Core) Undo(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deletions > 0 {
		return "", ErrDeleting
	}
	u, err := e.newestUndo(ctx) // off the list first: an undo is never an undo of itself
	if err != nil {
		return "", err
	}
	return e.takeBack(ctx, u)
}

// newestUndo takes the top off the list.
func (e *Core) newestUndo(ctx context.Context) (undoEntry, error) {
	e.listing.Lock()
	defer e.listing.Unlock()
	list, err := e.undoList(ctx)
	if err != nil {
		return undoEntry{}, err
	}
	if len(list) == 0 {
		return undoEntry{}, ErrNothingToUndo
	}
	return list[len(list)-1], e.saveUndo(ctx, list[:len(list)-1])
}

func (e *Core) takeBack(ctx context.Context, u undoEntry) (string, error) {
	name := e.deviceName(u.Device)
	switch u.Kind {
	case undoConsent:
		return e.undoConsent(ctx, u)
	case undoDisconnect:
		_, err := e.act(ctx, e.clicked(u.Device, consent.ActUnblock), undoEntry{}, e.deviceNote(consent.NoteUndone, u.Device, words.Sprintf("Undone: the disconnect of %s.", name)))
		return words.Sprintf("Reconnecting %s", name), err
	case undoReconnect:
		return e.undoReconnecting(ctx, u, name)
	case undoLabel:
		if err := e.Inventory.SetLabel(u.Device, u.Text); err != nil {
			return "", err
		}
	case undoMerge:
		if _, err := e.Inventory.Split(u.Device); err != nil {
			return "", err
		}
	case undoSplit:
		for _, other := range u.Others {
			if _, err := e.Inventory.Merge(u.Device, other); err != nil {
				return "", err
			}
		}
	case undoLapse:
		return e.undoLapsing(ctx, u)
	case undoFine:
		if _, err := e.setFine(ctx, u.Device, u.Names, false); err != nil {
			return "", err
		}
	case undoUsual:
		if err := e.takeBackUsual(ctx, u.Names); err != nil {
			return "", err
		}
	case undoEssential:
		if err := e.Inventory.SetEssential(u.Device, discovery.Essential(u.Text)); err != nil {
			return "", err
		}
	default:
		return "", words.Errorf("the list of what can be undone holds %q, which this version does not know", u.Kind)
	}
	what := words.Sprintf(map[undoKind]string{
		undoLabel: words.Later("the name of %s"), undoMerge: words.Later("the joining of %s"), undoFine: words.Later("the answer about %s"), undoUsual: words.Later("the answer about %s"),
		undoSplit: words.Later("the taking apart of %s"), undoEssential: words.Later("the mark of %s"),
	}[u.Kind], name)
	if err := e.edited(ctx, undoEntry{}, e.deviceNote(consent.NoteUndone, u.Device, words.Sprintf("Undone: %s.", what))); err != nil {
		return "", err
	}
	if u.Kind == undoEssential {
		e.warn(ctx, "handing dates over", e.ReconcileHandOvers(ctx)) // else within a minute
	}
	return words.Sprintf("Undone: %s", what), nil
}

// act writes one action of the person's, with its line in the diary and what
// follows it later, and wakes the runner.
func (e *Core) act(ctx context.Context, a consent.Action, u undoEntry, n ledger.Note, later ...consent.Action) (consent.Action, error) {
	if err := e.flushDevices(ctx); err != nil { // an action never outlives its device
		return consent.Action{}, err
	}
	as, err := e.Store.ReplaceActions(ctx, append([]consent.Action{a}, later...), n)
	if err != nil {
		return consent.Action{}, err
	}
	if err := e.remember(ctx, u); err != nil {
		return as[0], err
	}
	e.Poke()
	e.changed(changes.Actions, changes.Diary)
	return as[0], nil
}
