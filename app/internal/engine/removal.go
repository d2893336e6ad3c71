package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Removals is how a connection is given up knowingly: forgetting it here ends
// nothing that its peer gave to us.
type Removals interface {
	// PreviewRemove says what removing a connection means, and what stays at its peer.
	PreviewRemove(ctx context.Context, id string) (RemovalInfo, error)
	// EndAndRemove ends, at the peer, the access that was given to us, tries it
	// there, and removes the connection once that was refused; it answers with a
	// sentence about how that went. Where it fails the connection stays.
	EndAndRemove(ctx context.Context, id, how string) (string, error)
}

// RemovalInfo is what removing a connection means. All texts are sentences.
type RemovalInfo struct {
	Connection string   `json:"connection"`
	Name       string   `json:"name"`
	Lines      []string `json:"lines"`           // what happens here
	Stays      string   `json:"stays,omitempty"` // what stays at the peer; empty where nothing does
	Steps      []string `json:"steps,omitempty"` // how a person takes that away there
	Page       string   `json:"page,omitempty"`
	// Ends says that the access can be ended from here now; EndLines what that
	// means. Otherwise CannotEnd says why not, where there is something to end.
	Ends      bool     `json:"ends,omitempty"`
	EndLines  []string `json:"end_lines,omitempty"`
	CannotEnd string   `json:"cannot_end,omitempty"`
	Rests     []string `json:"rests,omitempty"` // live permissions that go by that access
	// Silent says that it does not answer, so that it can only be abandoned;
	// Standing is what may stay in force there then.
	Silent   bool     `json:"silent,omitempty"`
	Standing []string `json:"standing,omitempty"`
}

// resignDeadline bounds the ending of our own access, and the try afterwards.
const resignDeadline = time.Minute

// PreviewRemove implements Removals.
func (e *Core) PreviewRemove(ctx context.Context, id string) (RemovalInfo, error) {
	c, err := e.connection(ctx, id)
	if err != nil {
		return RemovalInfo{}, err
	}
	out := RemovalInfo{Connection: c.ID, Name: clean(c.Name), Lines: []string{words.Text("It is asked nothing any more, and what was kept of it here is deleted, the password or key too.")}}
	caps, open := e.Sessions.Capabilities(c.ID)
	if caps.Holder != nil {
		out.Lines = append(out.Lines, words.Text("What it holds for you is lifted first: what it blocks can send again, and dates that it keeps are no longer kept by it."))
	}
	e.whatStays(&out, c)
	if !open && !e.setsNothing(c.Kind) {
		out.Silent = true
		out.Standing, err = e.standingAt(ctx, c.ID)
		return out, err
	}
	g, works, err := e.givenTo(ctx, c)
	switch {
	case connectors.KindOf(err) == consent.KindUnsupported && err != nil: // its kind ends nothing
		return out, nil
	case err != nil:
		if out.Stays != "" {
			out.CannotEnd = words.Sprintf("%s does not answer now, so nothing can be ended there from here.", out.Name)
		}
		return out, nil
	case !works:
		out.Stays, out.Steps, out.Page = "", nil, ""
		out.Lines = append(out.Lines, words.Text("The access that it gave has ended already; nothing stays valid there."))
		return out, nil
	}
	rests, err := e.restingOn(ctx, c, g)
	if err != nil {
		return out, err
	}
	for _, x := range rests {
		out.Rests = append(out.Rests, e.deviceName(x.Device)+" → "+x.Recipient.Name)
	}
	if d, known := e.Inventory.Device(g.Device); known {
		why, err := e.mayBlock(ctx, d, consent.FromPerson, true)
		if err != nil {
			return out, err
		}
		if why != nil {
			out.CannotEnd = why.Error()
			return out, nil
		}
	}
	out.Ends = true
	out.EndLines = append([]string{words.Sprintf("%s is told to end the access %q for good, and it is tried afterwards: only when that is refused, the connection is removed.", out.Name, clean(g.Name))}, endsAlso(g.EndsAlso)...)
	return out, nil
}

// whatStays says what the peer of c keeps: by its kind, and by the guide of
// whom it stands for.
func (e *Core) whatStays(out *RemovalInfo, c connectors.Connection) {
	kind, known := e.Registry.Get(c.Kind)
	if !known {
		return
	}
	s := connectors.StaysAt(kind, c.Settings)
	out.Stays, out.Steps, out.Page = string(discovery.CleanLong(s.What)), s.Steps, s.Page
	if s.Of == "" || e.Guides == nil {
		return
	}
	if g, ok := e.Guides([]string{s.Of}, discovery.Device{}); ok {
		out.Steps = append([]string{g.Where}, g.Steps...)
		if out.Page == "" {
			out.Page = g.Page
		}
	}
}

// givenTo is the access that was given to us. KindUnsupported: there is none
// that could be ended from here.
func (e *Core) givenTo(ctx context.Context, c connectors.Connection) (g consent.Grant, works bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, coverageDeadline)
	defer cancel()
	err = e.Sessions.Use(ctx, c.ID, func(_ context.Context, caps connectors.Capabilities) error {
		if caps.Resigner == nil {
			return connectors.Unsupported(words.Text("There is no access that could be ended from here."), nil)
		}
		g, works = caps.Resigner.Given()
		return nil
	})
	return g, works, err
}

// restingOn are the live permissions that go by an access.
func (e *Core) restingOn(ctx context.Context, c connectors.Connection, g consent.Grant) ([]consent.Consent, error) {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(cs, func(x consent.Consent) bool { return !x.Decided.Live() || !e.restsOn(x, g, c) }), nil
}

// EndAndRemove implements Removals.
func (e *Core) EndAndRemove(ctx context.Context, id, how string) (string, error) {
	p, err := e.PreviewRemove(ctx, id)
	if err != nil {
		return "", err
	}
	if !p.Ends {
		return "", errors.New(strings.TrimSpace(words.Sprintf("Nothing can be ended at %s from here, so it was not removed; only forgetting it here is possible. %s", p.Name, p.CannotEnd)))
	}
	c, err := e.connection(ctx, id)
	if err != nil {
		return "", err
	}
	g, _, err := e.givenTo(ctx, c)
	if err != nil {
		return "", err
	}
	rests, err := e.restingOn(ctx, c, g)
	if err != nil {
		return "", err
	}
	lifted, _, err := e.putBack(ctx, c)
	if err != nil {
		return "", err
	}
	text := words.Sprintf("%s asked to end our access at %s and to remove the connection (%s).", e.who(), c.Name, way(how))
	if err := e.Store.Note(ctx, ledger.Note{Time: e.Now(), Kind: consent.NoteAction, Text: text}); err != nil {
		return "", err
	}
	said, err := e.resign(ctx, c)
	if err != nil {
		return "", errors.Join(err, e.holdAgain(ctx, c, lifted))
	}
	for _, x := range rests {
		if err := e.endRevoked(ctx, x, g, c, true); err != nil && !errors.Is(err, consent.ErrChanged) {
			return "", err
		}
	}
	return said, e.forgetConnection(ctx, c, words.Sprintf("Removed the connection %s; %d things it held were lifted. Before that: %s", c.Name, lifted, said))
}

// resign ends our access at c and answers with what that showed. A failure is
// written down too.
func (e *Core) resign(ctx context.Context, c connectors.Connection) (string, error) {
	ending, cancel := context.WithTimeout(ctx, resignDeadline)
	defer cancel()
	var r connectors.Receipt
	err := e.Sessions.Use(ending, c.ID, func(ctx context.Context, caps connectors.Capabilities) (err error) {
		if caps.Resigner == nil {
			return connectors.Unsupported(words.Text("There is no access that could be ended from here."), nil)
		}
		r, err = caps.Resigner.Resign(ctx)
		return err
	})
	if err == nil {
		return string(discovery.CleanLong(r.Text)), nil
	}
	e.Log.Info("our own access could not be ended", "connection", c.ID, "error", err)
	var said *connectors.Error
	if errors.As(err, &said) { // the cause is for the log
		err = words.New(said.Text)
	}
	err = words.Errorf("%s stays connected, because our access there could not be ended: %w", c.Name, err)
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteAction, Text: capital(err.Error())}
	return "", errors.Join(err, e.Store.Note(context.WithoutCancel(ctx), n))
}

// RemoveConnection lifts what the connection holds, then forgets it. If lifting
// fails, nothing is forgotten, so that nothing stays blocked invisibly.
func (e *Core) RemoveConnection(ctx context.Context, id string) error {
	c, err := e.connection(ctx, id)
	if err != nil {
		return err
	}
	lifted, answered, err := e.putBack(ctx, c)
	if err != nil {
		return err
	}
	text := words.Sprintf("Removed the connection %s; %d things it held were lifted.", c.Name, lifted)
	if !answered {
		text = words.Sprintf("Removed the connection %s, which did not answer; it never set anything there.", c.Name)
	}
	if kind, known := e.Registry.Get(c.Kind); known {
		if what := connectors.StaysAt(kind, c.Settings).What; what != "" {
			text += " " + words.Sprintf("It was only forgotten here. %s", string(discovery.CleanLong(what)))
		}
	}
	return e.forgetConnection(ctx, c, text)
}

// putBack lifts what c holds, and puts back what it changed beyond that
// (settings, files). One that is not open may go only where its kind never sets
// anything; answered is false then.
func (e *Core) putBack(ctx context.Context, c connectors.Connection) (lifted int, answered bool, err error) {
	if _, open := e.Sessions.Capabilities(c.ID); !open && e.setsNothing(c.Kind) {
		return 0, false, nil
	}
	if lifted, err = e.Lift(ctx, c.ID, ""); err != nil {
		err = words.Errorf("%s was not removed, because what it holds could not be lifted: %w", c.Name, err)
		return lifted, true, errors.Join(err, e.holdAgain(ctx, c, lifted))
	}
	err = e.Sessions.Use(ctx, c.ID, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.Leaver == nil {
			return nil
		}
		return caps.Leaver.Leave(ctx)
	})
	if err != nil {
		err = words.Errorf("%s was not removed, because what was set there could not be put back: %w", c.Name, err)
		return lifted, true, errors.Join(err, e.holdAgain(ctx, c, lifted))
	}
	return lifted, true, nil
}

// holdAgain has all that c, which stays, should hold looked at now: what was lifted
// before the removal failed is found missing, and set again. What has ended would
// else go on unseen.
func (e *Core) holdAgain(ctx context.Context, c connectors.Connection, lifted int) error {
	if lifted == 0 || e.LookAgain == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	all, err := e.Store.Actions(ctx)
	if err != nil {
		return words.Errorf("reading what it held: %w", err)
	}
	for _, a := range all {
		if a.Connection == c.ID && a.State == consent.Done && (a.Kind == consent.ActBlock || a.Kind == consent.ActHandOver) {
			err = errors.Join(err, e.LookAgain(ctx, a.ID))
		}
	}
	return err
}

func (e *Core) setsNothing(kind string) bool {
	k, known := e.Registry.Get(kind)
	return known && k.Spec().SetsNothing
}

// forgetConnection deletes what is kept of c, its secrets too.
func (e *Core) forgetConnection(ctx context.Context, c connectors.Connection, text string) error {
	if err := e.Store.DeleteConnection(ctx, c.ID, ledger.Note{Time: e.Now(), Kind: consent.NoteDisconnected, Text: text}); err != nil {
		return err
	}
	e.changed(changes.Connections, changes.Diary)
	return e.Sessions.Reload(ctx)
}
