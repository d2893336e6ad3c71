package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/notify"
	"bestbefore/app/internal/view"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// remindEvery is how often it is looked whether something is to be told; the
// rule itself allows one message a day.
const remindEvery = time.Minute

// remindedKey is the setting that holds what was told.
const remindedKey = "reminded"

// byNotice is what the diary says of decisions made in a notification.
const byNotice = "notification"

// desk is where messages are shown.
type desk interface {
	Show(ctx context.Context, n notify.Note) error
}

// serveReminders tells what ends soon and what ended, and does what is answered.
func (h *Home) serveReminders(ctx context.Context) error {
	d, err := notify.New(notify.Config{Address: h.Bus})
	if err != nil {
		return err
	}
	showing, stop := context.WithCancel(context.WithoutCancel(ctx)) // it ends after the last message
	defer stop()
	served := make(chan error, 1)
	go func() { served <- d.Serve(showing) }()
	answers := make(chan func(), 16)
	tick := time.NewTicker(h.remindEvery())
	defer tick.Stop()
	shown := h.desk(d)
	for {
		if err := h.remind(ctx, shown, answers); err != nil && ctx.Err() == nil {
			h.Log.Warn("reminding", "error", err)
		}
		select {
		case <-ctx.Done():
			stop()
			return <-served
		case f := <-answers:
			f()
		case <-tick.C:
		}
	}
}

// desk is where messages are shown on this system.
func (h *Home) desk(bus desk) desk {
	if h.Plain == nil {
		return bus
	}
	return notify.Plain{Say: h.Plain}
}

func (h *Home) remindEvery() time.Duration {
	if h.RemindEvery != 0 {
		return h.RemindEvery
	}
	return remindEvery
}

// remind shows the message of the day, if there is something to tell. It is
// written down as told only when somebody showed it: where there is no service
// now, one that comes later makes it good.
func (h *Home) remind(ctx context.Context, d desk, answers chan<- func()) error {
	p, err := h.core.Preferences(ctx)
	if err != nil || !p.Reminders {
		return err
	}
	cs, err := h.core.Consents(ctx)
	if err != nil {
		return err
	}
	told, err := h.reminded(ctx)
	if err != nil {
		return err
	}
	all, now := remindable(cs), h.now()
	_, loc := zone()
	lines := consent.Remind(all, told, now, loc)
	what, err := h.news(ctx, told.Quiet(now, loc))
	if err != nil || len(lines)+len(what.met)+len(what.unusual) == 0 {
		return err
	}
	n, err := h.notice(ctx, lines, cs, what)
	if err != nil {
		return err
	}
	if err := d.Show(ctx, h.note(ctx, d, n, answers)); err != nil {
		if errors.Is(err, notify.ErrNone) {
			return nil
		}
		return err
	}
	if err := h.told(ctx, what); err != nil {
		return err
	}
	b, err := json.Marshal(told.With(lines, all, now))
	if err != nil {
		return err
	}
	return h.store.SetSetting(ctx, remindedKey, string(b))
}

// news is what no message has named yet beside dates.
type news struct {
	met     []engine.NewRecipient
	unusual []engine.Unusual
}

// news is nothing on a day that had its message.
func (h *Home) news(ctx context.Context, quiet bool) (news, error) {
	if quiet {
		return news{}, nil
	}
	met, err := h.core.NewRecipients(ctx)
	unusual, err2 := h.core.Unusual(ctx, true)
	return news{
		met:     slices.DeleteFunc(met, func(n engine.NewRecipient) bool { return n.Told }),
		unusual: slices.DeleteFunc(unusual, func(u engine.Unusual) bool { return u.Told }),
	}, errors.Join(err, err2)
}

// told notes that a message named what is new.
func (h *Home) told(ctx context.Context, what news) error {
	var ids []string
	for _, u := range what.unusual {
		ids = append(ids, u.ID)
	}
	return errors.Join(h.core.Told(ctx, what.met), h.core.ToldUnusual(ctx, ids))
}

// notice is the one message about all of it.
func (h *Home) notice(ctx context.Context, lines []consent.Reminder, cs []engine.ConsentInfo, what news) (view.Notice, error) {
	n := h.presenter().Notice(lines, cs, h.Raise != nil)
	if len(what.met)+len(what.unusual) == 0 {
		return n, nil
	}
	ds, err := h.core.Devices(ctx)
	return h.presenter().WithUnusual(h.presenter().WithNew(n, what.met, ds), what.unusual), err
}

func (h *Home) presenter() view.Presenter {
	_, loc := zone()
	return view.Presenter{Translate: words.Text, Zone: loc, Now: h.now()}
}

func (h *Home) reminded(ctx context.Context) (consent.Reminded, error) {
	var told consent.Reminded
	s, err := h.store.Setting(ctx, remindedKey)
	if err != nil || s == "" {
		return told, err
	}
	if err := json.Unmarshal([]byte(s), &told); err != nil {
		return told, words.Errorf("reading what was reminded of: %w", err)
	}
	return told, nil
}

// remindable is what the rule for reminders looks at.
func remindable(cs []engine.ConsentInfo) []consent.Remindable {
	out := make([]consent.Remindable, 0, len(cs))
	for _, c := range cs {
		out = append(out, consent.Remindable{Consent: c.Consent, Headline: c.Headline, Lapsing: c.Lapsing, Back: consent.Back(c.Actions)})
	}
	return out
}

// note makes n showable. Answers are carried out by the service, one at a time.
func (h *Home) note(ctx context.Context, d desk, n view.Notice, answers chan<- func()) notify.Note {
	out := notify.Note{Title: n.Title, Body: n.Body}
	for _, a := range n.Actions {
		out.Actions = append(out.Actions, notify.Action{ID: a.ID, Label: a.Label})
	}
	if len(out.Actions) > 0 {
		out.Chosen = func(action string) {
			select {
			case answers <- func() { h.answered(ctx, d, n, action, answers) }:
			case <-ctx.Done():
			}
		}
	}
	return out
}

// answered does what the person chose, and says what came of it: the answer to
// a click is no message of the day.
func (h *Home) answered(ctx context.Context, d desk, n view.Notice, action string, answers chan<- func()) {
	switch action {
	case view.NoticeRenew, view.NoticeLapse:
	default:
		if h.Raise != nil {
			h.Raise(target(n))
		}
		return
	}
	err := h.settle(ctx, n, action)
	c, readErr := h.core.Consent(ctx, n.Consent)
	if readErr != nil {
		h.Log.Warn("answering a notification", "error", errors.Join(err, readErr))
		return
	}
	said := h.presenter().Answered(c, action, err)
	if err := d.Show(ctx, h.note(ctx, d, said, answers)); err != nil && !errors.Is(err, notify.ErrNone) {
		h.Log.Warn("answering a notification", "error", err)
	}
}

// settle renews or lets lapse. A notification may hang about for weeks: what was
// decided anew meanwhile is not decided by it.
func (h *Home) settle(ctx context.Context, n view.Notice, action string) error {
	c, err := h.core.Consent(ctx, n.Consent)
	if err != nil {
		return err
	}
	if c.Version != n.Version || !c.Decided.Live() {
		return consent.ErrChanged
	}
	if action == view.NoticeLapse {
		return h.core.Lapse(ctx, n.Consent, byNotice)
	}
	_, err = h.core.Renew(ctx, n.Consent, n.Renewal, byNotice)
	return err
}

// target is the place that a notice leads to, in the form of --open.
func target(n view.Notice) string {
	if n.Consent == "" {
		return string(n.Open.Page)
	}
	return fmt.Sprintf("consent/%s@%d", n.Consent, n.Version)
}
