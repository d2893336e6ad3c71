package mqtt

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

const (
	controlTopic    = "$CONTROL/dynamic-security/v1"
	controlResponse = "$CONTROL/dynamic-security/v1/response"

	askTimeout    = 5 * time.Second
	rightsTimeout = 2 * time.Second
)

// command is one command to the broker's dynamic security plugin.
type command struct {
	Command         string  `json:"command"`
	Username        string  `json:"username,omitempty"`
	Rolename        string  `json:"rolename,omitempty"`
	Groupname       string  `json:"groupname,omitempty"`
	Textdescription *string `json:"textdescription,omitempty"`
	Verbose         bool    `json:"verbose,omitempty"`
	Count           *int    `json:"count,omitempty"`
	Offset          int     `json:"offset,omitempty"`
	CorrelationData string  `json:"correlationData"`
}

// account is one client of the plugin, as it tells of it.
type account struct {
	Username        string `json:"username"`
	Textname        string `json:"textname"`
	Textdescription string `json:"textdescription"`
	Disabled        bool   `json:"disabled"`
	Roles           []struct {
		Rolename string `json:"rolename"`
	} `json:"roles"`
	Groups []struct {
		Groupname string `json:"groupname"`
	} `json:"groups"`
}

type acl struct {
	Acltype string `json:"acltype"`
	Topic   string `json:"topic"`
	Allow   bool   `json:"allow"`
}

// response is the answer to one command.
type response struct {
	Command         string `json:"command"`
	CorrelationData string `json:"correlationData"`
	Error           string `json:"error"`
	Data            struct {
		TotalCount int       `json:"totalCount"`
		Clients    []account `json:"clients"`
		Client     *account  `json:"client"`
		Role       *struct {
			Rolename string `json:"rolename"`
			ACLs     []acl  `json:"acls"`
		} `json:"role"`
		Group *struct {
			Groupname string `json:"groupname"`
			Roles     []struct {
				Rolename string `json:"rolename"`
			} `json:"roles"`
		} `json:"group"`
		ACLs []acl `json:"acls"` // of getDefaultACLAccess
	} `json:"data"`
}

// anyAccount is a question that changes nothing and that only an administrator
// gets an answer to.
func anyAccount() command {
	one := 1
	return command{Command: "listClients", Verbose: true, Count: &one}
}

const notFound = "Client not found"

// answers matches answers to questions. Every administrator of the broker sees
// every answer, so only the correlation data says which are ours.
type answers struct {
	mu      sync.Mutex // guards waiting
	waiting map[string]chan response
}

func newAnswers() *answers { return &answers{waiting: map[string]chan response{}} }

func (a *answers) take(payload []byte) {
	if !shallow(payload) {
		return
	}
	var msg struct {
		Responses []json.RawMessage `json:"responses"`
	}
	if json.Unmarshal(payload, &msg) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, raw := range msg.Responses {
		var r response
		if json.Unmarshal(raw, &r) != nil {
			continue // somebody else's, in a form that we never ask for
		}
		if ch, ok := a.waiting[r.CorrelationData]; ok {
			delete(a.waiting, r.CorrelationData)
			ch <- r // has room for one
		}
	}
}

func (a *answers) expect(id string) chan response {
	ch := make(chan response, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[id] = ch
	return ch
}

func (a *answers) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, id)
}

var errNoAnswer = errors.New("no answer to a control command")

// ask sends cmds in one message, which the broker carries out without anything
// in between, and waits for every answer. That none comes is how a broker says
// that we may not.
func (s *Session) ask(ctx context.Context, l *link, within time.Duration, cmds ...command) ([]response, error) {
	if err := s.listenForAnswers(ctx, l); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	chans := make([]chan response, len(cmds))
	for i := range cmds {
		var id [8]byte
		if _, err := rand.Read(id[:]); err != nil {
			return nil, connectors.Transient(words.Text("no random number could be made"), err)
		}
		cmds[i].CorrelationData = hex.EncodeToString(id[:])
		chans[i] = s.answers.expect(cmds[i].CorrelationData)
		defer s.answers.forget(cmds[i].CorrelationData)
	}
	msg, err := json.Marshal(map[string]any{"commands": cmds})
	if err != nil {
		return nil, connectors.Permanent(words.Text("a command to the broker cannot be written"), err)
	}
	if err := l.wait(ctx, l.client.Publish(controlTopic, 1, false, msg)); err != nil {
		return nil, err
	}
	out := make([]response, len(cmds))
	for i, ch := range chans {
		select {
		case out[i] = <-ch:
		case <-l.lost:
			return nil, l.gone()
		case <-ctx.Done():
			if may, _ := s.admin(); may {
				return nil, connectors.Transient(words.Text("The broker did not answer in time."), errNoAnswer)
			}
			return nil, mayNot(errNoAnswer)
		}
	}
	return out, nil
}

func (s *Session) listenForAnswers(ctx context.Context, l *link) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.control {
		return nil
	}
	granted, err := l.subscribe(ctx, controlResponse)
	if err != nil {
		return err
	}
	if !granted {
		return mayNot(nil)
	}
	l.control = true
	return nil
}

func mayNot(err error) error {
	return connectors.NeedsPerson(words.Text("This account may not manage the broker's accounts, or the broker has no dynamic security; give it the admin role to block."), err)
}

func isSignIn(err error) bool { return connectors.KindOf(err) == consent.KindSignIn }

// ok turns the first refusal among res into an error; skip is a refusal that is fine.
func ok(res []response, skip string) error {
	for _, r := range res {
		if r.Error != "" && r.Error != skip {
			return connectors.Permanent(words.Text("The broker refused to change the account."), fmt.Errorf("%s: %s", r.Command, clip(r.Error, 100)))
		}
	}
	return nil
}
