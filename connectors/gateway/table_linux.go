package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// table is what our table held at one generation of the kernel's tables. As long
// as that is the kernel's, nothing need be read again but what packets move.
type table struct {
	gen     uint32 // 0 is not to be relied on
	marks   map[string]*kept
	strays  []string // sets of marks that have no rules
	watched bool     // the kernel is made to track connections
	home    int      // rules about what stays at home
}

// ready reports whether t has what is common to all marks.
func (t *table) ready(stays atHome) bool { return t.watched && t.home == len(atHomeRules(stays)) }

// prepare makes our table with its chains and the rules common to all marks.
// What marks it holds already is left as it is.
func (n *kernel) prepare(stays atHome) error {
	c, err := n.library()
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
	rules, err := n.rulesOf(chainReturning)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, watches) {
		c.InsertRule(&nftables.Rule{Table: t, Chain: back, Exprs: watchRule(), UserData: commentData(watchComment)})
	}
	if err := n.commit(c); err != nil {
		return fmt.Errorf("making table %s: %w", tableName, err)
	}
	return nil
}

const watchComment = "bb-watch"

func watches(r rule) bool { return r.comment == watchComment }

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

func commentData(s string) []byte { return userdata.AppendString(nil, userdata.TypeComment, s) }

// gone reports whether err says that the thing does not exist. The library
// does not wrap every cause, so the text is looked at too.
func gone(err error) bool {
	return err != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOENT) ||
		strings.Contains(err.Error(), "no such file or directory"))
}

// tableExists reports whether our table is there.
func (n *kernel) tableExists() (bool, error) {
	c, err := n.library()
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
func (n *kernel) removeTable() error {
	there, err := n.tableExists()
	if err != nil || !there {
		return err
	}
	c, err := n.library()
	if err != nil {
		return err
	}
	c.DelTable(ownTable())
	if err := n.commit(c); err != nil && !gone(err) {
		return fmt.Errorf("removing table %s: %w", tableName, err)
	}
	return nil
}

// readTries is how often the table is read again because it changed meanwhile.
const readTries = 3

// load reads rules and the names of sets back from the kernel.
func (n *kernel) load() (*table, error) {
	for try := 1; ; try++ {
		before, err := n.generation()
		if err != nil {
			return nil, err
		}
		t, err := n.loadOnce()
		if err != nil {
			return nil, err
		}
		after, err := n.generation()
		if err != nil {
			return nil, err
		}
		if before == after {
			t.gen = after
			return t, nil
		}
		if try == readTries {
			return t, nil // good enough for now, and read again by the next
		}
	}
}

func (n *kernel) loadOnce() (*table, error) {
	t := &table{marks: map[string]*kept{}}
	for _, chain := range []string{chainHome, chainLeaving, chainReturning} {
		rules, err := n.rulesOf(chain)
		if err != nil {
			return nil, err
		}
		if chain == chainHome {
			t.home = len(rules)
			continue
		}
		for _, r := range rules {
			t.watched = t.watched || watches(r)
			t.addRule(r)
		}
	}
	c, err := n.library()
	if err != nil {
		return nil, err
	}
	sets, err := c.GetSets(ownTable())
	if err != nil && !gone(err) {
		return nil, fmt.Errorf("reading sets: %w", err)
	}
	n.read.Add(uint64(len(sets)))
	owners := map[string]*kept{}
	for _, k := range t.marks {
		owners[setName(k.mark, k.gen, "")] = k
	}
	for _, s := range sets {
		head, _, _ := strings.Cut(s.Name, "_")
		if k := owners[head+"_"]; k != nil {
			k.sets = append(k.sets, s.Name)
		} else {
			t.strays = append(t.strays, s.Name)
		}
	}
	return t, nil
}

func (t *table) addRule(r rule) {
	_, p, ok := parseComment(r.comment)
	if !ok {
		return
	}
	k := t.marks[p.mark]
	if k == nil {
		k = &kept{plan: p}
		t.marks[p.mark] = k
	}
	k.rules = append(k.rules, r)
	if gen, _, ok := strings.Cut(strings.TrimPrefix(r.set, key(p.mark)), "_"); ok {
		k.gen = gen
	}
}

// put sets p in place of what its mark held, and reads it back. The new sets
// come first, where nothing uses them yet; then the rules change over at once.
func (n *kernel) put(t *table, p plan, now time.Time) (*kept, error) {
	mark, gen := safeMark(p.mark), "a"
	old := t.marks[mark]
	if old == nil {
		old = &kept{}
	} else if old.gen == "a" {
		gen = "b"
	}
	before := t.gen
	t.gen = 0 // until all went well
	c, err := n.library()
	if err != nil {
		return nil, err
	}
	k := &kept{plan: plan{mark: mark, from: p.from, until: p.until}, gen: gen}
	if k.sets, err = addSets(c, p, gen, now); err != nil {
		return nil, err
	}
	if err := n.commit(c); err != nil {
		return nil, fmt.Errorf("making the block's sets: %w", err)
	}
	if k.rules, err = n.swap(old.rules, old.sets, rulesFor(p, gen)); err != nil {
		return nil, fmt.Errorf("setting the block: %w", err)
	}
	if k.rules, err = n.again(k.rules); err != nil {
		return nil, err
	}
	if err := n.fill(k, now); err != nil {
		return nil, err
	}
	t.marks[mark] = k
	return k, n.advance(t, before, 2)
}

// take removes a mark, and looks whether it has gone.
func (n *kernel) take(t *table, k *kept) error {
	before := t.gen
	t.gen = 0
	if _, err := n.swap(k.rules, k.sets, nil); err != nil && !gone(err) {
		return fmt.Errorf("lifting the block: %w", err)
	}
	left, err := n.again(k.rules)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return connectors.Transient(words.Text("the router took the request but still shows the block"), nil)
	}
	delete(t.marks, k.mark)
	return n.advance(t, before, 1)
}

// tidy removes sets of marks that have no rules any more: somebody flushed our
// table, which leaves the sets, or an earlier run was killed between the two.
func (n *kernel) tidy(t *table) error {
	if len(t.strays) == 0 {
		return nil
	}
	before := t.gen
	t.gen = 0
	if _, err := n.swap(nil, t.strays, nil); err != nil && !gone(err) {
		return fmt.Errorf("removing left-over sets: %w", err)
	}
	t.strays = nil
	return n.advance(t, before, 1)
}

// advance has t stand for the generation after so many changes of ours, if
// nobody else changed anything meanwhile; else it is read anew by the next.
func (n *kernel) advance(t *table, gen uint32, changes int) error {
	if gen == 0 {
		return nil
	}
	now, err := n.generation()
	if err != nil {
		return err
	}
	for range changes {
		gen = following(gen)
	}
	if now == gen {
		t.gen = gen
	}
	return nil
}

// recount reads the counters of all marks again.
func (n *kernel) recount(t *table) error {
	rules, err := n.rulesOf(chainLeaving)
	if err != nil {
		return err
	}
	packets := make(map[uint64]uint64, len(rules))
	for _, r := range rules {
		packets[r.handle] = r.packets
	}
	for _, k := range t.marks {
		for i, r := range k.rules {
			if r.chain == chainLeaving {
				k.rules[i].packets = packets[r.handle]
			}
		}
	}
	return nil
}
