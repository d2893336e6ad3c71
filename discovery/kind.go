package discovery

// Kind is what sort of thing a device is; the picture is chosen by it.
type Kind string

// The kinds. KindUnknown is the zero value.
const (
	KindUnknown    Kind = ""
	KindComputer   Kind = "computer"
	KindPhone      Kind = "phone"
	KindTablet     Kind = "tablet"
	KindRouter     Kind = "router"
	KindTelevision Kind = "television"
	KindSpeaker    Kind = "speaker"
	KindMedia      Kind = "media_player"
	KindCamera     Kind = "camera"
	KindDoorbell   Kind = "doorbell"
	KindPrinter    Kind = "printer"
	KindScanner    Kind = "scanner"
	KindStorage    Kind = "storage"
	KindLight      Kind = "light"
	KindPlug       Kind = "plug"
	KindThermostat Kind = "thermostat"
	KindSensor     Kind = "sensor"
	KindLock       Kind = "lock"
	KindAlarm      Kind = "alarm"
	KindHub        Kind = "hub"
	KindVacuum     Kind = "vacuum"
	KindAppliance  Kind = "appliance"
	KindEnergy     Kind = "energy"
	KindGarage     Kind = "garage_door"
	KindAir        Kind = "air_purifier"
	KindPrinter3D  Kind = "3d_printer"
	KindGame       Kind = "game_console"
	KindServer     Kind = "server"
)

// Personal reports whether devices of kind k stand for a person, so that
// product.md's "no watching each other" applies: companies only, by the day.
// Unknown kinds count as personal until somebody says otherwise.
func (k Kind) Personal() bool {
	switch k {
	case KindPhone, KindTablet, KindComputer, KindUnknown:
		return true
	default:
		return false
	}
}
