package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

// Where descriptions are kept, and of how many devices.
const (
	declaredKey   = "declared"
	declaredCount = 200
)

// description is a kept description of one device.
type description struct {
	Profile mud.Profile `json:"profile"`
	Basis   Basis       `json:"basis"`
	Source  string      `json:"source"`
	Taken   time.Time   `json:"taken"`
}

func (e *Core) descriptions(ctx context.Context) (map[discovery.DeviceID]description, error) {
	all := map[discovery.DeviceID]description{}
	s, err := e.Store.Setting(ctx, declaredKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return nil, words.Errorf("reading what makers declared: %w", err)
	}
	return all, nil
}

func (e *Core) saveDescriptions(ctx context.Context, all map[discovery.DeviceID]description) error {
	if len(all) == 0 {
		return e.Store.SetSetting(ctx, declaredKey, "")
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, declaredKey, string(b))
}

// descriptionOf is the one of a device, merged entries included.
func (e *Core) descriptionOf(all map[discovery.DeviceID]description, id discovery.DeviceID) (description, bool) {
	if d, ok := all[id]; ok {
		return d, true
	}
	for _, other := range slices.Sorted(maps.Keys(all)) {
		if e.same(other, id) {
			return all[other], true
		}
	}
	return description{}, false
}

// Declare implements Declarations.
func (e *Core) Declare(ctx context.Context, r DeclareRequest) (Declaration, error) {
	d, err := e.find(string(r.Device))
	if err != nil {
		return Declaration{}, err
	}
	said := description{Basis: BasisFile, Source: cmp.Or(string(discovery.Clean(r.Name)), words.Text("a file")), Taken: e.Now().UTC()}
	from := words.Sprintf("the file %s", said.Source)
	if len(r.File) == 0 {
		said.Basis = BasisFetched
		if said.Source, r.File, err = e.fetchDescription(ctx, d); err != nil {
			return Declaration{}, err
		}
		from = said.Source
	}
	if said.Profile, err = mud.Parse(r.File); err != nil {
		return Declaration{}, words.Errorf("%s is no description of a device (RFC 8520): %w", capital(from), err)
	}
	if said.Basis == BasisFetched && !sameURL(said.Profile.URL, said.Source) {
		return Declaration{}, words.Errorf("the file at %s says that it belongs to %s; it was not taken over", said.Source, cmp.Or(said.Profile.URL, "nothing"))
	}
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.descriptions(ctx)
	if err != nil {
		return Declaration{}, err
	}
	e.dropDescription(all, d.ID)
	if len(all) >= declaredCount {
		return Declaration{}, words.New("descriptions of too many devices are kept; forget one that is not needed")
	}
	all[d.ID] = said
	text := words.Sprintf("%s gave what the maker of %s declares: %s (%s).", e.who(), d.Name(), from, way(r.How))
	if said.Basis == BasisFetched {
		text = words.Sprintf("%s agreed, and what the maker of %s declares was fetched from %s (%s).", e.who(), d.Name(), from, way(r.How))
	}
	if err := errors.Join(e.saveDescriptions(ctx, all), e.Store.Note(ctx, e.deviceNote(NoteDeclared, d.ID, text))); err != nil {
		return Declaration{}, err
	}
	e.changed(changes.Devices, changes.Diary)
	return e.Declared(ctx, d.ID)
}

// sameURL compares the address in a description with the one it came from (RFC
// 8520 section 3.1: they are the same).
func sameURL(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

// dropDescription forgets that of a device, merged entries included.
func (e *Core) dropDescription(all map[discovery.DeviceID]description, id discovery.DeviceID) (dropped bool) {
	for other := range all {
		if e.same(other, id) {
			delete(all, other)
			dropped = true
		}
	}
	return dropped
}

// fetchDescription reads the description at the address that d announces.
func (e *Core) fetchDescription(ctx context.Context, d discovery.Device) (string, []byte, error) {
	at, _ := mud.Announced(d)
	if at == "" {
		return "", nil, words.Errorf("%s announces no description; give a file", d.Name())
	}
	if e.FetchDescription == nil {
		return "", nil, words.New("this program cannot fetch descriptions; give a file")
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", nil, words.Errorf("the address that %s announces makes no sense: %w", d.Name(), err)
	}
	b, err := e.FetchDescription(ctx, u)
	if err != nil {
		return "", nil, words.Errorf("fetching what the maker of %s declares: %w", d.Name(), err)
	}
	return at, b, nil
}

// Undeclare implements Declarations.
func (e *Core) Undeclare(ctx context.Context, device discovery.DeviceID, how string) error {
	d, err := e.find(string(device))
	if err != nil {
		return err
	}
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.descriptions(ctx)
	if err != nil {
		return err
	}
	if !e.dropDescription(all, d.ID) {
		return words.Errorf("nothing is kept of what the maker of %s declares", d.Name())
	}
	text := words.Sprintf("%s had the maker's description of %s forgotten (%s).", e.who(), d.Name(), way(how))
	if err := errors.Join(e.saveDescriptions(ctx, all), e.Store.Note(ctx, e.deviceNote(NoteUndeclared, d.ID, text))); err != nil {
		return err
	}
	e.changed(changes.Devices, changes.Diary)
	return nil
}
