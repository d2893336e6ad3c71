package engine

import (
	"context"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Confirm takes a person's word that the steps of a guide were taken. What is
// seen from then on is watched.
func (e *Core) Confirm(ctx context.Context, id consent.ActionID, how string) (consent.Action, error) {
	a, err := e.Store.Action(ctx, id)
	if err != nil {
		return consent.Action{}, err
	}
	failed := a
	past, err := e.sentPast(ctx, a)
	if err != nil {
		return consent.Action{}, err
	}
	if (a.Failed() || past) && a.Consent != "" { // the steps are offered beside it
		a = consent.StepTo(failed, consent.ActGuide, false, e.Now())
		a.State = consent.NeedsPerson
	}
	if a, err = consent.ConfirmByHand(a, e.Now()); err != nil {
		return consent.Action{}, err
	}
	text := words.Sprintf("%s said that what %s sends to %s was ended by hand (%s).", e.who(), e.deviceName(a.Device), a.Recipient.Name, way(how))
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteGuide, Device: string(a.Device), Consent: string(a.Consent), Action: string(a.ID), Text: text}
	if a.ID == "" {
		a, err = e.instead(ctx, failed, a, n)
	} else {
		err = e.Store.SaveAction(ctx, a, n)
	}
	if err != nil {
		return consent.Action{}, err
	}
	if a.Consent != "" { // what was seen before says nothing about it any more
		if err := e.Store.SetSeen(ctx, a.Consent, consent.NotChecked, e.Now(), discovery.SourcePerson); err != nil {
			return consent.Action{}, err
		}
	}
	e.changed(changes.Actions, changes.Consents, changes.Diary)
	return a, nil
}

// sentPast reports that a is what ended its permission, and that it goes on all the same.
func (e *Core) sentPast(ctx context.Context, a consent.Action) (bool, error) {
	if a.Consent == "" || a.State != consent.Done {
		return false, nil
	}
	c, err := e.Consent(ctx, a.Consent)
	if err != nil {
		return false, err
	}
	return c.Next != nil && c.Next.Action == a.ID, nil
}

// The rules of watching what has ended: open transfers may run out for a moment;
// a day of silence counts where a source that was alive all the while had seen it
// send before; what was ended by hand is watched for a month.
const (
	handGrace  = time.Minute
	handQuiet  = 24 * time.Hour
	handWatch  = 31 * 24 * time.Hour
	handRecent = 7 * 24 * time.Hour
	// sentKept is how far back single records are kept.
	sentKept = 13 * 24 * time.Hour
	// lookApart is how soon a block is looked at again because what was seen is still so.
	lookApart = time.Hour
)

// WatchEnded compares what has ended with what every source sees since, and moves
// the third axis of what was ended by hand. What a connection ended is looked at
// again by the runner, which asks for this testimony. Serve does it each minute.
func (e *Core) WatchEnded(ctx context.Context) error {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	newest, err := e.enforcing(ctx)
	if err != nil {
		return err
	}
	news := e.sent.take()
	for _, c := range cs {
		a, ok := newest[c.ID]
		if c.Decided.Live() || !ok || a.Finished.IsZero() {
			continue
		}
		var later bool
		switch {
		case a.Kind == consent.ActGuide:
			err = e.watchByHand(ctx, c, a)
		case (a.Kind == consent.ActBlock || a.Kind == consent.ActRevoke) && a.State == consent.Done:
			if since, some := news.since(e.canonical(c.Device)); some {
				later, err = e.watchDone(ctx, a, since)
			}
		}
		if err != nil || later {
			e.sent.back(news)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enforcing is the newest action of each permission that is about ending it.
func (e *Core) enforcing(ctx context.Context) (map[consent.ID]consent.Action, error) {
	all, err := e.Store.Actions(ctx)
	if err != nil {
		return nil, err
	}
	out := map[consent.ID]consent.Action{}
	for _, a := range all { // newest first
		_, known := out[a.Consent]
		if _, ends := consent.Enforcing([]consent.Action{a}); ends && !known && a.Consent != "" {
			out[a.Consent] = a
		}
	}
	return out, nil
}

// watchDone has a done action looked at again when somebody beside its own
// connection saw it go on, in what arrived of the time after since. later says
// that a source that saw something cannot be judged yet.
func (e *Core) watchDone(ctx context.Context, a consent.Action, since time.Time) (later bool, err error) {
	if e.LookAgain == nil {
		return false, nil
	}
	t, later, err := e.testify(ctx, a, since)
	if err != nil || t.Seen != consent.Flowing && t.Seen != consent.CannotTell {
		return later, err
	}
	if n := len(a.Evidence); n > 0 && a.Evidence[n-1].Seen == t.Seen && e.Now().Sub(a.Evidence[n-1].At) < lookApart {
		return later, nil // it is written down already
	}
	return later, e.LookAgain(ctx, a.ID)
}

// watchByHand judges what the person said was ended.
func (e *Core) watchByHand(ctx context.Context, c consent.Consent, a consent.Action) error {
	now := e.Now()
	if now.Sub(a.Finished) >= handWatch || a.State != consent.Done && a.State != consent.NeedsPerson {
		return nil
	}
	t, _, err := e.testify(ctx, a, time.Time{})
	if err != nil {
		return err
	}
	open := c.Seen == consent.NotChecked || c.Seen == consent.CannotTell
	switch {
	case t.Seen == consent.Flowing:
		if c.Seen == consent.Flowing && !t.At.After(c.SeenAt) {
			return nil
		}
		return e.sendsStill(ctx, c, a, t)
	case t.Seen == consent.Stopped && (open || c.Seen == consent.Flowing):
		if a.State == consent.NeedsPerson { // it was asked for again, and has stopped
			a.State, a.Error, a.Reason = consent.Done, "", ""
		}
		return e.seen(ctx, c, a, consent.Stopped, now, t, words.Later("%s has sent nothing to %s for a day, since it was ended by hand."))
	case t.Seen == consent.CannotTell && (c.Seen == consent.NotChecked || c.Seen == consent.Stopped):
		return e.seen(ctx, c, a, consent.CannotTell, now, t, words.Later("%s is said to send to %s still, by a source that is no proof."))
	case c.Seen == consent.NotChecked && now.Sub(a.Finished) >= handQuiet:
		t.Source, t.Text = discovery.SourceSelf, words.Text("Nobody watched it without a break for a day.")
		return e.seen(ctx, c, a, consent.CannotTell, now, t, words.Later("%s cannot be seen well enough to tell whether it still sends to %s."))
	}
	return nil
}

// sendsStill says that what was ended by hand is still sent, and asks for it again.
// What is said already is only brought up to date.
func (e *Core) sendsStill(ctx context.Context, c consent.Consent, a consent.Action, t consent.Testimony) error {
	if c.Seen == consent.Flowing && a.State == consent.NeedsPerson {
		return e.Store.SetSeen(ctx, c.ID, consent.Flowing, t.At, t.Source)
	}
	text := words.Later("%s still sends to %s, after it was ended by hand.")
	if c.Seen == consent.Stopped {
		text = words.Later("%s had stopped, but sends to %s again, after it was ended by hand.")
	}
	a.State, a.Error = consent.NeedsPerson, consent.KindNeedsPerson
	a.Reason = words.Sprintf("It still sends to %s, though it was said to be ended. Go through the steps once more, then say here that it is done.", c.Recipient.Name)
	return e.seen(ctx, c, a, consent.Flowing, t.At, t, text)
}

// seen moves the third axis, with the proof beside the action; a change of it is
// told in the diary.
func (e *Core) seen(ctx context.Context, c consent.Consent, a consent.Action, s consent.Seen, at time.Time, t consent.Testimony, text string) error {
	var notes []ledger.Note
	if c.Seen != s {
		kind := consent.NoteVerified
		if c.Seen == consent.Stopped && s == consent.Flowing {
			kind = consent.NoteRelapse
		}
		n := e.note(kind, c, words.Sprintf(text, e.deviceName(c.Device), c.Recipient.Name)+" "+t.Text)
		n.Action = string(a.ID)
		notes = append(notes, n)
	}
	a.Evidence = append(a.Evidence[:len(a.Evidence):len(a.Evidence)], consent.Evidence{At: e.Now(), Level: a.Level, Seen: s, Source: t.Source, Text: t.Text})
	if n := len(a.Evidence); n > handProofs {
		a.Evidence = append(a.Evidence[:1:1], a.Evidence[n-handProofs+1:]...)
	}
	if err := e.Store.SaveAction(ctx, a, notes...); err != nil {
		return err
	}
	if err := e.Store.SetSeen(ctx, c.ID, s, at, t.Source); err != nil {
		return err
	}
	e.changed(changes.Actions, changes.Consents, changes.Diary)
	return nil
}

// handProofs bounds what is kept of one action: the first and the newest.
const handProofs = 24
