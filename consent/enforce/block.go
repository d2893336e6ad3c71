package enforce

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// block carries out ActBlock and ActHandOver.
func (t *task) block(ctx context.Context) error {
	d, known, err := t.r.c.Store.Device(ctx, t.a.Device)
	if err != nil {
		return words.Errorf("reading a device: %w", err)
	}
	if !known {
		return t.person(ctx, consent.KindNeedsPerson, words.Text("The device is no longer known; find it again or end the permission by hand."))
	}
	why, err := t.unsafe(ctx, d)
	if err != nil {
		return err
	}
	if why != "" {
		if t.a.Kind == consent.ActHandOver {
			return t.close(ctx, consent.Cancelled, words.Sprintf("It is not cut off by the clock: %s", why))
		}
		return t.person(ctx, consent.KindNeedsPerson, words.Sprintf("It was not cut off: %s", why))
	}
	if _, err := t.r.choose(ctx, t.a, t.not); t.name == "" && err != nil {
		t.a.Attempt++
		return t.failed(ctx, err)
	}
	if t.name == "" { // something opened since the lane was chosen
		return tryElsewhere{}
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	req := connectors.BlockRequest{Mark: t.a.Mark, Target: t.target(ctx, d)}
	if t.a.Kind == consent.ActHandOver {
		req.From = t.a.From
	}
	rec, err := call(ctx, t, t.name, func(ctx context.Context, c connectors.Capabilities) (connectors.Receipt, error) {
		return t.blockAt(ctx, c, req)
	})
	if err != nil {
		return t.failed(ctx, err)
	}
	rec.Mark = t.a.Mark // ours, whatever came back
	if another(rec.Target, req.Target) {
		return t.wrongDevice(ctx, rec)
	}
	err = t.done(ctx, rec, t.blockedText(d))
	if errors.Is(err, consent.ErrChanged) {
		return t.compensate(ctx, rec)
	}
	if err != nil {
		return err
	}
	return t.look(ctx)
}

// blockAt has one connection do it, in the grain that it has.
func (t *task) blockAt(ctx context.Context, c connectors.Capabilities, req connectors.BlockRequest) (connectors.Receipt, error) {
	if c.Blocker == nil {
		return connectors.Receipt{}, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("It can no longer block.")}
	}
	if c.Traits.HoldsEnd { // else it is lifted by consent.PauseOver alone
		req.Until = t.a.Until
	}
	if c.Traits.Grain != connectors.GrainAccount {
		return c.Blocker.Block(ctx, req)
	}
	acc, err := account(ctx, c, req.Target) // whose it is may have changed since the lane was chosen
	if err != nil {
		return connectors.Receipt{}, err
	}
	if len(acc.Shares) > 0 && !t.a.Coarse {
		return connectors.Receipt{}, &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("Other devices send through the same account and would stop too.")}
	}
	req.Target.Account = acc.Name
	return c.Blocker.Block(ctx, req)
}

// unsafe asks the safety list, and whether the device is still the one that
// was meant (T38); "" is safe. While the store cannot say, nothing is cut.
func (t *task) unsafe(ctx context.Context, d discovery.Device) (string, error) {
	if err := consent.CanBlock(d, t.a.Origin, t.a.Confirmed); err != nil {
		return err.Error() + ".", nil
	}
	if t.a.Consent == "" {
		return "", nil
	}
	c, err := t.r.c.Store.Consent(ctx, t.a.Consent)
	if err != nil {
		return "", words.Errorf("reading by what the device was known: %w", err)
	}
	if !c.Knows(d) {
		return words.Text("nothing by which the device was known when the permission was given is seen of it any more; it may be another device."), nil
	}
	return "", nil
}

func (t *task) target(ctx context.Context, d discovery.Device) connectors.Target {
	out := connectors.TargetOf(d, t.a.Recipient)
	out.Resolved = t.r.c.Resolve(ctx, d.ID, t.a.Recipient)
	return out
}

// compensate lifts what was just set for an action that was cancelled while it
// ran, unless what was decided since asks for a block all the same (T45).
func (t *task) compensate(ctx context.Context, rec connectors.Receipt) error {
	why, err := t.needless(ctx)
	if err != nil || why == "" {
		return err // still ended: the newer action takes the mark over
	}
	all, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
	if err != nil {
		return words.Errorf("reading newer actions: %w", err)
	}
	for _, x := range all {
		if x.ID == t.a.ID {
			break
		}
		if x.State.Open() { // it knows that something may be set, and where
			return nil
		}
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		raw = nil
	}
	fix := t.a
	fix.ID, fix.Kind, fix.Origin, fix.State, fix.Receipt = "", consent.ActUnblock, consent.FromCorrection, consent.Pending, raw
	fix.Evidence, fix.Attempt, fix.Level, fix.Fallback = nil, 0, consent.NoLevel, ""
	fix.From, fix.Until, fix.VerifyAt, fix.Finished = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	fix.Created, fix.DueAt = t.now(), t.now()
	return t.add(ctx, fix, t.note(consent.NoteAction, words.Text("The block had just been set when the decision was taken back; it is lifted again.")))
}

// unblock lifts what earlier actions of the same mark have set, wherever that was.
func (t *task) unblock(ctx context.Context) error {
	set, err := t.r.set(ctx, t.a)
	if err != nil {
		return err
	}
	if len(set) == 0 {
		return t.lifted(ctx, connectors.Receipt{Text: words.Text("Nothing was set.")}, "")
	}
	if t.name == "" {
		t.name = set[0].connection
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	last := connectors.Receipt{}
	for _, s := range set {
		other, err := t.needed(ctx, s)
		if err != nil {
			return err
		}
		if other != "" && !t.apart(s.connection) {
			last = connectors.Receipt{Level: consent.Accepted, Text: other}
			continue
		}
		last, err = t.lift(ctx, s)
		if err != nil {
			return t.failed(ctx, err)
		}
		last.Text = cmp.Or(other, last.Text)
	}
	return t.lifted(ctx, last, set[0].connection)
}

// needed says why a coarse block must stay: another ended permission of the
// device needs the very same one (T61). A peer that keeps its blocks apart by
// our marks is told to lift ours all the same: the other's keeps the device off,
// and ours would else stay for ever.
func (t *task) needed(ctx context.Context, s setting) (string, error) {
	if s.receipt.Grain == "" || s.receipt.Grain == connectors.GrainRecipient {
		return "", nil
	}
	others, err := t.r.c.Others(ctx, t.a.Device, t.a.Mark)
	if err != nil {
		return "", words.Errorf("reading other blocks: %w", err)
	}
	for _, o := range others {
		if o.Connection == s.connection && o.Mark != t.a.Mark {
			return words.Sprintf("The whole device stays blocked, because its permission for %s has ended too.", o.Recipient.Name), nil
		}
	}
	return "", nil
}

// apart reports whether a peer lists what it holds by our marks.
func (t *task) apart(connection string) bool {
	open, _ := t.r.c.Sessions.All()
	return open[connection].Holder != nil
}

// lift lifts one setting and looks whether it has gone.
func (t *task) lift(ctx context.Context, s setting) (connectors.Receipt, error) {
	return call(ctx, t, s.connection, func(ctx context.Context, c connectors.Capabilities) (connectors.Receipt, error) {
		none := connectors.Receipt{}
		if c.Blocker == nil {
			return none, &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("It can no longer lift what it set; lift it there by hand.")}
		}
		rec := s.receipt
		if !s.certain && c.Holder != nil { // an earlier run died between the call and the save
			held, err := c.Holder.Held(ctx)
			if err != nil {
				return none, err
			}
			if i := slices.IndexFunc(held, func(h connectors.Held) bool { return h.Mark == t.a.Mark }); i >= 0 {
				rec = held[i].Receipt
			}
		}
		rec.Mark = t.a.Mark
		out, err := c.Blocker.Unblock(ctx, rec)
		if err != nil || c.Holder == nil {
			return out, err
		}
		held, err := c.Holder.Held(ctx)
		if err != nil {
			return none, err
		}
		if slices.ContainsFunc(held, func(h connectors.Held) bool { return h.Mark == t.a.Mark }) {
			return none, &connectors.Error{Kind: consent.KindTransient, Text: words.Text("It said that the block was lifted, but still holds it.")}
		}
		out.Level = consent.Configured
		return out, nil
	})
}

func (t *task) lifted(ctx context.Context, rec connectors.Receipt, connection string) error {
	t.a.State, t.a.Level, t.a.Error, t.a.Finished = consent.Done, rec.Level, "", t.now()
	t.a.RetryAt, t.a.VerifyAt, t.a.Connection = time.Time{}, time.Time{}, connection
	t.a.Reason = sentence(rec.Text)
	return t.save(ctx, t.note(consent.NoteLifted, t.liftedText(connection)))
}

// setting is something that an earlier action has, or may have, set.
type setting struct {
	connection string
	receipt    connectors.Receipt
	certain    bool // its receipt was saved
}

// set lists what the actions of a's mark have set since the last lift, newest
// first, each connection once. A block handed over for a's own version has
// replaced what was there and stays.
func (r *Runner) set(ctx context.Context, a consent.Action) ([]setting, error) {
	all, err := r.c.Store.ByMark(ctx, a.Mark)
	if err != nil {
		return nil, words.Errorf("reading earlier actions: %w", err)
	}
	all = append([]consent.Action{a}, all...)
	done := map[string]bool{}
	var out []setting
	for i, x := range all {
		if x.Kind == consent.ActUnblock && x.ID != a.ID && x.State == consent.Done {
			break
		}
		mine := i == 0 && len(a.Receipt) > 0 // a correction brings its own
		sets := x.Kind == consent.ActBlock || x.Kind == consent.ActHandOver
		if (!mine && !sets) || x.Connection == "" || done[x.Connection] {
			continue
		}
		done[x.Connection] = true
		if x.Kind == consent.ActHandOver && x.State == consent.Done && x.Version == a.Version && (a.Origin == consent.FromRenewal || a.Origin == consent.FromDoubt) {
			continue
		}
		s := setting{connection: x.Connection, receipt: connectors.Receipt{Mark: a.Mark}}
		var rec connectors.Receipt
		if json.Unmarshal(x.Receipt, &rec) == nil && len(x.Receipt) > 0 {
			s.receipt, s.certain = rec, true
		}
		out = append(out, s)
	}
	return out, nil
}
