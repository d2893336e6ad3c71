package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// kernel is our way to the kernel's tables. Rules go by messages of our own,
// since the library tells neither which handle a new rule got, nor reads one
// rule, nor the generation of the tables: without these every act would have to
// read back all that stands. Safe for concurrent use.
type kernel struct {
	read    atomic.Uint64 // rules, sets and elements that were read
	commits atomic.Uint64
}

// rule is one rule as it stands in the kernel.
type rule struct {
	chain, comment string
	handle         uint64
	set            string // the first one that it looks into
	packets        uint64
}

// batchBuffer holds the largest transaction: a block with all the addresses
// that one may have has to go to the kernel in one piece.
const batchBuffer = 8 << 20

func buffers(c *netlink.Conn) error {
	return errors.Join(c.SetWriteBuffer(batchBuffer), c.SetReadBuffer(batchBuffer))
}

// library opens the way for what the library can do: sets, chains and tables.
func (*kernel) library() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.WithSockOptions(buffers))
	if err != nil {
		return nil, fmt.Errorf("opening netfilter: %w", err)
	}
	return c, nil
}

// commit sends what was gathered in c as one transaction.
func (n *kernel) commit(c *nftables.Conn) error {
	n.commits.Add(1)
	return c.Flush()
}

// wire gives f a socket to the kernel's tables.
func wire[T any](f func(*netlink.Conn) (T, error)) (out T, err error) {
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return out, fmt.Errorf("opening netfilter: %w", err)
	}
	defer c.Close() //nolint:errcheck // what was asked has been answered
	if err := buffers(c); err != nil {
		return out, fmt.Errorf("opening netfilter: %w", err)
	}
	return f(c)
}

// tableMessage is a message about our table.
func tableMessage(kind uint16, flags netlink.HeaderFlags, attrs ...netlink.Attribute) (netlink.Message, error) {
	data, err := netlink.MarshalAttributes(attrs)
	if err != nil {
		return netlink.Message{}, fmt.Errorf("writing a message to netfilter: %w", err)
	}
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind), Flags: netlink.Request | flags},
		Data:   append([]byte{byte(nftables.TableFamilyINet), unix.NFNETLINK_V0, 0, 0}, data...),
	}, nil
}

func text(kind uint16, s string) netlink.Attribute {
	return netlink.Attribute{Type: kind, Data: append([]byte(s), 0)}
}

func handle(n uint64) netlink.Attribute {
	return netlink.Attribute{Type: unix.NFTA_RULE_HANDLE, Data: binaryutil.BigEndian.PutUint64(n)}
}

// ask sends one question and gives the answer.
func (*kernel) ask(c *netlink.Conn, kind uint16, flags netlink.HeaderFlags, attrs ...netlink.Attribute) ([]netlink.Message, error) {
	m, err := tableMessage(kind, flags, attrs...)
	if err != nil {
		return nil, err
	}
	return c.Execute(m)
}

// generation counts the changes to all tables of this box, ours and others';
// it is never 0. What packets and timeouts do to a set does not count.
func (n *kernel) generation() (uint32, error) {
	return wire(func(c *netlink.Conn) (gen uint32, err error) {
		ms, err := n.ask(c, unix.NFT_MSG_GETGEN, 0)
		if err != nil {
			return 0, fmt.Errorf("reading the generation of the tables: %w", err)
		}
		for _, m := range ms {
			err = decode(m, func(ad *netlink.AttributeDecoder) {
				if ad.Type() == unix.NFTA_GEN_ID {
					gen = ad.Uint32()
				}
			})
		}
		return gen, err
	})
}

// following is the generation after gen.
func following(gen uint32) uint32 { return max(gen+1, 1) }

// rulesOf lists the rules of one of our chains; none when it does not exist.
func (n *kernel) rulesOf(chain string) ([]rule, error) {
	return wire(func(c *netlink.Conn) ([]rule, error) {
		ms, err := n.ask(c, unix.NFT_MSG_GETRULE, netlink.Dump, text(unix.NFTA_RULE_TABLE, tableName), text(unix.NFTA_RULE_CHAIN, chain))
		if gone(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading rules of %s: %w", chain, err)
		}
		n.read.Add(uint64(len(ms)))
		return rulesIn(ms)
	})
}

// again reads rs once more, one by one; those that are gone are left out.
func (n *kernel) again(rs []rule) ([]rule, error) {
	return wire(func(c *netlink.Conn) ([]rule, error) {
		out := make([]rule, 0, len(rs))
		for _, r := range rs {
			ms, err := n.ask(c, unix.NFT_MSG_GETRULE, 0, text(unix.NFTA_RULE_TABLE, tableName), text(unix.NFTA_RULE_CHAIN, r.chain), handle(r.handle))
			if gone(err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading a rule: %w", err)
			}
			n.read.Add(uint64(len(ms)))
			now, err := rulesIn(ms)
			if err != nil {
				return nil, err
			}
			for _, x := range now {
				if x.comment == r.comment {
					out = append(out, x)
				}
			}
		}
		return out, nil
	})
}

// swap takes rules and sets away and puts rules there in one transaction, so
// that no packet sees neither. It gives the new rules as the kernel tells them.
func (n *kernel) swap(away []rule, sets []string, add []*nftables.Rule) ([]rule, error) {
	batch := []netlink.Message{bound(unix.NFNL_MSG_BATCH_BEGIN)}
	put := func(m netlink.Message, err error) error {
		batch = append(batch, m)
		return err
	}
	var errs []error
	for _, r := range away {
		errs = append(errs, put(tableMessage(unix.NFT_MSG_DELRULE, netlink.Acknowledge,
			text(unix.NFTA_RULE_TABLE, tableName), text(unix.NFTA_RULE_CHAIN, r.chain), handle(r.handle))))
	}
	for _, name := range sets {
		errs = append(errs, put(tableMessage(unix.NFT_MSG_DELSET, netlink.Acknowledge, text(unix.NFTA_SET_TABLE, tableName), text(unix.NFTA_SET_NAME, name))))
	}
	for _, r := range add {
		errs = append(errs, put(newRule(r)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	asked := len(batch) - 1
	if asked == 0 {
		return nil, nil
	}
	batch = append(batch, bound(unix.NFNL_MSG_BATCH_END))
	n.commits.Add(1)
	return wire(func(c *netlink.Conn) ([]rule, error) { return n.send(c, batch, asked) })
}

// bound opens or closes a transaction.
func bound(kind netlink.HeaderType) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request},
		Data:   append([]byte{unix.AF_UNSPEC, unix.NFNETLINK_V0}, binaryutil.BigEndian.PutUint16(unix.NFNL_SUBSYS_NFTABLES)...),
	}
}

func newRule(r *nftables.Rule) (netlink.Message, error) {
	var es []netlink.Attribute
	for _, e := range r.Exprs {
		b, err := expr.Marshal(byte(nftables.TableFamilyINet), e)
		if err != nil {
			return netlink.Message{}, fmt.Errorf("writing a rule: %w", err)
		}
		es = append(es, netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: b})
	}
	list, err := netlink.MarshalAttributes(es)
	if err != nil {
		return netlink.Message{}, fmt.Errorf("writing a rule: %w", err)
	}
	return tableMessage(unix.NFT_MSG_NEWRULE, netlink.Acknowledge|netlink.Create|netlink.Append|netlink.Echo,
		text(unix.NFTA_RULE_TABLE, tableName), text(unix.NFTA_RULE_CHAIN, r.Chain.Name),
		netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_RULE_EXPRESSIONS, Data: list},
		netlink.Attribute{Type: unix.NFTA_RULE_USERDATA, Data: r.UserData})
}

// send waits until each of the asked messages of a transaction is answered.
func (n *kernel) send(c *netlink.Conn, batch []netlink.Message, asked int) ([]rule, error) {
	if _, err := c.SendMessages(batch); err != nil {
		return nil, fmt.Errorf("writing to netfilter: %w", err)
	}
	var told []netlink.Message
	for asked > 0 {
		ms, err := c.Receive()
		if err != nil { // the whole transaction is void
			return nil, fmt.Errorf("netfilter refused: %w", err)
		}
		for _, m := range ms {
			switch m.Header.Type {
			case netlink.Error: // with the number 0: done
				asked--
			case netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_NEWRULE):
				told = append(told, m)
			}
		}
	}
	n.read.Add(uint64(len(told)))
	return rulesIn(told)
}

// decode calls f for each attribute of a message.
func decode(m netlink.Message, f func(*netlink.AttributeDecoder)) error {
	if len(m.Data) < 4 {
		return errors.New("netfilter gave a message that is too short")
	}
	ad, err := netlink.NewAttributeDecoder(m.Data[4:])
	if err != nil {
		return fmt.Errorf("reading a message of netfilter: %w", err)
	}
	ad.ByteOrder = binary.BigEndian
	for ad.Next() {
		f(ad)
	}
	return ad.Err()
}

func rulesIn(ms []netlink.Message) ([]rule, error) {
	out := make([]rule, 0, len(ms))
	for _, m := range ms {
		var r rule
		err := decode(m, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case unix.NFTA_RULE_CHAIN:
				r.chain = ad.String()
			case unix.NFTA_RULE_HANDLE:
				r.handle = ad.Uint64()
			case unix.NFTA_RULE_EXPRESSIONS:
				ad.Nested(func(list *netlink.AttributeDecoder) error {
					for list.Next() {
						list.Nested(r.look)
					}
					return nil
				})
			case unix.NFTA_RULE_USERDATA:
				r.comment, _ = userdata.GetString(ad.Bytes(), userdata.TypeComment)
			}
		})
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// look takes from one expression of a rule what we want to know of it.
func (r *rule) look(e *netlink.AttributeDecoder) error {
	name := ""
	for e.Next() {
		switch {
		case e.Type() == unix.NFTA_EXPR_NAME:
			name = e.String()
		case e.Type() == unix.NFTA_EXPR_DATA && name == "counter":
			e.Nested(func(d *netlink.AttributeDecoder) error {
				for d.Next() {
					if d.Type() == unix.NFTA_COUNTER_PACKETS {
						r.packets += d.Uint64()
					}
				}
				return nil
			})
		case e.Type() == unix.NFTA_EXPR_DATA && name == "lookup" && r.set == "":
			e.Nested(func(d *netlink.AttributeDecoder) error {
				for d.Next() {
					if d.Type() == unix.NFTA_LOOKUP_SET {
						r.set = d.String()
					}
				}
				return nil
			})
		}
	}
	return nil
}
