package view

import (
	"cmp"
	"strings"

	"bestbefore/app/internal/engine"
)

// problems are what is wrong now, each with what it means for the household and
// the way out. The words are ours; what was reported stands below them.
func (p Presenter) problems(in []engine.Problem) []Problem {
	var out []Problem
	all, several := p.oneDamage(in)
	for _, x := range all {
		said, ok := p.problemSaid(x)
		if !ok || several && strings.HasPrefix(x.ID, "quarantine/") { // said in the household's words already
			said = saying{text: reported(x)}
			if x.Fix != "" {
				said.text += " " + sentence(cleanText(x.Fix))
			}
		}
		out = append(out, Problem{
			ID: x.ID, Severity: Soon, Word: cmp.Or(said.word, p.problemWord(x.ID)), Text: said.text, Detail: said.detail,
			Action: cmp.Or(said.action, p.problemAction(x.ID)), Also: said.also,
		})
	}
	return out
}

// saying is how a problem is said.
type saying struct {
	word, text, detail string
	action, also       ActionLink
}

// problemSaid is how a kind of problem is said whose report is not for the
// household; false where the report is.
func (p Presenter) problemSaid(x engine.Problem) (saying, bool) {
	for _, words := range []func(engine.Problem) (saying, bool){p.seekWords, p.keyWords, p.fileWords, p.workWords, p.linkWords} {
		if s, ok := words(x); ok {
			return s, true
		}
	}
	return saying{}, false
}

// reported is the report itself, for whoever helps.
func reported(x engine.Problem) string { return capital(sentence(cleanText(x.Text))) }

// seekWords are those of the ways to find devices.
func (p Presenter) seekWords(x engine.Problem) (saying, bool) {
	s := saying{word: p.T("Devices may be missed:"), detail: reported(x)}
	again := " " + p.T("It is tried again by itself; what is known already stays.")
	switch x.ID {
	case "mdns":
		s.text = p.T("Those that announce themselves cannot all be heard now. If this stays, look whether a firewall or another program on this computer keeps port 5353 for itself.") + again
	case "search by UPnP":
		s.text = p.T("Televisions, speakers and routers that answer a search cannot all be asked now. If this stays, look whether this computer is in the home's network and its firewall lets the answers in.") + again
	case "neighbour table":
		s.text = p.T("Which addresses are in use at home cannot be read now, so silent devices appear late or not at all.") + again
	case "announcing", "announce":
		s.word = p.T("Good to know:")
		s.text = p.T("Other programs at home do not find this one by themselves. Nothing else is affected, and it is tried again by itself.")
	default:
		return saying{}, false
	}
	return s, true
}

// keyWords are those of the key that seals passwords.
func (p Presenter) keyWords(x engine.Problem) (saying, bool) {
	s := saying{detail: reported(x), action: ActionLink{ID: string(PageSettings), Label: p.T("Open settings")}}
	until := " " + p.T("Until then dates are kept, but what needs a password waits, and the end of the diary is not sealed.")
	switch x.ID {
	case "key store":
		s.text = p.T("This computer's key store does not open. Unlock it, or start it; it is looked at again by itself.") + until
		s.also, s.action = s.action, ActionLink{ID: AnswerKey, Label: p.T("Look again")}
	case "passphrase":
		s.text = p.T("Your passphrase is wanted, which opens the key for passwords. Enter it in the settings.") + until
	case "passphrase/damaged":
		s.text = p.T("The file that your passphrase opens is damaged. Put it back from a copy of your own, or choose a new passphrase and enter the passwords again.") + until
	default:
		return saying{}, false
	}
	return s, true
}

// fileWords are those of our own files.
func (p Presenter) fileWords(x engine.Problem) (saying, bool) {
	s := saying{detail: reported(x)}
	kind, ref, _ := strings.Cut(x.ID, "/")
	switch kind {
	case "files":
		s.text = p.T("A file with your permissions and the diary is damaged. Put a copy back, or save first what is there now: both are in the settings.")
	case "traffic":
		s.word = p.T("Good to know:")
		s.text = p.T("The record of past traffic was damaged, and what was damaged of it is lost. Permissions, diary and devices are not affected, and watching goes on: there is nothing to do.")
	case "file":
		s.word = p.T("Set aside:")
		s.text = p.T("A damaged file of past traffic was replaced. It is kept beside the new one and can be deleted; there is nothing to do.")
	case "check":
		s.word = p.T("Good to know:")
		s.text = p.T("Our own files could not be checked for damage. They are checked again at the next start.")
	case "restore":
		s.text = p.T("The copy could not be put back; the files are as they were. Choose another copy, or try this one again.")
	case "backup":
		s.text = p.T("No copy of your permissions could be made. Make room on the disk; it is tried again every hour.")
	case "old traffic":
		s.text = p.T("What was seen long ago could not be deleted on time. Make room on the disk; it is tried again by itself.")
	case "quarantine":
		s.text = p.T("A damaged record was set aside: %s. Everything else goes on. Decide it again, or put a copy back.", p.recordWord(ref))
	default:
		return saying{}, false
	}
	return s, true
}

// recordWord says what a damaged record is of.
func (p Presenter) recordWord(place string) string {
	place, _, _ = strings.Cut(place, "/")
	switch place {
	case "consent", "consent_version":
		return p.T("a permission")
	case "action":
		return p.T("something that was to be done")
	case "ledger", "diary":
		return p.T("a line of the diary")
	case "device", "inventory":
		return p.T("a device")
	case "connection":
		return p.T("a connection")
	default:
		return p.T("something that was written down")
	}
}

// workWords are those of keeping the dates.
func (p Presenter) workWords(x engine.Problem) (saying, bool) {
	s := saying{detail: reported(x)}
	switch x.ID {
	case "enforcement":
		s.text = p.T("What was decided cannot be carried out or written down just now. Nothing is called done before it is; it is tried again by itself. Look whether the disk is full.")
	case "expiry":
		s.text = p.T("The dates cannot be looked at just now. Nothing is forgotten: what is due is ended as soon as it can be. Look whether the disk is full.")
	default:
		return saying{}, false
	}
	return s, true
}

// linkWords are those of connections and of files about them.
func (p Presenter) linkWords(x engine.Problem) (saying, bool) {
	s := saying{detail: reported(x), action: ActionLink{ID: string(PageConnectors), Label: p.T("Open connectors")}}
	connection, ofOne := strings.CutPrefix(x.ID, "connection ")
	file, ofFile := strings.CutPrefix(x.ID, "connector file ")
	switch {
	case ofOne:
		name := clean(p.Peers[connection])
		if name == "" {
			name = p.T("A connection")
		}
		s.text = p.T("%s has trouble: what it sees may be missing meanwhile. It is tried again by itself; test it if this stays.", name)
	case x.ID == "connections":
		s.text = p.T("The connections cannot be read just now, so nothing outside is asked. It is tried again by itself; look whether the disk is full.")
	case x.ID == "connector files":
		s.text = p.T("The folder with connector files cannot be read, so connections of such kinds do not work.")
	case ofFile:
		s.text = p.T("The connector file %s is not used. Look at it under Connectors: approve it there, or remove it.", clean(file))
	default:
		return saying{}, false
	}
	return s, true
}

// problemWord says in a word what sort of trouble it is.
func (p Presenter) problemWord(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	switch kind {
	case "clock":
		return p.T("Clock in doubt:")
	case "zone":
		return p.T("Another time zone:")
	case "quarantine":
		return p.T("Set aside:")
	case "relapse":
		return p.T("Sends again:")
	case "still":
		return p.T("Still sends:")
	case "action":
		return p.T("Not done yet:")
	default:
		return p.T("Needs you:")
	}
}

// problemAction leads to the page on which the problem can be put right.
func (p Presenter) problemAction(id string) ActionLink {
	kind, _, _ := strings.Cut(id, "/")
	switch kind {
	case "connection", "connectors":
		return ActionLink{ID: string(PageConnectors), Label: p.T("Open connectors")}
	case "review":
		return ActionLink{ID: string(PageReview), Label: p.T("Show the steps")}
	case "relapse", "still":
		return ActionLink{ID: string(PageReview), Label: p.T("What you can do")}
	case "action":
		return ActionLink{ID: AnswerRetry, Label: p.T("Try again")}
	case "clock":
		return ActionLink{ID: AnswerClock, Label: p.T("The clock is right")}
	case "zone":
		return ActionLink{ID: AnswerZone, Label: p.T("Keep them so")}
	case "quarantine", "files", "restore", "backup":
		return ActionLink{ID: string(PageSettings), Label: p.T("Open backups")}
	case "diary seal":
		return ActionLink{ID: string(PageDiary), Label: p.T("Open the diary")}
	default:
		return ActionLink{}
	}
}
