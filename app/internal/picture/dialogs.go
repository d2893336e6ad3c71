package picture

import (
	"time"

	"bestbefore/app/internal/view"
)

func permissionsFixture() view.Permissions {
	cards := append(cardFixtures(), view.PermissionCard{
		ID: "robot", DeviceID: "robot", Device: "Robot cleaner", Kind: "vacuum",
		ReceivesLine: "receives: Clean Cloud Co · CN", DataLine: "Floor plan, when it runs",
		StatusLine: "Ended, nothing sent since", StampCaption: "BEST BEFORE", StampText: "01 NOV 26", Struck: true,
		Severity: view.Lapsed, StateWord: "ended",
	}, view.PermissionCard{
		ID: "speaker", DeviceID: "speaker", Device: "Kitchen speaker", Kind: "speaker",
		ReceivesLine: "receives: Talking Speakers Corp · US", DataLine: "What you say after its name",
		StampCaption: "BEST BEFORE", StampText: "28 FEB 27", Severity: view.Fresh, StateWord: "fresh",
	})
	return view.Permissions{
		Revision: 1, Loaded: true, Sentence: "Three permissions end this month.",
		Subline: "14 permissions · 3 wait for you", Review: "Review 3 permissions",
		Filters: []view.Choice{
			{ID: "all", Label: "All", Count: "14", Chosen: true},
			{ID: "soon", Label: "Ends soon", Count: "3"},
			{ID: "still", Label: "Still sending", Count: "1"},
			{ID: "fresh", Label: "Fresh", Count: "8"},
			{ID: "ended", Label: "Ended", Count: "2"},
		},
		Cards: cards,
		Timeline: view.Timeline{
			Title: "The year ahead",
			Months: []view.TimelineMonth{
				{Label: "Nov", Fraction: 0},
				{Label: "Dec", Fraction: 0.083},
				{Label: "Jan", Fraction: 0.167},
				{Label: "Feb", Fraction: 0.25},
				{Label: "Mar", Fraction: 0.333},
				{Label: "Apr", Fraction: 0.417},
				{Label: "May", Fraction: 0.5},
				{Label: "Jun", Fraction: 0.583},
				{Label: "Jul", Fraction: 0.667},
				{Label: "Aug", Fraction: 0.75},
				{Label: "Sep", Fraction: 0.833},
				{Label: "Oct", Fraction: 0.917},
			},
			Marks: []view.TimelineMark{
				{ID: "tv", Label: "Living room TV", When: "14 Nov", Fraction: 0.037, Severity: view.Still},
				{ID: "bell", Label: "Front door bell", When: "30 Nov", Fraction: 0.08, Severity: view.Soon},
				{ID: "printer", Label: "Printer", When: "12 Dec", Fraction: 0.113, Severity: view.Soon},
				{ID: "speaker", Label: "Kitchen speaker", When: "28 Feb", Fraction: 0.33, Severity: view.Fresh},
				{ID: "heat", Label: "Thermostat", When: "31 May", Fraction: 0.58, Severity: view.Fresh},
				{ID: "scale", Label: "Bathroom scale", When: "30 Sep", Fraction: 0.915, Severity: view.Fresh},
			},
		},
	}
}

func reviewFixture() view.Review {
	card := cardFixtures()[1]
	return view.Review{
		Revision: 1, Loaded: true, ID: "bell", Position: "Review · 1 of 3",
		Title: "Front door bell → Bell Maker, United States", Subline: "You agreed on 3 May 2026 for six months. It ends in 8 days.",
		Card: card, SinceTitle: "Since you agreed",
		Since: []view.Change{
			{Lead: "+2 recipients.", Text: "Example Analytics (NL), Cloud Storage Co (US)"},
			{Lead: "3 × as much.", Text: "1.4 GB a week in May, 4.1 GB now"},
			{Lead: "Support ends", Text: "in June 2027, says the maker"},
			{Lead: "Kept its word?", Text: "2 of 4 destinations are not in what the maker declared", Severity: view.Soon},
		},
		LapseTitle: "What happens if it lapses",
		LapseText:  "When 30 November is over the router cuts the bell from the internet. The chime at home keeps working; the phone app stops.",
		AlsoStops:  []string{"Front door bell → Doorbell Events (until 3 March)"},
		Presets:    presetFixtures(), First: day(2026, 11, 23), Last: day(2027, 11, 30),
		CanRenew: true, CanLapse: true, CanEnd: true, NothingLine: "If you do nothing, it lapses.", Next: "tv",
	}
}

func presetFixtures() []view.Preset {
	return []view.Preset{
		{ID: "1m", Label: "1 month", Until: day(2026, 12, 31), Ends: "31 DEC 26"},
		{ID: "3m", Label: "3 months", Until: day(2027, 2, 28), Ends: "28 FEB 27"},
		{ID: "6m", Label: "6 months", Until: day(2027, 5, 31), Ends: "31 MAY 27"},
		{ID: "12m", Label: "12 months", Until: day(2027, 11, 30), Ends: "30 NOV 27"},
	}
}

func giveFixture() view.Give {
	return view.Give{
		Revision: 1, DeviceID: "bell", Device: "Front door bell", Kind: "doorbell", Title: "What may Front door bell send, and until when?",
		Draft: view.GiveDraft{DeviceID: "bell", Recipients: []string{"to:video.bell.example", "at:cdn.bell.example"}, Added: []string{"cdn.bell.example"}},
		Recipients: []view.Choice{
			{ID: "to:video.bell.example", Label: "video.bell.example", Detail: "seen, 4.1 GB in the last 7 days", Chosen: true},
			{ID: "to:events.example", Label: "events.example", Detail: "seen, 212 times in the last 7 days"},
			{ID: "at:cdn.bell.example", Label: "cdn.bell.example", Detail: "added by you", Chosen: true},
			{ID: "any", Label: "Anybody outside your home", Detail: "one date for everything that it sends"},
		},
		Proposed: "bell.example", EndsTitle: "When that day is over",
		Data: []view.Choice{
			{ID: "video", Label: "Video", Chosen: true},
			{ID: "presence", Label: "Who comes and goes", Chosen: true},
			{ID: "audio", Label: "Sound"},
			{ID: "usage", Label: "How it is used"},
			{ID: "technical", Label: "Technical data"},
		},
		Presets:  append([]view.Preset{{ID: "1h", Label: "For an hour"}, {ID: "today", Label: "Today, until midnight"}}, presetFixtures()...),
		PresetID: "6m", Until: day(2027, 5, 31), StampText: "31 MAY 27", Severity: view.Fresh,
		First: day(2026, 11, 23), Last: day(2027, 11, 22),
		Remedies: []view.Choice{
			{ID: "block", Label: "Block it", Detail: "the router stops what it sends to Bell Maker", Chosen: true},
			{ID: "warn", Label: "Only tell me"},
			{ID: "guide", Label: "Show me what to do", Detail: "steps for the maker's own page"},
		},
		Preview: []view.PreviewLine{
			{Text: "When 31 May 2027 is over, the router stops everything from Front door bell to Bell Maker. It keeps that date with this computer off."},
			{Text: "You are asked 30, 7 and 1 days before."},
		},
		AlsoStops: []string{"Front door bell → Doorbell Events (until 3 March)"},
		Confirm:   "Give until 31 May 2027",
	}
}

func disconnectFixture() view.Disconnect {
	return view.Disconnect{
		DeviceID: "bell", Device: "Front door bell", Kind: "doorbell", Title: "Disconnect Front door bell?",
		Text:      "The router cuts it from the internet within a second. You can reconnect it at any time.",
		Stops:     []string{"Pictures and calls on your phone", "Recordings at Bell Maker"},
		Stays:     []string{"The chime at home"},
		AlsoStops: []string{"Front door bell → Doorbell Events (until 3 March)"},
		Confirm:   "Disconnect now",
	}
}

func disconnectedFixture() view.Disconnect {
	d := disconnectFixture()
	d.Title = "Front door bell is disconnected"
	d.Result, d.ResultSev = "asked the router · router confirms · last data 14:03:22, none since", view.Fresh
	d.Undo = view.ActionLink{ID: "undo", Label: "Reconnect"}
	return d
}

func day(y int, m time.Month, d int) view.Day { return view.Day{Year: y, Month: m, Day: d} }
