package connectors

import (
	"context"
	"net/netip"

	"bestbefore/consent"
)

// Fit says how well a session's block fits a target.
type Fit struct {
	// Exact says that nothing beside the target's recipient is cut.
	Exact bool
	// Rank orders those that fit, the smallest first.
	Rank int
	// Account is what is cut where the grain is an account.
	Account Account
}

// The ranks. What is sent to a peer itself is cut by the account there, since
// nobody else stands between. Whoever cuts traffic comes before one that only
// refuses to look names up.
const (
	rankAccountThere = iota
	rankRecipient
	rankNames
	rankDevice
	rankAllNames
	rankAccount
)

// FitOf reports how an open session's block fits t; false when it cannot cut
// that at all. It asks nobody.
func FitOf(ctx context.Context, c Capabilities, t Target) (Fit, bool) {
	if c.Blocker == nil {
		return Fit{}, false
	}
	switch c.Traits.Grain {
	case GrainRecipient:
		if c.Traits.NamesOnly {
			return fitNames(t)
		}
		return Fit{Exact: true, Rank: rankRecipient}, true
	case GrainDevice:
		return Fit{Exact: t.Recipient.Any, Rank: rankDevice}, true
	case GrainAccount:
		return fitAccount(ctx, c, t)
	default:
		return Fit{}, false
	}
}

// fitNames is the fit of a session that acts on names: none where the
// recipient is known by addresses alone.
func fitNames(t Target) (Fit, bool) {
	if t.Recipient.Any {
		return Fit{Exact: true, Rank: rankAllNames}, true
	}
	for _, d := range t.Recipient.Destinations {
		_, noAddr := netip.ParseAddr(d)
		_, noPrefix := netip.ParsePrefix(d)
		if noAddr != nil && noPrefix != nil {
			return Fit{Exact: true, Rank: rankNames}, true
		}
	}
	return Fit{}, false
}

func fitAccount(ctx context.Context, c Capabilities, t Target) (Fit, bool) {
	f := Fit{Exact: true, Rank: rankAccount}
	if !t.Recipient.Any {
		f.Rank = rankAccountThere
	}
	if c.Accounter == nil {
		return Fit{}, false
	}
	acc, err := c.Accounter.AccountOf(ctx, t)
	if err != nil {
		return f, KindOf(err) != consent.KindUnsupported // it says itself why, when it is asked to block
	}
	f.Account, f.Exact = acc, len(acc.Shares) == 0
	return f, true
}
