package engine

import (
	"context"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// quiet is how long sightings are gathered before they are written: a home
// announces itself in bursts, and one write per burst is enough.
const quiet = 100 * time.Millisecond

// Sight merges one sighting; the devices that it changed are written by
// FlushDevices. It is called by every source and never drops.
func (e *Core) Sight(s discovery.Sighting) {
	if len(e.Inventory.Observe(s)) > 0 {
		e.dirty.touch()
	}
}

// AddFlows resolves the devices of recs, writes them with the cursor that
// follows, and tells the listeners. It is the Observe side of a connection.
func (e *Core) AddFlows(ctx context.Context, connection string, recs []flow.Record, next connectors.Cursor) error {
	out := recs[:0]
	for _, r := range recs {
		if r.Device == "" || r.Device == flow.Somebody {
			r.Device = e.resolveLocal(r)
		}
		if r.Device != "" {
			out = append(out, r)
		}
	}
	e.heard.learn(out) // first: a question and what follows it may come together
	for i, r := range out {
		if fromConnection(r.Source) { // a capture tells its names itself, and of another time
			r.Destination = e.heard.complete(r.Device, r.Destination, r.First, r.Last)
		}
		r.Answers = nil
		out[i] = e.discreet(r)
	}
	if err := e.Store.AddFlows(ctx, connection, out, next); err != nil {
		return err
	}
	if len(out) > 0 {
		e.sent.add(out)
		e.lastSent.add(out)
		e.arrivals.batches.Add(1)
		e.changed(changes.Flows)
	}
	return nil
}

// discreet makes a record of what stands for a person as coarse as the household
// may see of each other: who receives how much on which day, no names of pages and
// no time of day. It happens on arrival, so that the finer row is never stored.
func (e *Core) discreet(r flow.Record) flow.Record {
	d, ok := e.Inventory.Device(r.Device)
	if ok && !d.Guess.Kind.Personal() {
		return r
	}
	r.Destination.Domain = e.companyDomain(r.Destination)
	_, loc := e.Zone()
	y, m, day := r.Last.In(loc).Date()
	r.Last = time.Date(y, m, day, 12, 0, 0, 0, loc).UTC() // noon exists on every day of every zone
	r.First = r.Last
	return r
}

// companyDomain is all that is kept of a host name: whose it is.
func (e *Core) companyDomain(d flow.Destination) string {
	if e.Coarse == nil || d.Domain == "" {
		return ""
	}
	return e.Coarse(d)
}

// resolveLocal finds the device of a record; one that no source has seen yet
// becomes a device by this sighting, if the record carries a hardware address.
func (e *Core) resolveLocal(r flow.Record) discovery.DeviceID {
	if r.Local.Somebody {
		return flow.Somebody
	}
	if id, ok := e.Inventory.Resolve(r.Local.MAC, r.Local.Address, r.Local.Remote); ok {
		return id
	}
	if r.Local.MAC == "" {
		return ""
	}
	s := discovery.Sighting{Source: r.Source, At: r.Last, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: r.Local.MAC}}}
	if r.Local.Address.IsValid() {
		s.Addresses = append(s.Addresses, r.Local.Address)
	}
	e.Sight(s)
	id, _ := e.Inventory.Resolve(r.Local.MAC, r.Local.Address, r.Local.Remote)
	return id
}

// ServeDevices writes changed devices after each burst until ctx ends, and once
// more on the way out.
func (e *Core) ServeDevices(ctx context.Context) error {
	late := time.NewTicker(introduceAfter)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return e.flushAt(context.WithoutCancel(ctx), e.Now().Add(introduceAfter)) // no newcomer is left unnamed
		case <-e.dirty.ch:
		case <-late.C: // a newcomer may have been here long enough for a name
		}
		wait := time.NewTimer(quiet)
		select {
		case <-ctx.Done():
			wait.Stop()
			return e.flushAt(context.WithoutCancel(ctx), e.Now().Add(introduceAfter)) // no newcomer is left unnamed
		case <-wait.C:
		}
		if err := e.flushDevices(ctx); err != nil && ctx.Err() == nil {
			e.Log.Error("writing devices", "error", err)
			e.dirty.touch() // nothing is lost: the next burst writes them too
		}
	}
}

// flushDevices writes the devices that changed since the last call, with a
// diary line for each one never seen before, and the open questions.
func (e *Core) flushDevices(ctx context.Context) error { return e.flushAt(ctx, e.Now()) }

// flushAt is flushDevices with the moment by which newcomers are judged.
func (e *Core) flushAt(ctx context.Context, now time.Time) error {
	ds := e.Inventory.Devices()
	var changed []discovery.Device
	var notes []ledger.Note
	seen := map[discovery.DeviceID]bool{}
	for _, d := range ds {
		seen[d.ID] = true
		old, known := e.dirty.get(d.ID)
		if known && sameDevice(old, d) {
			continue
		}
		changed = append(changed, d)
	}
	news := e.dirty.introduce(ds, now)
	for _, d := range news {
		notes = append(notes, ledger.Note{Time: d.FirstSeen, Kind: consent.NoteDeviceNew, Device: string(d.ID), Text: words.Sprintf("Seen for the first time: %s.", d.Name())})
	}
	saved := discovery.Saved{
		Devices: changed, Gone: e.dirty.gone(seen), Aliases: e.Inventory.Aliases(),
		Questions: e.Inventory.Questions(), Distinct: e.Inventory.Distinct(),
	}
	if !e.dirty.differs(saved) && len(notes) == 0 {
		return nil
	}
	if err := e.Store.SaveInventory(ctx, saved, notes...); err != nil {
		return err
	}
	e.dirty.wrote(saved)
	e.dirty.introduced(news)
	e.changed(changes.Devices)
	return nil
}
