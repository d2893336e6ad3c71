package store

import (
	"context"

	"bestbefore/consent"
)

// ActionsFrom lists all actions of one origin, newest first. It reads the whole
// table: ask it only when there is a reason to.
func (s *Store) ActionsFrom(ctx context.Context, o consent.Origin) ([]consent.Action, error) {
	all, err := s.actions(ctx, "instr(body, ?) > 0 ORDER BY n DESC", `"origin":"`+string(o)+`"`)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, a := range all {
		if a.Origin == o { // a text of the row may hold the same words
			out = append(out, a)
		}
	}
	return out, nil
}
