package gateway

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

const (
	maxBatch    = 500
	eventQueue  = 8192
	maxAsked    = 16      // neighbours asked for in one look
	eventBuffer = 4 << 20 // bytes that the kernel keeps for us
)

// Observe reads every flow between the home and the outside: each interval what
// the open ones have moved since, and at once what the closing ones moved last,
// so that short flows are not lost. It resumes at from as long as the kernel is
// the same run; what ended while nobody looked is not known.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	boot, err := bootID()
	if err != nil {
		return connectors.Transient(words.Text("reading which run of the kernel this is"), err)
	}
	o := &observer{s: s, emit: emit, place: newPlace(boot), fresh: len(from) == 0, ended: map[uint32]seenFlow{}}
	if len(from) > 0 {
		p, err := decodePlace(from)
		switch {
		case err != nil:
			s.log.Warn("place in the flow source not readable, starting from now", "error", err)
			o.fresh = true
		case p.boot == boot:
			o.place = p
		default: // counters began anew: all that is there now came since
			o.place.at = p.at
		}
	}
	events := make(chan conntrack.Event, eventQueue)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		s.listen(ctx, events)
	}()
	err = o.run(ctx, events)
	<-listening
	return err
}

// bootID names this run of the kernel and this network namespace.
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading boot id: %w", err)
	}
	ns, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return "", fmt.Errorf("reading network namespace: %w", err)
	}
	return strings.TrimSpace(string(b)) + " " + ns, nil
}

// listen passes on the end of every connection until ctx ends. When the kernel
// has to drop some because we are too slow, that is counted and said.
func (s *Session) listen(ctx context.Context, out chan<- conntrack.Event) {
	for ctx.Err() == nil {
		err := listenOnce(ctx, out)
		if ctx.Err() != nil {
			return
		}
		s.tracker.overrun()
		s.log.Warn("kernel's flow events interrupted", "error", err)
		pause := time.NewTimer(100 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

func listenOnce(ctx context.Context, out chan<- conntrack.Event) error {
	c, err := conntrack.Dial(nil)
	if err != nil {
		return fmt.Errorf("opening connection tracking: %w", err)
	}
	in := make(chan conntrack.Event, 64)
	var errs chan error
	defer func() { // the library's worker may be waiting to hand something over
		closed := make(chan struct{})
		go func() { defer close(closed); _ = c.Close() }()
		for {
			select {
			case <-in:
			case err, ok := <-errs:
				if !ok || err != nil {
					errs = nil // it has ended, or it failed while it was being closed
				}
			case <-closed:
				return
			}
		}
	}()
	if err := c.SetReadBuffer(eventBuffer); err != nil {
		return fmt.Errorf("setting the event buffer: %w", err)
	}
	if errs, err = c.Listen(in, 1, []netfilter.NetlinkGroup{netfilter.GroupCTDestroy}); err != nil {
		return fmt.Errorf("listening for flow events: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-errs:
			return err
		case e := <-in:
			select {
			case out <- e:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// refusedNow reads what our rules refused and keeps our table in order: it makes
// the kernel go on tracking after somebody flushed everything, follows the
// home's interfaces, and takes away pauses that are over. It never sets a block
// anew; that the block is missing is for Verify to say.
func (s *Session) refusedNow(h home, now time.Time) ([]turnedAway, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.stood
	t, err := s.standing()
	if err == nil && !s.closed {
		t, err = s.prepared(h)
	}
	if err != nil {
		return nil, err
	}
	if t == was { // else its counters are fresh
		if err := s.kernel.recount(t); err != nil {
			return nil, err
		}
	}
	var out []turnedAway
	for _, k := range t.marks {
		if k.refused() != k.seen { // where nothing was refused since, nothing is new
			if err := s.kernel.fill(k, now); err != nil {
				return nil, err
			}
		}
		if len(k.tries) > 0 {
			out = append(out, turnedAway{k.mark, k.gen, k.tries})
		}
	}
	return out, s.sweep(t, now.Add(-10*time.Second)) // time for a last look
}

func protocolName(p uint8) flow.Protocol {
	switch p {
	case unix.IPPROTO_TCP:
		return "tcp"
	case unix.IPPROTO_UDP:
		return "udp"
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		return "icmp"
	}
	return flow.Protocol("ip-" + strconv.Itoa(int(p)))
}

// Coverage says what this box sees: all that passes it.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	since, alive, overruns := s.tracker.coverage()
	c := connectors.Coverage{Since: since, Alive: alive, Sees: []string{"bytes", "destinations", "presence"}, Whole: true}
	text := []string{words.Text("sees everything that passes this box between the home and the outside")}
	if n := forwardingNote(forwards("ipv4"), forwards("ipv6")); n != "" {
		text = append(text, n)
	}
	if len(s.tuning.Changed) > 0 {
		text = append(text, words.Text("flow accounting was switched on for this; connections opened before have no figures"))
	}
	for _, name := range accountingSettings()[:1] {
		if b, err := os.ReadFile("/proc/sys/" + name); err != nil || strings.TrimSpace(string(b)) == "0" {
			text = append(text, words.Text("flow accounting is off, so bytes are missing"))
		}
	}
	if overruns > 0 {
		text = append(text, words.Sprintf("the kernel had to drop flow events %d times, so short flows may be missing", overruns))
	}
	c.Text = strings.Join(text, "; ")
	return c, nil
}
