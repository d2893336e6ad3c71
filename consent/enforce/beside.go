package enforce

import (
	"context"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// outlook is what is seen, by whom, in a sentence, when all are heard.
type outlook struct {
	seen   consent.Seen
	source discovery.Source
	text   string
	others bool // it rests on what others saw
}

// beside weighs what the acting connection says of what is seen with what others
// saw. What one of them saw going on goes on, whoever refuses what. And who does
// not see what is sent never tells alone that it stopped: a refused name says
// nothing of what goes by address (T40).
func (t *task) beside(ctx context.Context, seen consent.Seen, text string) (outlook, error) {
	o := outlook{seen: seen, source: source(t.a.Connection), text: sentence(text)}
	if t.handedOver() {
		return o, nil
	}
	w, err := t.r.c.Beside(ctx, t.a)
	if err != nil {
		return o, words.Errorf("asking what others saw: %w", err)
	}
	add := func(more string) { o.text = sentence(trimmed(o.text) + " " + more) }
	switch {
	case w.Seen == consent.Flowing && seen != consent.Flowing:
		o.seen, o.source, o.others = consent.Flowing, w.Source, true
		add(w.Text)
	case seen == consent.Flowing:
	case w.Seen == consent.CannotTell:
		o.seen, o.source, o.others = consent.CannotTell, w.Source, true
		add(w.Text)
	case seen == consent.Stopped && w.Blind && t.a.Kind == consent.ActBlock && w.Seen != consent.Stopped:
		o.seen = consent.CannotTell
		add(w.Why)
	case w.Seen == consent.Stopped && w.Blind && t.a.Kind == consent.ActBlock && t.a.Level != consent.NoLevel:
		o.seen, o.source, o.others = consent.Stopped, w.Source, true
		add(w.Text)
	}
	return o, nil
}

// trimmed ends a sentence with a full stop, so that another can follow.
func trimmed(s string) string {
	if s == "" || s[len(s)-1] == '.' {
		return s
	}
	return s + "."
}

// relapsed reports what is to be ended again: a flow that is back after it had
// stopped, or one that goes past the connection that was to end it where another
// would be chosen now. It is done once a day where others saw it, since the same
// block may not help.
func (t *task) relapsed(ctx context.Context, o outlook) (bool, error) {
	if o.seen != consent.Flowing || t.handedOver() || !t.hadStopped() && !t.better(ctx, o) {
		return false, nil
	}
	all, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
	if err != nil {
		return false, words.Errorf("reading earlier actions: %w", err)
	}
	n := 0
	for _, x := range all {
		if x.Origin == consent.FromRelapse && t.now().Sub(x.Created) < 24*time.Hour {
			n++
		}
	}
	return n == 0 || !o.others && n < maxAgain, nil
}

// better reports whether another connection than the one that others saw passed
// by would be chosen now.
func (t *task) better(ctx context.Context, o outlook) bool {
	if !o.others || t.a.Kind != consent.ActBlock {
		return false
	}
	name, err := t.r.choose(ctx, t.a, nil)
	return err == nil && name != t.a.Connection
}
