package openwrt

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How the firewall follows the settings: the router waits for a second after the
// last change before it lets the firewall load them, and that takes its time on
// a small processor.
const (
	loadTime = 12 * time.Second // less than rollbackAfter
	lookEach = 200 * time.Millisecond
)

// comment is what the firewall writes before a rule's name.
const comment = "!fw4: "

// loadedRule is a rule as the kernel has it; the firewall may make several lines of one.
type loadedRule struct {
	refused uint64
	handles []uint64 // the kernel's numbers of its lines; each loading gives others
}

// loadedRules are the kernel's rules by name.
type loadedRules map[string]loadedRule

// progress is how far the firewall has come with a change.
type progress struct {
	known  bool // the live rules may be read
	loaded bool
}

// loaded reads the live rules of the home's zone; ok is false where that is not
// granted or not to be had.
func (s *Session) loaded(ctx context.Context) (all loadedRules, ok bool) {
	chain := "forward_" + s.zoneOfHome
	args := []string{"-j", "list", "chain", "inet", "fw4", chain}
	if !s.line.granted().mayRun(rulesCommand + " " + strings.Join(args, " ")) {
		return nil, false
	}
	code, text, err := s.line.run(ctx, rulesCommand, args...)
	if err != nil || code != 0 {
		return nil, false
	}
	all, err = parseLoaded([]byte(text))
	return all, err == nil
}

// parseLoaded reads what nft says of a chain. A rule may stand there more than once.
func parseLoaded(raw []byte) (loadedRules, error) {
	var out struct {
		All []struct {
			Rule *struct {
				Comment string `json:"comment"`
				Handle  uint64 `json:"handle"`
				Expr    []struct {
					Counter *struct {
						Packets uint64 `json:"packets"`
					} `json:"counter"`
				} `json:"expr"`
			} `json:"rule"`
		} `json:"nftables"`
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("reading the live rules: %w", err)
	}
	all := loadedRules{}
	for _, x := range out.All {
		if x.Rule == nil {
			continue
		}
		name, ours := strings.CutPrefix(x.Rule.Comment, comment)
		if !ours {
			continue
		}
		l := all[name]
		l.handles = append(l.handles, x.Rule.Handle)
		for _, e := range x.Rule.Expr {
			if e.Counter != nil && l.refused+e.Counter.Packets >= l.refused {
				l.refused += e.Counter.Packets
			}
		}
		all[name] = l
	}
	return all, nil
}

// follows waits until the firewall has loaded a change: a rule that was set is
// there with other numbers than before, and those that were taken away are not.
func (s *Session) follows(ctx context.Context, before loadedRules, name string, gone []string) progress {
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	limit := time.NewTimer(s.loadTime)
	defer limit.Stop()
	for {
		all, known := s.loaded(ctx)
		if !known {
			return progress{}
		}
		set := name == "" || len(all[name].handles) > 0 && !slices.ContainsFunc(all[name].handles, func(h uint64) bool { return slices.Contains(before[name].handles, h) })
		if set && !slices.ContainsFunc(gone, func(n string) bool { return n != name && len(all[n].handles) > 0 }) {
			return progress{known: true, loaded: true}
		}
		select {
		case <-ctx.Done():
			return progress{known: true}
		case <-limit.C:
			return progress{known: true}
		case <-tick.C:
		}
	}
}
