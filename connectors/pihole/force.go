package pihole

import (
	"context"
	"time"
)

// Pi-hole says yes to a change at once, but goes by it only when it has read its
// lists anew, up to a second and a half later. How many rules and members it
// goes by is in what it tells of itself; it changes in the same moment.
const (
	forcePoll  = 100 * time.Millisecond
	forceTries = 20
	// forceBlind is waited where no number changes.
	forceBlind = 1500 * time.Millisecond
)

// inForce are the numbers of rules and members that it goes by.
type inForce struct{ rules, members int }

func (s *Session) inForce(ctx context.Context) (inForce, error) {
	var a struct {
		FTL struct {
			Database struct {
				Clients int `json:"clients"`
				Regex   struct {
					Denied struct {
						Total int `json:"total"`
					} `json:"denied"`
				} `json:"regex"`
			} `json:"database"`
		} `json:"ftl"`
	}
	err := s.Get(ctx, "/api/info/ftl", &a)
	return inForce{rules: a.FTL.Database.Regex.Denied.Total, members: a.FTL.Database.Clients}, err
}

// takesForce gives its tables as they stand after a change, and waits until
// Pi-hole goes by them; before are the tables from before it. False is that it
// does not in time, or does not say.
func (s *Session) takesForce(ctx context.Context, before tables, changed bool) (now tables, ok bool, err error) {
	if now, err = s.tables(ctx); err != nil || !changed {
		return now, err == nil, err
	}
	if len(before.members) == len(now.members) && !pause(ctx, forceBlind) { // what was changed last is not among the numbers
		return now, false, nil
	}
	for range forceTries {
		n, err := s.inForce(ctx)
		if err != nil {
			return now, false, nil //nolint:nilerr // it said yes; that it does not say more is in the level
		}
		if n.rules == len(now.rules) && n.members == len(now.members) {
			return now, true, nil
		}
		if !pause(ctx, forcePoll) {
			break
		}
	}
	return now, false, nil
}

// pause waits; false is that nobody waits for it any more.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
