//go:build lab && linux

package gateway

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/flow"
)

// TestLabASearchIsSeen: a device that tries 60 computers outside on one port, as
// a botnet does, is seen as that in what the router tells, and one that talks to
// 60 computers is not.
func TestLabASearchIsSeen(t *testing.T) {
	if out, err := exec.Command("ip", "netns", "exec", labName("net"), "ip", "route", "replace", "local", "198.18.0.0/24", "dev", "lo").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	s := open(t, map[string]string{"interval": "0.1"})
	w := observe(t, s, nil)
	const hosts = 60
	for n := range hosts {
		to := fmt.Sprintf("198.18.0.%d:23", n+1)
		in(t, "dev", func() (bool, error) {
			c, err := net.DialTimeout("tcp", to, 3*time.Second)
			if err == nil {
				return true, c.Close()
			}
			if errors.Is(err, syscall.ECONNREFUSED) {
				err = nil
			}
			return false, err
		})
	}
	tried := func(port uint16) (rows []behaviour.Row, seen map[string]bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		seen = map[string]bool{}
		for _, r := range w.records {
			if r.Port != port || r.Refused {
				continue
			}
			rows = append(rows, behaviour.Row{HourRow: flow.HourRow{Key: r.Key, Hour: r.Last.Truncate(time.Hour), Up: r.Up, Down: r.Down, Count: r.Count}, Who: r.Destination.String()})
			seen[r.Destination.String()] = true
		}
		return rows, seen
	}
	until(t, "all tries", 5*time.Second, func() bool { _, seen := tried(23); return len(seen) >= hosts })
	rows, _ := tried(23)
	found := behaviour.Usual().Judge(behaviour.History{}, rows, behaviour.Subject{}, time.UTC)
	if len(found) != 1 || found[0].Kind != behaviour.Search || found[0].Port != 23 || found[0].Hosts != hosts {
		t.Errorf("found %+v in %d rows, such as %+v", found, len(rows), rows[0])
	}
	t.Logf("figure: %d tries in %d records are told as: %+v", hosts, len(rows), found)
	// The twin: who really talks is not searching.
	for i := range rows {
		rows[i].Up, rows[i].Down = rows[i].Up+2000, rows[i].Down+4000
	}
	if found := behaviour.Usual().Judge(behaviour.History{}, rows, behaviour.Subject{}, time.UTC); len(found) != 0 {
		t.Errorf("talking was told as %+v", found)
	}
}
