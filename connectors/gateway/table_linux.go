package gateway

import (
	"bytes"
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

// prepare makes our table with its chains and the rules common to all marks.
// What marks it holds already is left as it is.
func prepare(homeIfs []string) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening netfilter: %w", err)
	}
	t := c.AddTable(ownTable())
	athome := c.AddChain(&nftables.Chain{Table: t, Name: chainHome})
	c.FlushChain(athome)
	for _, r := range atHomeRules(homeIfs) {
		c.AddRule(&nftables.Rule{Table: t, Chain: athome, Exprs: r})
	}
	accept := nftables.ChainPolicyAccept
	c.AddChain(&nftables.Chain{Table: t, Name: chainLeaving, Type: nftables.ChainTypeFilter, Policy: &accept,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityRef(prioLeaving)})
	back := c.AddChain(&nftables.Chain{Table: t, Name: chainReturning, Type: nftables.ChainTypeFilter, Policy: &accept,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityRef(prioReturning)})
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
		&expr.Bitwise{SourceRegister: reg0, DestRegister: reg0, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(expr.CtStateBitNEW), Xor: make([]byte, 4)},
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
	c, err := nftables.New()
	if err != nil {
		return false, fmt.Errorf("opening netfilter: %w", err)
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
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening netfilter: %w", err)
	}
	c.DelTable(ownTable())
	if err := c.Flush(); err != nil && !gone(err) {
		return fmt.Errorf("removing table %s: %w", tableName, err)
	}
	return nil
}
