package view

import (
	"testing"

	"bestbefore/consent"
)

func TestPeriodsAreSaidAsAPersonWould(t *testing.T) {
	for rule, want := range map[string]string{
		"P6M": "six months", "P1Y": "one year", "PT86404S": "one day", "PT90S": "90 seconds", "PT120S": "two minutes", "PT90M": "90 minutes",
		"PT1H": "one hour", "PT36H": "36 hours", "PT48H": "two days", "PT0S": "", "PT99999999999S": "", "": "",
	} {
		if got := presenter(t).period(consent.Term{Kind: consent.ForPeriod, Rule: rule}); got != want {
			t.Errorf("%q is %q, want %q", rule, got, want)
		}
	}
}
