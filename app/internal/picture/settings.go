package picture

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
)

// settingsFixture is the page of settings of the household in the pictures.
func settingsFixture() view.Settings {
	return presenter().Settings(view.SettingsInput{
		Desk: view.Desk{
			CanAutostart: true, Autostart: true, Owner: true, Tray: true, Background: view.Ask, Look: view.LookSystem, Text: 100,
			Folder: "your own folder/bestbefore",
		},
		Preferences: engine.Preferences{Reminders: true},
		Connections: []engine.ConnectionInfo{routerConnection()},
		Held:        heldDates(),
		Key:         engine.KeyInfo{Provider: "key store"},
		Backups: view.BackupsInput{
			Copies: []engine.Backup{
				{Name: "evidence-2", Time: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), Bytes: 412_000},
				{Name: "evidence-1", Time: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), Bytes: 409_000, Wanted: true},
			},
			Damaged: []engine.Quarantined{{What: "consent", Key: "c7k2", Reason: "its checksum is wrong"}},
		},
		Forget: view.ForgetInput{
			Draft: view.ForgetDraft{Scope: view.ForgetAll},
			Preview: engine.ForgetPreview{
				Goes:  []string{"Where any device sent, when and how much: every record and every sum of it."},
				Stays: []string{"Permissions and what was done about them.", "The diary as a chain: that something was deleted is written there."},
			},
		},
	})
}

// leavingFixture is the question when the window is closed.
func leavingFixture() view.Leaving {
	here := engine.ConsentInfo{Consent: consent.Consent{Decided: consent.Given, Expires: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)}}
	there := here
	there.HeldBy = "Linux router"
	return view.Presenter{}.Leaving([]engine.ConsentInfo{here, here, there})
}
