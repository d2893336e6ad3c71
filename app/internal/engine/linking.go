package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Linking connects what gives its secret itself, once the person has said yes on
// its own page.
type Linking interface {
	// StartLink checks, and says where that page is. WaitLink or CancelLink must follow.
	StartLink(ctx context.Context, r ConnectRequest) (LinkInfo, error)
	// WaitLink returns once the person has answered there: connected, or with an
	// error that says why not. Nothing is kept then.
	WaitLink(ctx context.Context, id string) (ConnectionInfo, error)
	// CancelLink gives it up. One that is over already is no fault.
	CancelLink(ctx context.Context, id string) error
}

// LinkInfo is where the person says yes.
type LinkInfo struct {
	ID string `json:"id"`
	connectors.LinkPage
}

const (
	// mostLinks is how many pages may wait for a yes at once; the oldest is given up first.
	mostLinks = 4
	// giveBackTime bounds how long a provider is asked to forget what nobody kept.
	giveBackTime = 10 * time.Second
)

// links are the pages that wait for a yes.
type links struct {
	mu  sync.Mutex // guards all
	all []*pending // the oldest first
}

// pending is one page that waits.
type pending struct {
	id   string
	spec connectors.Spec
	conn connectors.Connection
	link connectors.Link
	busy bool // somebody waits for it
}

// add takes p in and answers those that are too many, or too late.
func (l *links) add(p *pending, now time.Time) (over []*pending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var stay []*pending
	for i, x := range l.all {
		if !x.busy && now.After(x.link.Page().Until) || len(l.all)-i >= mostLinks {
			over = append(over, x)
		} else {
			stay = append(stay, x)
		}
	}
	l.all = append(stay, p)
	return over
}

// wait marks a page as waited for; false when there is none, or somebody waits already.
func (l *links) wait(id string) (*pending, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.all {
		if x.id == id && !x.busy {
			x.busy = true
			return x, true
		}
	}
	return nil, false
}

// take takes those out that fits names. Whoever waits for one cleans up after it.
func (l *links) take(fits func(*pending) bool) (out []*pending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var stay []*pending
	for _, x := range l.all {
		if fits(x) {
			out = append(out, x)
		} else {
			stay = append(stay, x)
		}
	}
	l.all = stay
	return out
}

// StartLink implements Linking.
func (e *Core) StartLink(ctx context.Context, r ConnectRequest) (LinkInfo, error) {
	spec, c, err := e.draft(ctx, r)
	if err != nil {
		return LinkInfo{}, err
	}
	if !spec.Links || e.Link == nil {
		return LinkInfo{}, words.Errorf("%s has no page of its own to say yes on", spec.Name)
	}
	l, err := e.beginLink(ctx, spec, c, r.Secrets)
	if err != nil {
		return LinkInfo{}, errors.Join(err, e.dropSecrets(ctx, c))
	}
	p := &pending{id: e.NewID("l"), spec: spec, conn: c, link: l}
	e.giveUp(ctx, e.links.add(p, e.Now()))
	return LinkInfo{ID: p.id, LinkPage: l.Page()}, nil
}

func (e *Core) beginLink(ctx context.Context, spec connectors.Spec, c connectors.Connection, secrets map[string]string) (connectors.Link, error) {
	if err := e.sealAs(ctx, c, "", secrets); err != nil {
		return nil, err
	}
	if err := spec.Check(c.Settings); err != nil {
		return nil, err
	}
	return e.Link(ctx, c)
}

// WaitLink implements Linking.
func (e *Core) WaitLink(ctx context.Context, id string) (ConnectionInfo, error) {
	p, ok := e.links.wait(id)
	if !ok {
		return ConnectionInfo{}, words.New("nobody waits for that page any more; connect again")
	}
	defer func() {
		e.links.take(func(x *pending) bool { return x == p })
		_ = p.link.Close()
	}()
	got, err := p.link.Wait(ctx)
	if err != nil {
		return ConnectionInfo{}, errors.Join(plainly(err), e.dropSecrets(ctx, p.conn))
	}
	if err := e.keepLinked(ctx, p, got); err != nil {
		return ConnectionInfo{}, errors.Join(err, e.giveBack(ctx, got), e.dropSecrets(ctx, p.conn))
	}
	return e.settle(ctx, p.conn)
}

// keepLinked seals what the peer gave, tries it and saves the connection.
func (e *Core) keepLinked(ctx context.Context, p *pending, got connectors.Linked) error {
	for key, v := range got.Secrets {
		ref, err := e.PutSecret(ctx, p.conn.ID+"/"+key, v)
		if err != nil {
			return err
		}
		p.conn.Settings.Secrets[key] = ref
	}
	return e.tryAndSave(ctx, p.spec, p.conn, words.Sprintf("Connected %s.", p.conn.Name))
}

// giveBack has the peer forget what nobody kept.
func (e *Core) giveBack(ctx context.Context, got connectors.Linked) error {
	if got.Drop == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	if err := got.Drop(ctx); err != nil {
		return words.New("what you said yes to could not be given back; end it on the provider's own page")
	}
	return nil
}

// CancelLink implements Linking.
func (e *Core) CancelLink(ctx context.Context, id string) error {
	e.giveUp(ctx, e.links.take(func(x *pending) bool { return x.id == id }))
	return nil
}

// giveUp closes pages; whoever waits for one forgets its secrets.
func (e *Core) giveUp(ctx context.Context, over []*pending) {
	for _, p := range over {
		_ = p.link.Close()
		if !p.busy {
			e.warn(ctx, "forgetting what was typed", e.dropSecrets(ctx, p.conn))
		}
	}
}

// plainly is the sentence of a connector's error; its cause is for the log.
func plainly(err error) error {
	var said *connectors.Error
	if errors.As(err, &said) && said.Kind != consent.KindTransient {
		return words.New(said.Text)
	}
	return err
}
