package engine

import (
	"context"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Captures takes over what a capture file tells.
type Captures interface {
	// InspectCapture says what a file holds and changes nothing.
	InspectCapture(ctx context.Context, path string) (CaptureInfo, error)
	// ImportCapture takes a file over. What was taken over before is not counted
	// again; what was interrupted goes on where it was.
	ImportCapture(ctx context.Context, r CaptureRequest) (CaptureInfo, error)
	// CaptureProgress is how far the reading under way has come.
	CaptureProgress(ctx context.Context) (CaptureProgress, error)
	// StopCapture ends the reading under way.
	StopCapture(ctx context.Context) error
	TakenCaptures
}

// ReadCapture reads a file, gives its records in an order that does not change,
// and its fingerprint.
type ReadCapture func(ctx context.Context, path string, emit func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error)

// CaptureRequest says what to take over.
type CaptureRequest struct {
	Path string `json:"path"`
	// New says that devices which were never seen here are taken over too.
	New bool   `json:"new,omitempty"`
	How string `json:"how,omitempty"` // "clicked", "command line"
}

// CaptureInfo is what a file holds and what was made of it.
type CaptureInfo struct {
	flow.Capture
	File    string          `json:"file"`
	Hash    string          `json:"hash"`
	Known   []CaptureDevice `json:"known"`   // devices of this home
	Unknown []CaptureDevice `json:"unknown"` // devices never seen here
	// Before says that devices of this file were taken over before.
	Before bool   `json:"before,omitempty"`
	Taken  uint64 `json:"taken"` // records taken over now
}

// CaptureDevice is a device of a file and who it is here.
type CaptureDevice struct {
	flow.CaptureDevice
	ID   discovery.DeviceID `json:"id,omitempty"`
	Name string             `json:"name,omitempty"`
	// Before says that what the file holds of it was taken over before.
	Before bool `json:"before,omitempty"`
}

// CaptureProgress is how far a reading is, in bytes of the file. A file is read
// twice to be taken over: once to know it, once to store it.
type CaptureProgress struct {
	File    string `json:"file,omitempty"` // empty: nothing is being read
	Storing bool   `json:"storing,omitempty"`
	Done    int64  `json:"done"`
	Size    int64  `json:"size"`
}

// NoteCapture is a file that was taken over.
const NoteCapture ledger.Kind = "capture_imported"

// importing is the one reading that may be under way.
type importing struct {
	mu   sync.Mutex // guards both below
	now  CaptureProgress
	stop context.CancelFunc
}

var (
	errBusyCapture = words.New("another capture file is being read; wait for it or stop it")
	errNoReader    = words.New("this program cannot read capture files")
)

// capturePlace is how far a file was taken over; it is stored with the records.
type capturePlace struct {
	File    string    `json:"file,omitempty"` // its name, cleaned
	Time    time.Time `json:"time,omitzero"`  // when it was last taken over
	Records uint64    `json:"records,omitempty"`
	Done    []string  `json:"done,omitempty"` // hardware addresses that are done
	Now     []string  `json:"now,omitempty"`  // those that are being taken over
	At      uint64    `json:"at,omitempty"`   // records that were passed
}

// reading makes this the one reading under way.
func (i *importing) reading(ctx context.Context, path string) (context.Context, func(), error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stop != nil {
		return nil, nil, errBusyCapture
	}
	ctx, cancel := context.WithCancel(ctx)
	i.stop, i.now = cancel, CaptureProgress{File: filepath.Base(path)}
	return ctx, func() {
		cancel()
		i.mu.Lock()
		defer i.mu.Unlock()
		i.stop, i.now = nil, CaptureProgress{}
	}, nil
}

func (i *importing) progress(storing bool) func(done, size int64) {
	return func(done, size int64) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.now.Storing, i.now.Done, i.now.Size = storing, done, size
	}
}

// CaptureProgress implements Captures.
func (e *Core) CaptureProgress(context.Context) (CaptureProgress, error) {
	e.taking.mu.Lock()
	defer e.taking.mu.Unlock()
	return e.taking.now, nil
}

// StopCapture implements Captures.
func (e *Core) StopCapture(context.Context) error {
	e.taking.mu.Lock()
	defer e.taking.mu.Unlock()
	if e.taking.stop != nil {
		e.taking.stop()
	}
	return nil
}

// InspectCapture implements Captures.
func (e *Core) InspectCapture(ctx context.Context, path string) (CaptureInfo, error) {
	ctx, end, err := e.taking.reading(ctx, path)
	if err != nil {
		return CaptureInfo{}, err
	}
	defer end()
	info, _, err := e.inspect(ctx, path)
	return info, err
}

func (e *Core) inspect(ctx context.Context, path string) (CaptureInfo, capturePlace, error) {
	var place capturePlace
	info := CaptureInfo{File: filepath.Base(path)}
	if e.ReadCapture == nil {
		return info, place, errNoReader
	}
	if !filepath.IsAbs(path) {
		return info, place, words.Errorf("%q is not a whole path", path)
	}
	var err error
	info.Capture, info.Hash, err = e.ReadCapture(ctx, path, func([]flow.Record) error { return nil }, e.taking.progress(false))
	if err != nil {
		return info, place, err
	}
	stored, err := e.Store.Cursor(ctx, captureKey(info.Hash))
	if err != nil {
		return info, place, err
	}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &place); err != nil {
			return info, place, words.Errorf("reading how far this file was taken over: %w", err)
		}
	}
	for _, d := range info.Devices {
		if d.MAC == "" {
			continue
		}
		x := CaptureDevice{CaptureDevice: d, Before: slices.Contains(place.Done, d.MAC)}
		info.Before = info.Before || x.Before
		if id, ok := e.Inventory.Resolve(d.MAC, netip.Addr{}, ""); ok {
			x.ID, x.Name = id, e.deviceName(id)
			info.Known = append(info.Known, x)
		} else {
			info.Unknown = append(info.Unknown, x)
		}
	}
	return info, place, nil
}

const captureKeys = "capture:"

func captureKey(hash string) string { return captureKeys + hash }

// captureSource is how records of a file are marked. The reader gives them the same.
func captureSource(file string) discovery.Source { return discovery.Source("capture " + file) }

// ImportCapture implements Captures.
func (e *Core) ImportCapture(ctx context.Context, r CaptureRequest) (CaptureInfo, error) {
	ctx, end, err := e.taking.reading(ctx, r.Path)
	if err != nil {
		return CaptureInfo{}, err
	}
	defer end()
	info, place, err := e.inspect(ctx, r.Path)
	if err != nil {
		return info, err
	}
	if len(place.Now) == 0 { // else what was interrupted is finished first
		place.At = 0
		for _, d := range info.Known {
			if !d.Before {
				place.Now = append(place.Now, d.MAC)
			}
		}
		for _, d := range info.Unknown {
			if r.New && !d.Before {
				place.Now = append(place.Now, d.MAC)
			}
		}
		slices.Sort(place.Now)
	}
	if len(place.Now) == 0 {
		return info, nil
	}
	place.File, place.Time = string(discovery.Clean(info.File)), e.Now().UTC()
	if err := e.takeOver(ctx, r.Path, &info, &place); err != nil {
		return info, err
	}
	n := ledger.Note{Time: e.Now(), Kind: NoteCapture, Text: words.Sprintf("%s took over the capture file %s: %d records of %d devices (%s).", e.who(), discovery.Clean(info.File), info.Taken, len(place.Done), way(r.How))}
	if err := e.Store.Note(ctx, n); err != nil {
		return info, err
	}
	e.changed(changes.Diary)
	return info, nil
}

// takeOver stores the records of place.Now, each batch together with how far
// that is, so that an interruption neither loses nor doubles any.
func (e *Core) takeOver(ctx context.Context, path string, info *CaptureInfo, place *capturePlace) error {
	for _, d := range slices.Concat(info.Unknown, info.Known) {
		if !slices.Contains(place.Now, d.MAC) || d.ID != "" && len(d.Said) == 0 { // not wanted, or nothing new
			continue
		}
		s := discovery.Sighting{
			Source: captureSource(place.File), At: info.Last, Facts: d.Said,
			Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: d.MAC}},
		}
		if s.At.After(e.Now()) { // a file says any time it likes
			s.At = e.Now()
		}
		e.Sight(s)
	}
	key, at, passed := captureKey(info.Hash), uint64(0), place.At
	wanted := map[string]bool{}
	for _, m := range place.Now {
		wanted[m] = true
	}
	_, hash, err := e.ReadCapture(ctx, path, func(recs []flow.Record) error {
		var mine []flow.Record
		for _, r := range recs {
			if at++; at <= passed || !wanted[r.Local.MAC] {
				continue
			}
			if id, ok := e.Inventory.Resolve(r.Local.MAC, netip.Addr{}, ""); ok {
				r.Device = id
				mine = append(mine, r)
			}
		}
		if len(mine) == 0 {
			return nil
		}
		place.At, place.Records = at, place.Records+uint64(len(mine))
		next, err := json.Marshal(place)
		if err != nil {
			return err
		}
		info.Taken += uint64(len(mine))
		return e.AddFlows(ctx, key, mine, next)
	}, e.taking.progress(true))
	if err != nil {
		return err
	}
	if hash != info.Hash {
		return words.Errorf("%s changed while it was read; import it again", info.File)
	}
	place.Done, place.Now, place.At = append(place.Done, place.Now...), nil, 0
	next, err := json.Marshal(place)
	if err != nil {
		return err
	}
	return e.AddFlows(ctx, key, nil, connectors.Cursor(next))
}
