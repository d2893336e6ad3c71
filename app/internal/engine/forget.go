package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Forgetting deletes for good what was seen. Permissions, and the diary's chain,
// stay: what was decided and done must not vanish.
type Forgetting interface {
	// PreviewForget says what would go and what stays, and changes nothing.
	PreviewForget(ctx context.Context, r ForgetRequest) (ForgetPreview, error)
	// Forget deletes it and says how much that was. It cannot be undone.
	Forget(ctx context.Context, r ForgetRequest) (Forgotten, error)
}

// ForgetRequest says what to forget: what one device sent, what all sent from
// one local day to another, both included, or everything.
type ForgetRequest struct {
	Device discovery.DeviceID `json:"device,omitempty"` // flow.Somebody too
	From   string             `json:"from,omitempty"`   // YYYY-MM-DD
	To     string             `json:"to,omitempty"`
	All    bool               `json:"all,omitempty"`
	// Texts says that the texts of the diary about it go too: of the device, or
	// with All of every device. The entries themselves stay in the chain.
	Texts bool   `json:"texts,omitempty"`
	How   string `json:"how,omitempty"` // "clicked", "command line"
}

// ForgetPreview says in sentences what goes and what stays.
type ForgetPreview struct {
	Goes  []string `json:"goes"`
	Stays []string `json:"stays"`
}

// Forgotten is what was deleted.
type Forgotten struct {
	Rows  int64 `json:"rows"`  // of traffic
	Texts int   `json:"texts"` // of the diary
}

// PreviewForget implements Forgetting.
func (e *Core) PreviewForget(_ context.Context, r ForgetRequest) (ForgetPreview, error) {
	w, err := e.forgetting(r)
	if err != nil {
		return ForgetPreview{}, err
	}
	p := ForgetPreview{
		Goes:  []string{words.Sprintf("Where %s sent, when and how much%s: every record and every sum of it.", w.whose, w.when)},
		Stays: []string{words.Text("Permissions and what was done about them."), words.Text("The diary as a chain: that something was deleted is written there.")},
	}
	if w.behaviour != nil {
		p.Goes = append(p.Goes, words.Sprintf("What was learned of how %s behaves, what was out of the ordinary, and the maker's description that you gave.", w.whose))
	}
	switch {
	case r.Texts:
		p.Goes = append(p.Goes, words.Sprintf("The texts of the diary about %s; their times and kinds stay, and the diary still proves to be whole.", w.of))
	case r.Device != "" && r.Device != flow.Somebody:
		p.Stays = append(p.Stays, words.Text("The texts of the diary about it, unless you choose to erase them too."))
	}
	if r.Device != "" && r.Device != flow.Somebody || r.All {
		p.Stays = append(p.Stays, words.Text("The list of devices: what is at home is seen again anyway."))
	}
	p.Stays = append(p.Stays, words.Text("What is sent from now on is watched again, and copies that you exported are yours to delete."))
	return p, nil
}

// Forget implements Forgetting.
func (e *Core) Forget(ctx context.Context, r ForgetRequest) (Forgotten, error) {
	w, err := e.forgetting(r)
	if err != nil {
		return Forgotten{}, err
	}
	e.deleting(1)
	defer e.deleting(-1)
	var out Forgotten
	defer e.lastSent.clear()
	defer e.heard.forget()
	if out.Rows, err = w.rows(ctx); err != nil {
		return out, words.Errorf("deleting what was seen: %w", err)
	}
	if w.behaviour != nil {
		if err := e.forgetBehaviour(ctx, *w.behaviour); err != nil {
			return out, words.Errorf("deleting what is known of its behaviour: %w", err)
		}
	}
	if r.From != "" {
		if err := e.forgetUnusual(ctx, r.From, r.To); err != nil {
			return out, words.Errorf("deleting what was out of the ordinary: %w", err)
		}
	}
	e.watching.forget("") // a period is gone, or more
	for _, id := range w.texts {
		n, err := e.Store.EraseText(ctx, id, ledger.Note{Time: e.Now(), Text: words.Text("The texts about this device were deleted.")})
		out.Texts += n
		if err != nil {
			return out, words.Errorf("deleting texts of the diary: %w", err)
		}
	}
	if err := e.forgetUndo(ctx, w.texts); err != nil {
		return out, err
	}
	text := words.Sprintf("%s deleted what was seen of %s%s (%s).", e.who(), w.of, w.when, way(r.How))
	if len(w.texts) > 0 && r.Device != "" {
		text = words.Sprintf("%s deleted what was seen of one device (%s).", e.who(), way(r.How)) // its name is among what went
	}
	if err := e.Store.Note(ctx, ledger.Note{Time: e.Now(), Kind: NoteForgot, Text: text}); err != nil {
		return out, err
	}
	e.changed(changes.Flows, changes.Devices, changes.Diary)
	return out, nil
}

// ErrDeleting says that a decision cannot be taken back while what was seen is
// deleted: it could write down again what was just deleted.
var ErrDeleting = words.New("what was seen is being deleted just now; undo it when that is done")

// deleting counts the deletions that run. A decision that is just being taken back
// is waited for.
func (e *Core) deleting(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deletions += n
}

// NoteForgot is a person's deletion of what was seen.
const NoteForgot ledger.Kind = "forgot"

// what is a request, understood.
type what struct {
	whose, of, when string
	rows            func(context.Context) (int64, error)
	texts           []discovery.DeviceID
	behaviour       *discovery.DeviceID // whose goes too; "" for all
}

var errForgetWhat = words.New("say what to forget: a device, a period with both its days, or all of it")

func (e *Core) forgetting(r ForgetRequest) (what, error) {
	period := r.From != "" || r.To != ""
	n := 0
	for _, chosen := range []bool{r.Device != "", period, r.All} {
		if chosen {
			n++
		}
	}
	if n != 1 || period && r.Texts {
		return what{}, errForgetWhat
	}
	switch {
	case r.All:
		w := what{whose: words.Text("any device"), of: words.Text("all devices"), rows: e.Store.DeleteAllFlows, behaviour: new(discovery.DeviceID)}
		if r.Texts {
			for _, d := range e.Inventory.Devices() {
				w.texts = append(w.texts, d.ID)
			}
		}
		return w, nil
	case period:
		return e.forgetPeriod(r)
	case r.Device == flow.Somebody:
		return what{whose: words.Text("somebody at home"), of: words.Text("somebody at home"), rows: e.rowsOf(r.Device)}, nil
	}
	d, err := e.find(string(r.Device))
	if err != nil {
		return what{}, err
	}
	w := what{whose: d.Name(), of: d.Name(), rows: e.rowsOf(d.ID), behaviour: &d.ID}
	if r.Texts {
		w.texts = []discovery.DeviceID{d.ID}
	}
	return w, nil
}

func (e *Core) rowsOf(id discovery.DeviceID) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) { return e.Store.DeleteFlowsOf(ctx, id) }
}

func (e *Core) forgetPeriod(r ForgetRequest) (what, error) {
	_, loc := e.Zone()
	first, err1 := time.Parse(time.DateOnly, r.From)
	last, err2 := time.Parse(time.DateOnly, r.To)
	if err1 != nil || err2 != nil {
		return what{}, words.Errorf("write both days as 2027-05-31, not %q and %q", r.From, r.To)
	}
	if last.Before(first) {
		return what{}, words.Errorf("%s is before %s; write the first day first", r.To, r.From)
	}
	from, err1 := consent.CivilEnd(first.AddDate(0, 0, -1).Format(time.DateOnly), loc) // a day begins when the one before it ends
	to, err2 := consent.CivilEnd(last.Format(time.DateOnly), loc)
	if err := errors.Join(err1, err2); err != nil {
		return what{}, err
	}
	when := " " + words.Sprintf("from %s to %s", words.Date(first, "2 January 2006"), words.Date(last, "2 January 2006"))
	return what{whose: words.Text("any device"), of: words.Text("all devices"), when: when, rows: func(ctx context.Context) (int64, error) {
		return e.Store.DeleteFlowsBetween(ctx, from, to)
	}}, nil
}

// forgetUndo takes what a device was called out of what can be undone.
func (e *Core) forgetUndo(ctx context.Context, ids []discovery.DeviceID) error {
	if len(ids) == 0 {
		return nil
	}
	e.listing.Lock()
	defer e.listing.Unlock()
	list, err := e.undoList(ctx)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(list), func(u undoEntry) bool {
		return u.Kind == undoLabel && slices.ContainsFunc(ids, func(id discovery.DeviceID) bool { return e.same(id, u.Device) })
	})
	if len(kept) == len(list) {
		return nil
	}
	return e.saveUndo(ctx, kept)
}
