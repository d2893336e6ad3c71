package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// TestSendsAreTogetherByCompany: the household's name first, then the company
// that a table knows, else the bare destination; a choice of a company holds
// every destination that was seen.
func TestSendsAreTogetherByCompany(t *testing.T) {
	known := engine.Receiver{Company: "Bell Maker"}
	got := gather([]engine.FlowInfo{
		{Destination: "a.bell.example", Receiver: known, BytesUp: 5},
		{Destination: "b.bell.example", Receiver: known, BytesUp: 5},
		{Destination: "c.bell.example", Receiver: known, Recipient: "My bell", BytesUp: 3},
		{Destination: "203.0.113.9", BytesUp: 1},
	})
	var names []string
	for _, s := range got {
		names = append(names, s.to)
	}
	if !slices.Equal(names, []string{"Bell Maker", "My bell", "203.0.113.9"}) || !slices.Equal(got[0].ids, []string{"a.bell.example", "b.bell.example"}) {
		t.Errorf("%+v", got)
	}
}

// Of hundreds of recipients the page lists the largest and every one that a
// permission is about, and leads to the rest; of a few it lists all.
func TestHundredsOfRecipientsAreNotAllListed(t *testing.T) {
	for n, want := range map[int]int{sendsShown: sendsShown, 300: sendsShown} {
		in := DeviceInput{Device: devices(t)[0], Consents: []engine.ConsentInfo{{Consent: consent.Consent{ID: "c9"}}}}
		for i := range n {
			f := engine.FlowInfo{Destination: fmt.Sprintf("host%d.example", i), BytesUp: uint64(1000 - i)}
			if i == n-1 {
				f.Consent = "c9" // the smallest one
			}
			in.Flows = append(in.Flows, f)
		}
		page := presenter(t).Device(in)
		if len(page.Sends) != want || page.Sends[want-1].Consent != "c9" || (page.MoreSends != "") != (n > want) || (page.AllSends.Page == PageFlows) != (n > want) {
			t.Errorf("of %d: %d rows, %q, %+v", n, len(page.Sends), page.MoreSends, page.AllSends)
		}
		if n > want && page.MoreSends != "All 300 recipients" {
			t.Errorf("it leads to %q", page.MoreSends)
		}
	}
}

// What only an engineer can read stands folded away among the technical details,
// and is there whole: the words of protocols, ports, addresses.
func TestWhatIsForEngineersIsFoldedAway(t *testing.T) {
	d := devices(t)[0]
	d.Guess.Evidence = []discovery.Evidence{
		{What: "kind", Value: "doorbell", Because: "says so itself (_bell._tcp)"},
		{What: "kind", Value: "doorbell", Because: "says so itself (_door._tcp ty=Bell (2))"},
		{What: "maker", Value: "Bell Maker", Because: "its hardware address belongs to Bell Maker"},
	}
	page := presenter(t).Device(DeviceInput{Device: d, Flows: []engine.FlowInfo{
		{Destination: "a.bell.example", Recipient: "Bell Maker", Protocol: "tcp", Port: 443, BytesUp: 9, NameBy: engine.NameFromQuestion},
		{Destination: "198.51.100.7", Recipient: "Bell Maker", Protocol: "udp", Port: 5004, BytesUp: 9},
	}})
	engineers := []string{"_tcp", "ty=", "tcp 443", "udp 5004", "198.51.100.7", "DNS"}
	plain, folded := fmt.Sprint(page.Evidence, page.Behaviour.Data), fmt.Sprint(page.Technical)
	for _, s := range page.Sends {
		plain += s.To + s.Who + s.ToLine + s.Secrecy + s.What + s.Basis
	}
	for _, word := range engineers {
		if strings.Contains(plain, word) {
			t.Errorf("%q stands in the open: %s", word, plain)
		}
		if !strings.Contains(folded, word) {
			t.Errorf("%q is not among the technical details: %s", word, folded)
		}
	}
	if got := page.Evidence[0].Because; got != "says so itself" {
		t.Errorf("the reason is %q", got)
	}
}
