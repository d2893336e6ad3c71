package mqtt

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The bounds of what is remembered of the broker's log.
const (
	maxClients   = 1000 // accounts, and addresses
	maxLogins    = 64   // times of one account
	maxRefusals  = 1024
	maxUnnamed   = 64
	unnamedFresh = 5 * time.Second
)

// clients remembers who signed in from where, and who was turned away, as the
// broker's log tells it. MQTT itself tells neither.
type clients struct {
	port uint16 // where we connect ourselves; what an account used is known only from the log

	mu       sync.Mutex // guards all below
	accounts map[string]*signIns
	hosts    map[string]map[string]bool // address -> accounts seen there
	unnamed  []arrival                  // connections that have not said who they are
	refusals []refusal
}

type signIns struct {
	hosts  map[string]bool
	port   uint16
	logins []time.Time
}

type arrival struct {
	peer string // address and port
	port uint16
	at   time.Time
}

type refusal struct {
	host string
	at   time.Time
}

func newClients(port uint16) *clients {
	return &clients{port: port, accounts: map[string]*signIns{}, hosts: map[string]map[string]bool{}}
}

// take reads one line of the broker's log, and gives the account that it says has signed in.
func (c *clients) take(line string, now time.Time) string {
	if i := strings.Index(line, ": "); i >= 0 && i <= 24 {
		line = line[i+2:] // the broker's own time
	}
	switch {
	case strings.HasPrefix(line, "New connection from "):
		c.arrived(strings.TrimPrefix(line, "New connection from "), now)
	case strings.HasPrefix(line, "New client connected from "):
		return c.signedIn(strings.TrimPrefix(line, "New client connected from "), now)
	case strings.HasPrefix(line, "Client <unknown> ") && !strings.HasSuffix(line, "not authorised."):
		c.left(now)
	case strings.HasPrefix(line, "Client ") && strings.HasSuffix(line, "not authorised."):
		c.turnedAway(line, now)
	}
	return ""
}

// arrived reads "127.0.0.1:41236 on port 1883.".
func (c *clients) arrived(rest string, now time.Time) {
	peer, port, ok := strings.Cut(strings.TrimSuffix(rest, "."), " on port ")
	n, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || hostOf(peer) == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	c.unnamed = append(c.unnamed, arrival{peer, uint16(n), now})
}

func (c *clients) tidy(now time.Time) {
	c.unnamed = slices.DeleteFunc(c.unnamed, func(a arrival) bool { return now.Sub(a.at) > unnamedFresh })
	if len(c.unnamed) >= maxUnnamed {
		c.unnamed = c.unnamed[1:]
	}
}

// signedIn reads "127.0.0.1:41236 as cam1 (p2, c1, k60, u'cam').". The client's
// own name may hold anything, so the line is read from both ends.
func (c *clients) signedIn(rest string, now time.Time) string {
	peer, after, ok := strings.Cut(rest, " as ")
	host := hostOf(peer)
	if !ok || host == "" {
		return ""
	}
	i := strings.LastIndex(after, ", u'")
	user := ""
	if i >= 0 {
		user, ok = strings.CutSuffix(after[i+len(", u'"):], "').")
	}
	if !ok || len(user) > 256 {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	port := c.port
	if i := slices.IndexFunc(c.unnamed, func(a arrival) bool { return a.peer == peer }); i >= 0 {
		port = c.unnamed[i].port
		c.unnamed = slices.Delete(c.unnamed, i, i+1)
	}
	c.remember(user, host, port, now)
	return user
}

func (c *clients) remember(user, host string, port uint16, now time.Time) {
	a := c.accounts[user]
	if a == nil {
		if len(c.accounts) >= maxClients {
			return
		}
		a = &signIns{hosts: map[string]bool{}}
		c.accounts[user] = a
	}
	a.port = port
	a.logins = append(a.logins, now)
	if len(a.logins) > maxLogins {
		a.logins = a.logins[1:]
	}
	if len(a.hosts) < 16 {
		a.hosts[host] = true
	}
	at := c.hosts[host]
	if at == nil {
		if len(c.hosts) >= maxClients {
			return
		}
		at = map[string]bool{}
		c.hosts[host] = at
	}
	if len(at) < 16 {
		at[user] = true
	}
}

// turnedAway reads "Client <unknown> disconnected, not authorised." of
// Mosquitto 2.0, which names nobody: it is the one that has just arrived, if
// there is only one; and the form of later versions that carries the address.
func (c *clients) turnedAway(line string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	host := ""
	if i, j := strings.LastIndex(line, "["), strings.LastIndex(line, "]"); i >= 0 && j > i {
		host = hostOf(line[i+1 : j])
		c.unnamed = slices.DeleteFunc(c.unnamed, func(a arrival) bool { return a.peer == line[i+1:j] })
	} else if len(c.unnamed) == 1 {
		host = hostOf(c.unnamed[0].peer)
		c.unnamed = nil
	}
	if host == "" {
		return
	}
	c.refusals = append(c.refusals, refusal{host, now})
	if len(c.refusals) > maxRefusals {
		c.refusals = c.refusals[1:]
	}
}

// left reads "Client <unknown> closed its connection.": whoever that was, if
// only one had not said a name it is gone, else none of them is known any more.
func (c *clients) left(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	if len(c.unnamed) == 1 {
		c.unnamed = nil
	}
}

func hostOf(peer string) string {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		i := strings.LastIndex(peer, ":") // Mosquitto writes IPv6 without brackets
		if i < 0 {
			return ""
		}
		host = peer[:i]
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return ""
	}
	return ip.String()
}

// alone reports whether host is used by this account and by no other. The caller holds mu.
func (c *clients) alone(user, host string) bool {
	at := c.hosts[host]
	return len(at) == 0 || len(at) == 1 && at[user]
}

// since counts what the log told of an account after at; known are addresses
// from which it alone came before we started.
func (c *clients) since(user string, known []string, at time.Time) signs {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out signs
	mine := map[string]bool{}
	for _, h := range known {
		mine[h] = c.alone(user, h)
	}
	if a := c.accounts[user]; a != nil {
		for h := range a.hosts {
			mine[h] = c.alone(user, h)
		}
		for _, t := range a.logins {
			if t.After(at) {
				out.logins++
			}
		}
	}
	for _, r := range c.refusals {
		if mine[r.host] && r.at.After(at) {
			out.refused++
			out.lastTry = r.at
		}
	}
	return out
}

// addressesOf are the addresses from which this account alone signed in.
func (c *clients) addressesOf(user string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	if a := c.accounts[user]; a != nil {
		for h := range a.hosts {
			if c.alone(user, h) {
				out = append(out, h)
			}
		}
	}
	slices.Sort(out)
	return out
}

// aloneAt is the only account seen at an address, "" when there is none or are several.
func (c *clients) aloneAt(host string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ip := net.ParseIP(host); ip != nil {
		host = ip.String()
	}
	if at := c.hosts[host]; len(at) == 1 {
		for user := range at {
			return user
		}
	}
	return ""
}

func (c *clients) lastSeen(user string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.accounts[user]; a != nil && len(a.logins) > 0 {
		return a.logins[len(a.logins)-1].UTC()
	}
	return time.Time{}
}

// portOf is the broker's port that an account came in by.
func (c *clients) portOf(user string) uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.accounts[user]; a != nil {
		return a.port
	}
	return c.port
}
