package gateway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// kept is one mark as it stands in the kernel.
type kept struct {
	plan
	gen      string // "a" or "b", part of its sets' names
	rules    []*nftables.Rule
	sets     []*nftables.Set
	refused  uint64 // packets
	bytes    uint64
	tries    []try
	complete bool // all rules and sets that the plan needs are there
}

// try is one destination that was refused.
type try struct {
	mac     mac
	dest    tryDest
	packets uint64
	bytes   uint64
	last    time.Time
}

// batchBuffer holds the largest transaction: a block with all the addresses
// that one may have has to go to the kernel in one piece.
const batchBuffer = 8 << 20

func openNetfilter() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.WithSockOptions(func(c *netlink.Conn) error {
		return errors.Join(c.SetWriteBuffer(batchBuffer), c.SetReadBuffer(batchBuffer))
	}))
	if err != nil {
		return nil, fmt.Errorf("opening netfilter: %w", err)
	}
	return c, nil
}

// prepare makes our table with its chains and the rules common to all marks.
// What marks it holds already is left as it is.
func prepare(stays atHome) error {
	c, err := openNetfilter()
	if err != nil {
		return err
	}
	t := c.AddTable(ownTable())
	athome := c.AddChain(&nftables.Chain{Table: t, Name: chainHome})
	c.FlushChain(athome)
	for _, r := range atHomeRules(stays) {
		c.AddRule(&nftables.Rule{Table: t, Chain: athome, Exprs: r})
	}
	accept := nftables.ChainPolicyAccept
	c.AddChain(&nftables.Chain{
		Table: t, Name: chainLeaving, Type: nftables.ChainTypeFilter, Policy: &accept,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityRef(prioLeaving),
	})
	back := c.AddChain(&nftables.Chain{
		Table: t, Name: chainReturning, Type: nftables.ChainTypeFilter, Policy: &accept,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityRef(prioReturning),
	})
	if watched, err := hasWatch(c, back); err != nil {
		return err
	} else if !watched {
		c.InsertRule(&nftables.Rule{Table: t, Chain: back, Exprs: watchRule(), UserData: commentData(watchComment)})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("making table %s: %w", tableName, err)
	}
	return nil
}

const watchComment = "bb-watch"

// watchRule looks at the connection state and does nothing with it: a rule
// that asks is what makes the kernel track connections at all.
func watchRule() []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: reg0},
		&expr.Bitwise{
			SourceRegister: reg0, DestRegister: reg0, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(expr.CtStateBitNEW), Xor: make([]byte, 4),
		},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: reg0, Data: make([]byte, 4)},
		&expr.Counter{},
	}
}

func hasWatch(c *nftables.Conn, ch *nftables.Chain) (bool, error) {
	rules, err := rulesOf(c, ch.Name)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rules, func(r *nftables.Rule) bool { return commentOf(r) == watchComment }), nil
}

func commentData(s string) []byte { return userdata.AppendString(nil, userdata.TypeComment, s) }

func commentOf(r *nftables.Rule) string {
	s, _ := userdata.GetString(r.UserData, userdata.TypeComment)
	return s
}

// rulesOf lists the rules of one of our chains; none when it does not exist.
func rulesOf(c *nftables.Conn, chain string) ([]*nftables.Rule, error) {
	rules, err := c.GetRules(ownTable(), &nftables.Chain{Name: chain})
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading rules of %s: %w", chain, err)
	}
	return rules, nil
}

// gone reports whether err says that the thing does not exist. The library
// does not wrap every cause, so the text is looked at too.
func gone(err error) bool {
	return err != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOENT) ||
		strings.Contains(err.Error(), "no such file or directory"))
}

func sortedElements(es []nftables.SetElement) []nftables.SetElement {
	return slices.SortedFunc(slices.Values(es), func(a, b nftables.SetElement) int {
		if c := bytes.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		if a.IntervalEnd == b.IntervalEnd {
			return 0
		}
		if a.IntervalEnd {
			return -1
		}
		return 1
	})
}

// tableExists reports whether our table is there.
func tableExists() (bool, error) {
	c, err := openNetfilter()
	if err != nil {
		return false, err
	}
	ts, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return false, fmt.Errorf("listing tables: %w", err)
	}
	return slices.ContainsFunc(ts, func(t *nftables.Table) bool { return t.Name == tableName }), nil
}

// removeTable deletes our table with all that it holds; none is success.
func removeTable() error {
	there, err := tableExists()
	if err != nil || !there {
		return err
	}
	c, err := openNetfilter()
	if err != nil {
		return err
	}
	c.DelTable(ownTable())
	if err := c.Flush(); err != nil && !gone(err) {
		return fmt.Errorf("removing table %s: %w", tableName, err)
	}
	return nil
}

// tryDest is where a refused packet wanted to go.
type tryDest struct {
	addr  netip.Addr
	proto uint8
	port  uint16
}

// setName is the name of one of a mark's sets in one generation.
func setName(mark, gen, role string) string { return key(mark) + gen + "_" + role }

// replace puts p in place of what old holds (nil: nothing) in one transaction,
// so that no packet sees neither.
func replace(old *kept, p plan, now time.Time) error {
	c, err := openNetfilter()
	if err != nil {
		return err
	}
	gen := "a"
	if old != nil {
		if old.gen == "a" {
			gen = "b"
		}
		if err := dropMark(c, old); err != nil {
			return err
		}
	}
	if err := addMark(c, p, gen, now); err != nil {
		return err
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("setting the block: %w", err)
	}
	return nil
}

// remove takes a mark's rules and sets away.
func remove(k *kept) error {
	c, err := openNetfilter()
	if err != nil {
		return err
	}
	if err := dropMark(c, k); err != nil {
		return err
	}
	if err := c.Flush(); err != nil && !gone(err) {
		return fmt.Errorf("lifting the block: %w", err)
	}
	return nil
}

func dropMark(c *nftables.Conn, k *kept) error {
	for _, r := range k.rules {
		if err := c.DelRule(r); err != nil {
			return fmt.Errorf("removing a rule: %w", err)
		}
	}
	for _, s := range k.sets {
		c.DelSet(s)
	}
	return nil
}

// dropOrphans removes sets of marks that have no rules any more: somebody
// flushed our table, which leaves the sets.
func dropOrphans(marks map[string]*kept) error {
	c, err := openNetfilter()
	if err != nil {
		return err
	}
	sets, err := c.GetSets(ownTable())
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading sets: %w", err)
	}
	used := map[string]bool{}
	for _, k := range marks {
		for _, s := range k.sets {
			used[s.Name] = true
		}
	}
	for _, s := range sets {
		if !used[s.Name] {
			c.DelSet(s)
		}
	}
	if err := c.Flush(); err != nil && !gone(err) {
		return fmt.Errorf("removing left-over sets: %w", err)
	}
	return nil
}

// watching reports whether our table is there and still makes the kernel track connections.
func watching() (bool, error) {
	c, err := openNetfilter()
	if err != nil {
		return false, err
	}
	return hasWatch(c, &nftables.Chain{Name: chainReturning})
}

// addMark adds p's sets and rules to the batch.
func addMark(c *nftables.Conn, p plan, gen string, now time.Time) error {
	t := ownTable()
	macs := &nftables.Set{
		Table: t, Name: setName(p.mark, gen, "mac"), KeyType: nftables.TypeEtherAddr,
		KeyByteOrder: binaryutil.BigEndian, HasTimeout: !p.until.IsZero(),
	}
	if err := c.AddSet(macs, macElements(p, now)); err != nil {
		return fmt.Errorf("making a set: %w", err)
	}
	rule := func(chain, role string, parts ...[]expr.Any) {
		c.AddRule(&nftables.Rule{
			Table: t, Chain: &nftables.Chain{Name: chain, Table: t},
			Exprs: slices.Concat(parts...), UserData: commentData(p.comment(role)),
		})
	}
	device := fromDevice(macs)
	rule(chainLeaving, roleHome, device, []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chainHome}})
	for _, f := range families() {
		match := slices.Concat(isFamily(f), device)
		if !p.any {
			rs := p.family(f.v6())
			if len(rs) == 0 {
				continue
			}
			to := &nftables.Set{
				Table: t, Name: setName(p.mark, gen, "to"+f.suffix), KeyType: f.kind, Interval: true,
				KeyByteOrder: binaryutil.BigEndian,
			}
			if err := addInterval(c, to, rs); err != nil {
				return err
			}
			match = slices.Concat(match, []expr.Any{network(f.dst, f.size, reg0), lookup(to, reg0)})
		}
		flows, tries := flowSet(p, gen, f), trySet(p, gen, f)
		for _, s := range []*nftables.Set{flows, tries} {
			if err := c.AddSet(s, nil); err != nil {
				return fmt.Errorf("making a set: %w", err)
			}
		}
		rule(chainLeaving, roleLearn, match, hasPorts(), learn(f, flows))
		rule(chainLeaving, roleTry, match, hasPorts(), during(p), note(f, tries))
		rule(chainLeaving, roleRefuse, match, during(p), drop())
		rule(chainReturning, roleFreeze, isFamily(f), hasPorts(), returning(f, flows), during(p), drop())
	}
	return nil
}

// macElements are p's devices; the kernel forgets them by itself when a pause is over.
func macElements(p plan, now time.Time) []nftables.SetElement {
	var out []nftables.SetElement
	for _, m := range p.macs {
		e := nftables.SetElement{Key: m[:]}
		if !p.until.IsZero() {
			e.Timeout = max(p.until.Sub(now), time.Millisecond)
		}
		out = append(out, e)
	}
	return out
}

func addInterval(c *nftables.Conn, s *nftables.Set, rs []addrRange) error {
	if err := c.AddSet(s, nil); err != nil {
		return fmt.Errorf("making a set: %w", err)
	}
	for part := range slices.Chunk(interval(rs), elementsPer) {
		if err := c.SetAddElements(s, part); err != nil {
			return fmt.Errorf("filling a set: %w", err)
		}
	}
	return nil
}

// flowSet is where the kernel notes the open flows of p's devices.
func flowSet(p plan, gen string, f fam) *nftables.Set {
	return &nftables.Set{
		Table: ownTable(), Name: setName(p.mark, gen, "flow"+f.suffix), Dynamic: true, HasTimeout: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(f.kind, f.kind, nftables.TypeInetProto, nftables.TypeInetService, nftables.TypeInetService),
		Timeout: flowMemory, Size: flowsLimit,
	}
}

// trySet is where the kernel notes what it refused.
func trySet(p plan, gen string, f fam) *nftables.Set {
	return &nftables.Set{
		Table: ownTable(), Name: setName(p.mark, gen, "try"+f.suffix), Dynamic: true, HasTimeout: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeEtherAddr, f.kind, nftables.TypeInetProto, nftables.TypeInetService),
		Timeout: tryMemory, Size: triesLimit,
	}
}

// load reads all marks back from the kernel.
func load(now time.Time) (map[string]*kept, error) {
	c, err := openNetfilter()
	if err != nil {
		return nil, err
	}
	marks := map[string]*kept{}
	for _, chain := range []string{chainLeaving, chainReturning} {
		rules, err := rulesOf(c, chain)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			addKeptRule(marks, r)
		}
	}
	sets, err := c.GetSets(ownTable())
	if err != nil && !gone(err) {
		return nil, fmt.Errorf("reading sets: %w", err)
	}
	for _, k := range marks {
		if err := k.readSets(c, sets, now); err != nil {
			return nil, err
		}
	}
	return marks, nil
}

func addKeptRule(marks map[string]*kept, r *nftables.Rule) {
	role, p, ok := parseComment(commentOf(r))
	if !ok {
		return
	}
	k := marks[p.mark]
	if k == nil {
		k = &kept{plan: p}
		marks[p.mark] = k
	}
	k.rules = append(k.rules, r)
	if role != roleRefuse {
		return
	}
	for _, e := range r.Exprs {
		if n, ok := e.(*expr.Counter); ok {
			k.refused += n.Packets
			k.bytes += n.Bytes
		}
	}
}

// readSets fills k from those of sets that are its own.
func (k *kept) readSets(c *nftables.Conn, sets []*nftables.Set, now time.Time) error {
	prefix, targets := key(k.mark), 0
	for _, s := range sets {
		rest, ok := strings.CutPrefix(s.Name, prefix)
		if !ok || len(rest) < 3 || rest[1] != '_' {
			continue
		}
		k.gen, k.sets = rest[:1], append(k.sets, s)
		role := rest[2:]
		if strings.HasPrefix(role, "flow") {
			continue
		}
		es, err := c.GetSetElements(s)
		if err != nil {
			return fmt.Errorf("reading set %s: %w", s.Name, err)
		}
		switch role {
		case "mac":
			for _, e := range es {
				if len(e.Key) >= 6 {
					k.macs = append(k.macs, mac(e.Key[:6]))
				}
			}
		case "to4", "to6":
			targets++
			k.to = append(k.to, rangesOf(es)...)
		case "try4", "try6":
			k.tries = append(k.tries, triesOf(es, now)...)
		}
	}
	k.any = targets == 0
	k.to = mergeRanges(k.to)
	slices.SortFunc(k.macs, func(a, b mac) int { return slices.Compare(a[:], b[:]) })
	k.complete = k.whole()
	return nil
}

// whole reports whether k has every rule and set that its plan asks for.
func (k *kept) whole() bool {
	n := 0
	for _, f := range families() {
		if k.any || len(k.family(f.v6())) > 0 {
			n++
		}
	}
	sets := 1 + 2*n
	if !k.any {
		sets += n
	}
	return n > 0 && len(k.rules) == 1+4*n && len(k.sets) == sets
}

// triesOf reads the elements that note wrote.
func triesOf(es []nftables.SetElement, now time.Time) []try {
	var out []try
	for _, e := range es {
		size := len(e.Key) - 16 // hardware address 8, protocol 4, port 4
		if size != 4 && size != 16 {
			continue
		}
		a, _ := netip.AddrFromSlice(e.Key[8 : 8+size])
		t := try{mac: mac(e.Key[:6]), dest: tryDest{a, e.Key[8+size], binary.BigEndian.Uint16(e.Key[12+size:])}}
		if e.Counter != nil {
			t.packets, t.bytes = e.Counter.Packets, e.Counter.Bytes
		}
		if e.Expires > 0 && e.Expires <= tryMemory {
			t.last = now.Add(e.Expires - tryMemory).UTC()
		}
		out = append(out, t)
	}
	return out
}
