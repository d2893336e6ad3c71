package engine

import (
	"context"
	"time"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/mud"
)

// Declarations holds what a device does against what its maker said of it, or,
// where nobody said anything, against its first quiet week.
type Declarations interface {
	Declared(ctx context.Context, device discovery.DeviceID) (Declaration, error)
	// Declare keeps a maker's description: a file that a person gives, or the one
	// behind the address that the device announces, fetched because a person agreed.
	Declare(ctx context.Context, r DeclareRequest) (Declaration, error)
	// Undeclare forgets the description.
	Undeclare(ctx context.Context, device discovery.DeviceID, how string) error
}

// Basis says against what a device is held.
type Basis string

// The bases.
const (
	BasisFile     Basis = "mud_file"   // a description that a person gave
	BasisFetched  Basis = "mud_url"    // one from the address that the device announces
	BasisWeek     Basis = "usual_week" // its first quiet week
	BasisLearning Basis = "learning"   // that week is not over
	BasisPerson   Basis = "person"     // it stands for a person: not watched
	BasisNone     Basis = "none"       // nothing was seen of it
)

// DeclareRequest gives a device a description.
type DeclareRequest struct {
	Device discovery.DeviceID `json:"device"`
	// File is a MUD file (RFC 8520) and Name what it is called. Without it the one
	// at the announced address is fetched.
	File []byte `json:"file,omitempty"`
	Name string `json:"name,omitempty"`
	How  string `json:"how,omitempty"` // "clicked", "command line"
}

// Declaration is said against seen.
type Declaration struct {
	Device discovery.DeviceID `json:"device"`
	Basis  Basis              `json:"basis"`
	Source string             `json:"source,omitempty"` // the file's name or its address
	Taken  time.Time          `json:"taken,omitzero"`   // when it was given or fetched
	// Announced is the address of a description that the device announces, and By
	// who heard it; nothing is fetched before a person agrees.
	Announced string           `json:"announced,omitempty"`
	By        discovery.Source `json:"announced_by,omitempty"`
	// Said is what stands in the description beside its rules.
	Said *mud.Profile `json:"said,omitempty"`
	// From and To are the days of the usual week, or of the one that is learned.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Since is from when on what was seen counts.
	Since time.Time `json:"since,omitzero"`

	Seen       DeclaredRows `json:"declared_and_seen"`
	Never      DeclaredRows `json:"declared_never_seen"`
	Undeclared DeclaredRows `json:"seen_not_declared"`
	Unclear    DeclaredRows `json:"cannot_tell"`
}

// DeclaredRows are rows and how many there are beside those.
type DeclaredRows struct {
	Rows []DeclaredRow `json:"rows"`
	More int           `json:"more,omitempty"`
}

// declaredMax bounds each list.
const declaredMax = 100

// add takes a row, which is made only if it is shown: who receives is looked up
// for it, and a device may talk to thousands.
func (d *DeclaredRows) add(make func() DeclaredRow) {
	if len(d.Rows) >= declaredMax {
		d.More++
		return
	}
	d.Rows = append(d.Rows, make())
}

// DeclaredRow is traffic with one destination, an entry of the description, or both.
type DeclaredRow struct {
	Name     string     `json:"name"`            // a destination, or who received in the usual week
	Entry    *mud.Entry `json:"entry,omitempty"` // the maker's rule
	Protocol string     `json:"protocol,omitempty"`
	Port     uint16     `json:"port,omitempty"`
	Up       uint64     `json:"bytes_up,omitempty"`
	Down     uint64     `json:"bytes_down,omitempty"`
	Count    uint64     `json:"count,omitempty"`
	Last     time.Time  `json:"last,omitzero"`
	Refused  bool       `json:"refused,omitempty"`
	Source   string     `json:"source,omitempty"` // who saw it
	Receiver Receiver   `json:"receiver,omitzero"`
}

// What the diary says of descriptions.
const (
	NoteDeclared   ledger.Kind = "declared"
	NoteUndeclared ledger.Kind = "undeclared"
)

// declaredSpan is how much of what was seen counts.
const declaredSpan = 28 * 24 * time.Hour

// Declared implements Declarations.
func (e *Core) Declared(ctx context.Context, device discovery.DeviceID) (Declaration, error) {
	d, err := e.find(string(device))
	if err != nil {
		return Declaration{}, err
	}
	out := Declaration{Device: d.ID, Since: e.Now().Add(-declaredSpan).UTC()}
	out.Announced, out.By = mud.Announced(d)
	all, err := e.descriptions(ctx)
	if err != nil {
		return out, err
	}
	said, kept := e.descriptionOf(all, d.ID)
	if !kept && d.Guess.Kind.Personal() {
		out.Basis = BasisPerson
		return out, nil
	}
	if !kept {
		return out, e.againstWeek(ctx, d, &out)
	}
	out.Basis, out.Source, out.Taken, out.Said = said.Basis, said.Source, said.Taken, &said.Profile
	recs, err := e.Store.Flows(ctx, flow.Query{Device: d.ID, Since: out.Since, Limit: narrowMax})
	if err != nil {
		return out, err
	}
	e.compareSaid(said.Profile, recs, &out)
	out.Said = short(said.Profile)
	return out, nil
}

// short is p without its rules, which stand in the rows.
func short(p mud.Profile) *mud.Profile {
	p.From, p.To = nil, nil
	return &p
}

// compareSaid fills in the four lists of a description.
func (e *Core) compareSaid(p mud.Profile, recs []flow.Record, out *Declaration) {
	r := mud.Compare(p, recs)
	for _, s := range r.Declared {
		for _, rec := range s.Records {
			out.Seen.add(func() DeclaredRow {
				row := e.declaredRow(rec)
				row.Entry = &s.Entry
				return row
			})
		}
	}
	for _, entry := range r.Never {
		out.Never.add(func() DeclaredRow { return DeclaredRow{Name: entry.DNS, Entry: &entry} })
	}
	for _, rec := range r.Undeclared {
		out.Undeclared.add(func() DeclaredRow { return e.declaredRow(rec) })
	}
	for _, rec := range r.Unclear {
		out.Unclear.add(func() DeclaredRow { return e.declaredRow(rec) })
	}
}

func (e *Core) declaredRow(r flow.Record) DeclaredRow {
	return DeclaredRow{
		Name: r.Destination.String(), Protocol: string(r.Protocol), Port: r.Port, Up: r.Up, Down: r.Down, Count: r.Count, Last: r.Last,
		Refused: r.Refused, Source: string(r.Source), Receiver: e.receiver(r.Destination, r.Protocol, r.Port),
	}
}

// againstWeek holds a device against its usual week, or says that it is learned.
func (e *Core) againstWeek(ctx context.Context, d discovery.Device, out *Declaration) error {
	all, err := e.usualWeeks(ctx)
	if err != nil {
		return err
	}
	w, settled := e.weekOf(all, d.ID)
	if !settled {
		return e.learning(ctx, d, out)
	}
	out.Basis, out.From, out.To = BasisWeek, w.From, w.To
	_, loc := e.Zone()
	if end, err := time.ParseInLocation(time.DateOnly, w.To, loc); err == nil {
		out.Since = latest(out.Since, end.AddDate(0, 0, 1).UTC())
	}
	recs, err := e.Store.Flows(ctx, flow.Query{Device: d.ID, Since: out.Since, Limit: narrowMax})
	if err != nil {
		return err
	}
	e.compareWeek(w, recs, out)
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// learning says which week is being learned.
func (e *Core) learning(ctx context.Context, d discovery.Device, out *Declaration) error {
	u, known := e.watching.of(d.ID)
	if !known || u.first.IsZero() {
		var err error
		if u, _, err = e.learn(ctx, d); err != nil {
			return err
		}
	}
	out.Basis, out.Since = BasisNone, time.Time{}
	if u.first.IsZero() {
		return nil
	}
	w, _, err := e.learningWeek(ctx, d, u.first)
	out.Basis, out.From, out.To = BasisLearning, w.From, w.To
	return err
}
