package picture

import "bestbefore/app/internal/view"

// The home of the pictures: the same household as in the design.

func frameFixture() view.Frame {
	return view.Frame{Devices: "23", Permissions: "3", PermissionsState: view.Soon, HoldingLine: "Holding 4 dates on the router."}
}

func cardFixtures() []view.PermissionCard {
	return []view.PermissionCard{
		{
			ID: "tv", DeviceID: "tv", Device: "Living room TV", Kind: "television",
			ReceivesLine: "receives: Example Ads Ltd · IE", DataLine: "What you watch",
			StatusLine: "Ended, still sending — 41 requests since", StampCaption: "BEST BEFORE", StampText: "14 NOV 26",
			Severity: view.Still, StateWord: "still sending", Action: view.CardWhy, ActionLabel: "See why",
			Truths: view.Truths{
				Decided: "until 14 November, by you, on 14 May", Done: "the router blocks it since 15 November, 00:00:03",
				Seen: "41 requests since, last one 12 minutes ago", SeenSeverity: view.Still,
			},
		},
		{
			ID: "bell", DeviceID: "bell", Device: "Front door bell", Kind: "doorbell",
			ReceivesLine: "receives: Bell Maker Inc · US", DataLine: "Video, who comes and goes",
			StampCaption: "BEST BEFORE", StampText: "30 NOV 26", Severity: view.Soon, StateWord: "8 days",
			Action: view.CardReview, ActionLabel: "Review",
			Truths: view.Truths{
				Decided: "until 30 November, by you, on 3 May",
				Done:    "the router holds the date and blocks it when 30 November is over, also with this computer off",
				Seen:    "sending now, 12 minutes ago",
			},
		},
		{
			ID: "heat", DeviceID: "heat", Device: "Thermostat", Kind: "thermostat",
			ReceivesLine: "receives: Warm Home GmbH · DE", DataLine: "Temperature, at home or away",
			StampCaption: "BEST BEFORE", StampText: "31 MAY 27", Severity: view.Fresh, StateWord: "fresh",
		},
	}
}

func homeFixture() view.Home {
	return view.Home{
		Revision: 1, Loaded: true,
		Sentence:  "Three permissions end this month. One device is still sending.",
		Subline:   "23 devices at home · we can see what 17 of them send · last look 14:03",
		Cards:     cardFixtures(),
		MoreCards: "All 14 permissions",
		FlowTitle: "Where your home's data went this week",
		Bars: []view.Bar{
			{Label: "Bell Maker · US", Value: "4.1 GB", Fraction: 1},
			{Label: "TV maker · KR", Value: "1.7 GB", Fraction: 0.415},
			{Label: "Example Ads · IE", Value: "620 MB", Fraction: 0.151, Severity: view.Still},
			{Label: "Warm Home · DE", Value: "38 MB", Fraction: 0.01},
			{Label: "9 others", Value: "240 MB", Fraction: 0.059, Muted: true},
		},
		Countries: []view.Bar{
			{Label: "United States", Value: "4.1 GB", Fraction: 1},
			{Label: "South Korea", Value: "1.7 GB", Fraction: 0.415},
			{Label: "Ireland", Value: "620 MB", Fraction: 0.151},
			{Label: "not known", Value: "240 MB", Fraction: 0.059, Muted: true},
		},
		Purposes:     []view.Bar{{Label: "Its maker's cloud", Value: "5.8 GB", Fraction: 1}, {Label: "Advertising", Value: "620 MB", Fraction: 0.107}},
		AllFlows:     view.ActionLink{ID: "flows", Label: "Search and save all of it"},
		CoverageLine: "Seen by: router since 3 May · Pi-hole since 3 May. Six devices use their own DNS.",
		NewsTitle:    "New since Thursday",
		News: []view.NewsItem{
			{ID: "1", Lead: "A phone joined", Text: " — is it your phone with a new address?", Actions: []view.ActionLink{{ID: "yes", Label: "Yes"}, {ID: "no", Label: "No"}}},
			{ID: "2", Lead: "Living room TV sends to somebody new:", Text: " Metrics Co.", Actions: []view.ActionLink{{ID: "allow", Label: "Allow until…"}, {ID: "stop", Label: "Stop it"}, {ID: "fine", Label: "That's fine"}}},
			{ID: "3", Lead: "Robot cleaner:", Text: " its maker's support ended on 1 Nov.", Route: view.Route{Page: view.PageDevice, Arg: "robot"}},
		},
	}
}

// freshFixture is the home page of a new installation.
func freshFixture() view.Home {
	return view.Home{
		Loaded:   true,
		Sentence: "I can see who is here, not yet what they send.",
		Subline:  "11 devices at home, 8 of them recognised · last look 14:03",
		Empty: view.Invitation{
			Title: "Give the first thing a date", Text: "Choose a device, say who may receive its data and until when. On that day it ends, and you see that it did.",
			Action: view.ActionLink{ID: "give", Label: "Choose a device"},
		},
		FlowTitle: "Where your home's data goes", FlowEmpty: "Nothing can be seen yet. A router, a DNS blocker or Home Assistant shows where data goes.",
		NewsTitle: "I also found",
		News:      []view.NewsItem{{ID: "f", Lead: "A FRITZ!Box", Text: " that can show where data goes and switch things off.", Actions: []view.ActionLink{{ID: "connect", Label: "Connect"}}}},
		Problems:  []view.Problem{{ID: "p", Severity: view.Soon, Word: "Needs you:", Text: "the key store is locked, so nothing that needs a password can be ended.", Action: view.ActionLink{ID: "unlock", Label: "Unlock"}}},
	}
}
