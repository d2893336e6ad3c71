package netflow

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// watch is what Coverage says; Observe writes it.
type watch struct {
	mu      sync.Mutex // guards all below
	opened  time.Time
	alive   time.Time  // the last message of the exporter
	lost    uint64     // flows or messages that never came, by the exporter's own numbers
	dropped uint64     // messages for which there was no room here
	foreign uint64     // messages of others
	other   netip.Addr // the last of them
	bad     uint64     // messages that could not be read
	unknown uint64     // sets whose template was not known yet
	refused uint64     // templates beyond the bounds
	outside uint64     // flows that do not lead from the home to the outside
	odd     uint64     // flows that cannot be
	sampled uint32     // one packet of so many; 0 and 1 are all
}

func (w *watch) note(f func(*watch)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *watch) coverage(exporter netip.Addr) connectors.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := connectors.Coverage{
		Since: w.opened, Alive: w.alive, Sees: []string{"destinations", "bytes"}, Claim: true,
		Whole: !w.alive.IsZero(), Lost: w.lost + w.dropped + w.unknown,
		Lessen: words.Text("If it goes on, connect this computer by cable, or let the router export its flows less often."),
	}
	say := []string{fmt.Sprintf("what %s says passes it; anybody on the network could say so in its name, so it is a claim", exporter)}
	if w.alive.IsZero() {
		say = []string{fmt.Sprintf("nothing has come from %s yet", exporter)}
	}
	for _, x := range []struct {
		n    uint64
		text string
	}{
		{w.lost, "%d flows or messages got lost on the way"},
		{w.dropped, "%d messages came faster than they could be stored"},
		{w.unknown, "%d parts came before their description and could not be read"},
		{w.bad, "%d messages could not be read"},
		{w.refused, "%d descriptions were too many or not right"},
		{w.odd, "%d flows were not plausible"},
	} {
		if x.n > 0 {
			say = append(say, fmt.Sprintf(x.text, x.n))
		}
	}
	if w.foreign > 0 {
		say = append(say, fmt.Sprintf("%d messages of others were not looked at, the last from %s", w.foreign, w.other))
	}
	if w.sampled > 1 {
		say = append(say, fmt.Sprintf("it looks at one packet in %d, so the amounts are estimates", w.sampled))
	}
	c.Text = strings.Join(say, "; ")
	return c
}
