package kit_test

import (
	"os"
	"testing"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func cards() []view.PermissionCard {
	return []view.PermissionCard{
		{ID: "1", Device: "Living room TV", Kind: "television", ReceivesLine: "receives: Example Ads Ltd · IE", DataLine: "What you watch", StatusLine: "Ended, still sending — 41 requests since", StampCaption: "BEST BEFORE", StampText: "14 NOV 26", Struck: true, Severity: view.Still, StateWord: "still sending", Action: view.CardWhy, ActionLabel: "See why"},
		{ID: "2", Device: "Front door bell", Kind: "doorbell", ReceivesLine: "receives: Bell Maker Inc · US", DataLine: "Video, who comes and goes", StampCaption: "BEST BEFORE", StampText: "30 NOV 26", Severity: view.Soon, StateWord: "8 days", Action: view.CardReview, ActionLabel: "Review"},
		{ID: "3", Device: "Thermostat", Kind: "thermostat", ReceivesLine: "receives: Warm Home GmbH · DE", DataLine: "Temperature, at home or away", StampCaption: "BEST BEFORE", StampText: "31 MAY 27", Severity: view.Fresh, StateWord: "fresh"},
		{ID: "4", Device: "Robot cleaner with a very long name given by somebody", Kind: "vacuum", ReceivesLine: "receives: Datenschutzbeauftragtengesellschaft mbH · DE", DataLine: "Floor plan, pictures of rooms, when nobody is at home, who walks where", StampCaption: "BEST BEFORE", StampText: "01 OCT 26", Struck: true, Severity: view.Lapsed, StateWord: "ended"},
	}
}

func TestLook(t *testing.T) {
	if os.Getenv("LOOK") == "" {
		t.Skip()
	}
	for name, th := range map[string]*kit.Theme{"light": kit.NewTheme(kit.Light, 1), "dark": kit.NewTheme(kit.Dark, 1)} {
		img := picture.Render(func(fyne.Window) fyne.CanvasObject {
			grid := kit.NewCardGrid()
			for _, c := range cards() {
				p := kit.NewPermissionCard(kit.CardConfig{Open: func(view.PermissionCard) {}, Action: func(view.PermissionCard) {}})
				p.Set(c)
				grid.Add(p)
			}
			icons := kit.NewFlow(8)
			for _, k := range []view.Kind{"", "computer", "phone", "tablet", "router", "television", "speaker", "media_player", "camera", "doorbell", "printer", "scanner", "storage", "light", "plug", "thermostat", "sensor", "lock", "alarm", "hub", "vacuum", "appliance", "energy", "garage_door", "air_purifier", "3d_printer", "game_console", "server"} {
				icons.Add(kit.NewStack(kit.NewPanel(kit.ColorFreshTint, 10), kit.NewInset(8, kit.NewPicture(k, kit.ColorFresh, 26))))
			}
			for _, k := range []view.Kind{"camera", "doorbell", "hub", "light", "3d_printer", "vacuum"} {
				icons.Add(kit.NewPicture(k, kit.ColorInk, 64))
			}
			for _, n := range []string{"home", "devices", "permissions", "access", "connectors", "diary", "settings", "search", "back", "next", "close", "check", "calendar", "down", "disconnect", "undo", "pen", "fresh", "soon", "lapsed", "still", "none", "info", "arrow"} {
				icons.Add(kit.NewSign(n, kit.ColorInk, 20))
			}
			return kit.NewPage(kit.NewColumn(16, kit.NewTitle("Three permissions end this month. One device is still sending."), grid, icons))
		}, fyne.NewSize(1072, 800), th)
		if err := picture.Write("/tmp/look/kit-"+name+".png", img); err != nil {
			t.Fatal(err)
		}
	}
}
