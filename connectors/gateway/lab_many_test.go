//go:build lab && linux

package gateway

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"bestbefore/connectors"
)

// effort is what an act asked of the kernel, and how long it took.
type effort struct {
	read, commits uint64
	took          time.Duration
}

func (s *Session) effort(act func()) effort {
	read, commits, from := s.kernel.read.Load(), s.kernel.commits.Load(), time.Now()
	act()
	return effort{s.kernel.read.Load() - read, s.kernel.commits.Load() - commits, time.Since(from)}
}

// TestLabManyBlocks sets blocks one after the other, as after a long absence,
// looks at each and lifts them all: what an act reads and writes is the same
// with ten that stand as with hundreds. The twin is an act after somebody else
// changed the tables: then all has to be read again, and grows.
func TestLabManyBlocks(t *testing.T) {
	n := 120
	if v, err := strconv.Atoi(os.Getenv("BBGW_BLOCKS")); err == nil && v > 10 {
		n = v
	}
	s := open(t, nil)
	var rcs []connectors.Receipt
	var sets, looks, lifts []effort
	for i := range n {
		r := connectors.BlockRequest{Mark: fmt.Sprintf("consent-%04d", i), Target: target(devMAC, fmt.Sprintf("198.18.%d.%d", i/250, 1+i%250))}
		sets = append(sets, s.effort(func() { rcs = append(rcs, block(t, s, r)) }))
		looks = append(looks, s.effort(func() {
			if f := verify(t, s, rcs[i]); f.Missing {
				t.Fatalf("%s: %+v", r.Mark, f)
			}
		}))
	}
	nft(t, "add", "table", "inet", "bbgw_stranger")
	stranger := s.effort(func() { verify(t, s, rcs[0]) })
	if held, err := s.Held(context.Background()); err != nil || len(held) != n {
		t.Errorf("%d held, %v", len(held), err)
	}
	for _, rc := range rcs {
		lifts = append(lifts, s.effort(func() { unblock(t, s, rc) }))
	}
	slices.Reverse(lifts) // by how many stand
	nft(t, "delete", "table", "inet", "bbgw_stranger")
	for name, es := range map[string][]effort{"set": sets, "look": looks, "lift": lifts} {
		for i, e := range es[1:] {
			if e.read != es[1].read || e.commits != es[1].commits {
				t.Errorf("%s with %d standing: %+v; with 1: %+v", name, i+1, e, es[1])
			}
		}
		for _, at := range []int{10, 100, 1000} {
			if at <= n {
				t.Logf("figure: %s with %d standing: %v (the median of ten), %d read, %d transactions", name, at, median(es[at-10:at]), es[at-1].read, es[at-1].commits)
			}
		}
	}
	t.Logf("figure: a look after a stranger's change, %d standing: %v, %d read", n, stranger.took, stranger.read)
	if stranger.read < uint64(n) {
		t.Errorf("after a stranger's change %d were read with %d standing", stranger.read, n)
	}
}

func median(es []effort) time.Duration {
	var out []time.Duration
	for _, e := range es {
		out = append(out, e.took)
	}
	slices.Sort(out)
	return out[len(out)/2]
}
