package engine

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// The rhythm of watching: what happens today is looked at often, which costs the
// rows of one day; what a device usually does is read anew a few times a day,
// one device after the other.
const (
	behaviourFirst = time.Minute // the start belongs to the window
	behaviourEvery = 15 * time.Minute
	learnEvery     = 6 * time.Hour
	// judgedAgain is how many days are judged again when what is usual is read: a
	// source that was away tells late.
	judgedAgain = 3
	// rowsMax bounds what is looked at of one device and day.
	rowsMax = 20_000
)

// watching is what is known of the behaviour of devices. It is made anew from
// what is stored and never written.
type watching struct {
	mu      sync.Mutex // guards learned
	learned map[discovery.DeviceID]usual
}

// usual is what one device usually does.
type usual struct {
	read    time.Time // when it was read
	today   behaviour.Date
	history behaviour.History // before today
	first   time.Time         // oldest hour that was read
	names   []NameServer      // that it asks by itself
}

// ServeBehaviour watches how devices behave until ctx ends.
func (e *Core) ServeBehaviour(ctx context.Context) error {
	next := time.NewTimer(behaviourFirst)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		e.warn(ctx, "watching how devices behave", e.WatchBehaviour(ctx))
		next.Reset(behaviourEvery)
	}
}

// WatchBehaviour looks once at all devices: is something out of the ordinary, is
// the usual week of one complete, which name servers are asked? It asks and
// decides nothing.
func (e *Core) WatchBehaviour(ctx context.Context) error {
	var faults []error
	var met []meeting
	for _, d := range e.Inventory.Devices() {
		if d.Role != discovery.RoleOrdinary || ctx.Err() != nil {
			continue
		}
		found, err := e.watchDevice(ctx, d)
		faults = append(faults, err)
		for _, f := range found {
			met = append(met, meeting{d.ID, f})
		}
	}
	return errors.Join(append(faults, e.meet(ctx, met))...)
}

// watchDevice judges one device's day; where what is usual was not read lately,
// the last days too.
func (e *Core) watchDevice(ctx context.Context, d discovery.Device) ([]behaviour.Finding, error) {
	now := e.Now()
	_, loc := e.Zone()
	was, known := e.watching.of(d.ID)
	if !known || was.today != behaviour.DateOf(now.In(loc)) || now.Sub(was.read) >= learnEvery || len(was.history.Days) == 0 { // nothing is soon read again
		u, found, err := e.learn(ctx, d)
		if err != nil {
			return nil, err
		}
		return found, e.settleWeek(ctx, d, u.first)
	}
	var rows []behaviour.Row
	err := e.eachRow(ctx, d, startOf(now.In(loc)), func(r behaviour.Row) {
		if behaviour.DateOf(r.Hour.In(loc)) == was.today && len(rows) < rowsMax {
			rows = append(rows, r)
		}
	})
	return behaviour.Usual().Judge(was.history, rows, subject(d), loc), err
}

// learn reads what a device did in the last weeks, keeps what is usual, and
// judges the last days against it.
func (e *Core) learn(ctx context.Context, d discovery.Device) (usual, []behaviour.Finding, error) {
	now := e.Now()
	_, loc := e.Zone()
	u := usual{read: now, today: behaviour.DateOf(now.In(loc))}
	learner, asked := behaviour.NewLearner(loc), newAsked(e.ourNames())
	days := map[behaviour.Date][]behaviour.Row{}
	for n := range judgedAgain + 1 {
		days[u.today.Add(-n)] = nil
	}
	err := e.eachRow(ctx, d, startOf(now.In(loc).AddDate(0, 0, -behaviour.HistoryDays-judgedAgain)), func(r behaviour.Row) {
		learner.Add(r)
		asked.add(r)
		if u.first.IsZero() || r.Hour.Before(u.first) {
			u.first = r.Hour
		}
		date := behaviour.DateOf(r.Hour.In(loc))
		if rows, wanted := days[date]; wanted && len(rows) < rowsMax {
			days[date] = append(rows, r)
		}
	})
	if err != nil {
		return usual{}, nil, err
	}
	u.names = asked.list()
	var found []behaviour.Finding
	for n := judgedAgain; n >= 0; n-- {
		date := u.today.Add(-n)
		u.history = learner.History(date)
		found = append(found, behaviour.Usual().Judge(u.history, days[date], subject(d), loc)...)
	}
	e.watching.keep(d.ID, u)
	return u, found, nil
}

func (w *watching) of(id discovery.DeviceID) (usual, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := w.learned[id]
	return u, ok
}

func (w *watching) keep(id discovery.DeviceID, u usual) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.learned == nil {
		w.learned = map[discovery.DeviceID]usual{}
	}
	w.learned[id] = u
}

// forget drops what was read of a device, or with "" of all; the next look reads
// what is still stored.
func (w *watching) forget(id discovery.DeviceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if delete(w.learned, id); id == "" {
		clear(w.learned)
	}
}

// subject is what is known of a device beside its traffic.
func subject(d discovery.Device) behaviour.Subject {
	return behaviour.Subject{
		Coarse: d.Guess.Kind.Personal(),
		Stores: d.Guess.Kind == discovery.KindStorage || d.Guess.Kind == discovery.KindServer,
	}
}

// startOf is the first moment of the day of t, or an hour of the day before
// where a zone has no such moment.
func startOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// eachRow gives the hourly sums of a device with who is behind them.
func (e *Core) eachRow(ctx context.Context, d discovery.Device, since time.Time, fn func(behaviour.Row)) error {
	known := map[flow.Destination]behaviour.Row{}
	return e.Store.EachHour(ctx, flow.Query{Device: d.ID, Since: since}, func(h flow.HourRow) error {
		who, ok := known[h.Destination]
		if !ok {
			who = e.behind(h.Destination)
			if len(known) < rowsMax {
				known[h.Destination] = who
			}
		}
		who.HourRow = h
		fn(who)
		return ctx.Err()
	})
}

// behind is who receives at d: by what it is known again, and what to call it.
func (e *Core) behind(d flow.Destination) behaviour.Row { return rowOf(e.receiver(d, "", 0), d) }

func rowOf(who Receiver, d flow.Destination) behaviour.Row {
	r := behaviour.Row{Name: cmp.Or(who.Company, d.String()), Home: recipient.Purpose(who.Purpose) == recipient.Home || atHome(d.Address)}
	r.Who = recipientKey(who, d)
	return r
}

// recipientKey is by what a recipient is known again: addresses come and go;
// whose network it is stays.
func recipientKey(who Receiver, d flow.Destination) string {
	switch {
	case who.Company != "":
		return who.Company
	case d.Domain != "" || !d.Address.IsValid():
		return d.Domain
	case who.Network != "":
		return "network " + who.Network
	}
	a, bits := d.Address.Unmap(), 48
	if a.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a.WithZone(""), bits).Masked().String()
}

// atHome reports whether an address is one of a home network.
func atHome(a netip.Addr) bool {
	return a.IsValid() && (a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsLoopback() || a.Unmap().IsPrivate())
}
