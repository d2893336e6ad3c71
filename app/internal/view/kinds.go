package view

import "bestbefore/discovery"

// kind gives the word for a kind of device.
func (p Presenter) kind(k discovery.Kind) string {
	if w := p.kindsAtHome()[k]; w != "" {
		return w
	}
	return p.T("kind not known")
}

// kindsAtHome are the words for all kinds.
func (p Presenter) kindsAtHome() map[discovery.Kind]string {
	return map[discovery.Kind]string{
		discovery.KindComputer:   p.T("computer"),
		discovery.KindPhone:      p.T("phone"),
		discovery.KindTablet:     p.T("tablet"),
		discovery.KindRouter:     p.T("router"),
		discovery.KindTelevision: p.T("television"),
		discovery.KindSpeaker:    p.T("speaker"),
		discovery.KindMedia:      p.T("media player"),
		discovery.KindCamera:     p.T("camera"),
		discovery.KindDoorbell:   p.T("doorbell"),
		discovery.KindPrinter:    p.T("printer"),
		discovery.KindScanner:    p.T("scanner"),
		discovery.KindStorage:    p.T("storage"),
		discovery.KindLight:      p.T("light"),
		discovery.KindPlug:       p.T("plug"),
		discovery.KindThermostat: p.T("thermostat"),
		discovery.KindSensor:     p.T("sensor"),
		discovery.KindLock:       p.T("lock"),
		discovery.KindAlarm:      p.T("alarm"),
		discovery.KindHub:        p.T("hub"),
		discovery.KindVacuum:     p.T("robot cleaner"),
		discovery.KindAppliance:  p.T("household appliance"),
		discovery.KindEnergy:     p.T("energy"),
		discovery.KindGarage:     p.T("garage door"),
		discovery.KindAir:        p.T("air cleaner"),
		discovery.KindPrinter3D:  p.T("3D printer"),
		discovery.KindGame:       p.T("game console"),
		discovery.KindServer:     p.T("server"),
	}
}
