package connectors

import (
	"context"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Accounter is a session whose grain is an account: it tells which account at
// the peer a target stands for, and whether ending that account ends what the
// target's recipient gets. It answers from what it has seen and asks nobody, so
// it may be called beside other methods. KindUnsupported: no account is known
// to be this device's, or the recipient is not reached through it.
// KindNeedsPerson: several are.
type Accounter interface {
	AccountOf(ctx context.Context, t Target) (Account, error)
}

// Account is one account at a peer and how we know whose it is.
type Account struct {
	Name    string `json:"name"`    // the peer's own id of it, which is the id of its grant too
	Because string `json:"because"` // the evidence, in a sentence's end: "because ..."
	// Called is what to call it in a sentence where it is no account to a person:
	// `the integration "Lumi Cloud"`. Empty: the account and its name.
	Called string `json:"called,omitempty"`
	// Shares are other devices that send through the same account, by the peer's
	// own ids: they would stop too.
	Shares []discovery.Identifier `json:"shares,omitempty"`
}

// Words are what to call the account in a sentence, cleaned.
func (a Account) Words() string {
	if a.Called != "" {
		return string(discovery.CleanLong(a.Called))
	}
	return words.Sprintf("the account %q", string(discovery.Clean(a.Name)))
}

// TargetOf is what a block of d towards r hits: its identifiers but for
// hardware addresses that stand only in a text (a device could name another's
// there, and have that one cut), and the addresses it has been seen at, the
// newest first.
func TargetOf(d discovery.Device, r consent.Recipient) Target {
	addrs := slices.Clone(d.Addresses)
	slices.SortStableFunc(addrs, func(x, y discovery.Address) int { return int(min(max(y.Seen-x.Seen, -1), 1)) })
	out := Target{Device: d.ID, Recipient: r}
	out.Identifiers = slices.DeleteFunc(slices.Clone(d.Identifiers), func(i discovery.Identifier) bool {
		return i.Type == discovery.MAC && len(d.Hardware) > 0 && !slices.Contains(d.Hardware, i.Value)
	})
	for _, a := range addrs {
		if !a.Claimed {
			out.Addresses = append(out.Addresses, a.Addr.String())
		}
	}
	return out
}
