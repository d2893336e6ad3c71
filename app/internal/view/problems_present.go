package view

import (
	"strings"

	"bestbefore/app/internal/engine"
)

// problems are what is wrong now, each with the way out.
func (p Presenter) problems(in []engine.Problem) []Problem {
	var out []Problem
	for _, x := range p.oneDamage(in) {
		text := capital(sentence(cleanText(x.Text)))
		if x.Fix != "" {
			text += " " + sentence(cleanText(x.Fix))
		}
		out = append(out, Problem{
			ID: x.ID, Severity: Soon, Word: p.problemWord(x.ID), Text: text, Action: p.problemAction(x.ID),
		})
	}
	return out
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
		return ActionLink{ID: string(PageReview), Label: p.T("See why")}
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
