package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// knockedKey is where it is kept who was knocked at and who answered.
const knockedKey = "knocked"

const (
	knockAgain = 24 * time.Hour   // a door is tried at most once in this time
	knockEvery = 15 * time.Second // it is looked whether there is a new door
	doorsMax   = 8                // of one home
	knockedMax = 64               // doors that are remembered, of all networks
)

// door is where may be knocked: at the default gateway or a name server that this
// computer was told, where its hardware address was seen to answer.
type door struct {
	device discovery.Device
	addr   netip.Addr
}

// key tells the same address of two networks apart by who answers there.
func (d door) key() string { return string(d.device.ID) + "@" + d.addr.String() }

// knocked is what came of one door.
type knocked struct {
	At      time.Time                    `json:"at"`
	Answers map[string]map[string]string `json:"answers,omitempty"` // by kind: the values that are known by it
}

// doors are all of this home, now.
func (e *Core) doors() []door {
	var told []netip.Addr
	if e.Resolvers != nil {
		told = e.Resolvers()
	}
	var out []door
	for _, d := range e.Inventory.Devices() {
		for _, a := range d.Addresses {
			addr := a.Addr.Unmap()
			if a.Claimed || !addr.IsPrivate() || d.Role != discovery.RoleRouter && !slices.Contains(told, addr) {
				continue
			}
			// The router's other addresses lead to the same box.
			if !slices.ContainsFunc(out, func(o door) bool { return o.device.ID == d.ID && !slices.Contains(told, addr) }) && len(out) < doorsMax {
				out = append(out, door{d, addr})
			}
		}
	}
	return out
}

// ServeKnocks asks the home's router and name servers what they are, each once
// and again at most daily, until ctx ends.
func (e *Core) ServeKnocks(ctx context.Context) error {
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			e.warn(ctx, "asking the router what it is", e.KnockAround(ctx))
		}
	}
}

// KnockAround knocks at the doors that were not knocked at today.
func (e *Core) KnockAround(ctx context.Context) error {
	if e.Knock == nil {
		return nil
	}
	doors := e.doors()
	if len(doors) == 0 {
		return nil
	}
	all, err := e.knocked(ctx)
	if err != nil {
		return err
	}
	asked := false
	for _, d := range doors {
		if last, known := all[d.key()]; known && e.Now().Sub(last.At).Abs() < knockAgain {
			continue
		}
		got := knocked{At: e.Now().UTC(), Answers: e.knockAt(ctx, d)}
		if ctx.Err() != nil {
			return nil // half a round is none
		}
		all[d.key()], asked = got, true
	}
	if !asked {
		return nil
	}
	if err := e.saveKnocked(ctx, all); err != nil {
		return err
	}
	e.changed(changes.Connections)
	return nil
}

// knockAt asks one door for what the kinds name; each page once, and nothing more
// where nobody listens.
func (e *Core) knockAt(ctx context.Context, d door) map[string]map[string]string {
	pages, deaf := map[string]connectors.KnockAnswer{}, map[int]bool{}
	out := map[string]map[string]string{}
	for _, kind := range e.Registry.Specs() {
		for _, k := range kind.Knocks {
			if out[kind.Kind] != nil || deaf[k.Port] || ctx.Err() != nil {
				continue
			}
			page := k.Address(d.addr.String()) + k.Path
			a, known := pages[page]
			if !known {
				var err error
				if a, err = e.Knock(ctx, d.addr, k); err != nil {
					e.Log.Debug("knocking", "at", page, "error", err)
					deaf[k.Port] = true
					continue
				}
				pages[page] = a
			}
			if k.Fits(a) {
				out[kind.Kind] = map[string]string{k.Key: k.Address(d.addr.String())}
			}
		}
	}
	return out
}

// knownAs are the values by which d answered as a peer of a kind; nil where it did not.
func knownAs(all map[string]knocked, doors []door, id discovery.DeviceID, kind string) map[string]string {
	for _, d := range doors {
		if v := all[d.key()].Answers[kind]; d.device.ID == id && v != nil {
			return v
		}
	}
	return nil
}

// knocked is what is kept of the doors. What cannot be read is only what was found
// out once, so it is begun anew, and said once: the next look writes over it.
func (e *Core) knocked(ctx context.Context) (map[string]knocked, error) {
	all := map[string]knocked{}
	s, err := e.Store.Setting(ctx, knockedKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil || all == nil {
		e.Log.Warn("what the router is cannot be read, and is asked anew", "error", err)
		return map[string]knocked{}, e.Store.SetSetting(ctx, knockedKey, "")
	}
	return all, nil
}

func (e *Core) saveKnocked(ctx context.Context, all map[string]knocked) error {
	keys := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(all[b].At.Compare(all[a].At), cmp.Compare(a, b)) })
	for _, old := range keys[min(len(keys), knockedMax):] {
		delete(all, old)
	}
	b, err := json.Marshal(all)
	if err != nil {
		return words.Errorf("keeping what the router is: %w", err)
	}
	return e.Store.SetSetting(ctx, knockedKey, string(b))
}
