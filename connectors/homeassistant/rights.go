package homeassistant

import (
	"context"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// user is whose token it is.
type user struct {
	Name   string `json:"name"`
	Admin  bool   `json:"is_admin"`
	others int    // active people whose logins this user cannot see; -1: not known
}

// askRights finds out whose token it is and what that user may do.
func (s *Session) askRights(ctx context.Context) error {
	me := user{others: -1}
	if err := s.get(ctx, command{"type": "auth/current_user"}, &me); err != nil {
		return err
	}
	me.Name = clean(me.Name)
	keeps := false
	if me.Admin {
		_, err := s.readMarks(ctx)
		if err != nil && connectors.KindOf(err) != consent.KindUnsupported {
			return err
		}
		keeps = err == nil
		me.others = s.countOthers(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.me, s.keeps = me, keeps
	return nil
}

// countOthers is how many other people have an account there.
func (s *Session) countOthers(ctx context.Context) int {
	b, err := s.ask(ctx, command{"type": "config/auth/list"})
	if err != nil {
		return -1
	}
	type person struct {
		Active bool `json:"is_active"`
		System bool `json:"system_generated"`
	}
	all, _, err := rows[person](b, maxUsers)
	if err != nil {
		return -1
	}
	n := -1 // ourselves
	for _, p := range all {
		if p.Active && !p.System {
			n++
		}
	}
	return max(n, 0)
}

// maxUsers bounds how many accounts are counted.
const maxUsers = 1000

func (s *Session) whose() (me user, mayDisable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.me, s.me.Admin && s.keeps
}
