package fingerprint

import "bestbefore/discovery"

// hapKinds are Apple's accessory categories (TXT key ci of _hap).
var hapKinds = map[int]discovery.Kind{
	2: discovery.KindHub, 3: discovery.KindAppliance, 4: discovery.KindGarage, 5: discovery.KindLight, 6: discovery.KindLock,
	7: discovery.KindPlug, 8: discovery.KindPlug, 9: discovery.KindThermostat, 10: discovery.KindSensor, 11: discovery.KindAlarm,
	12: discovery.KindLock, 13: discovery.KindAppliance, 14: discovery.KindAppliance, 15: discovery.KindSensor, 16: discovery.KindSensor,
	17: discovery.KindCamera, 18: discovery.KindDoorbell, 19: discovery.KindAir, 20: discovery.KindThermostat, 21: discovery.KindThermostat,
	22: discovery.KindAir, 23: discovery.KindAir, 24: discovery.KindMedia, 25: discovery.KindSpeaker, 26: discovery.KindSpeaker,
	27: discovery.KindRouter, 28: discovery.KindAppliance, 29: discovery.KindAppliance, 30: discovery.KindAppliance,
	31: discovery.KindTelevision, 33: discovery.KindRouter, 34: discovery.KindSpeaker, 35: discovery.KindMedia, 36: discovery.KindMedia,
}

// matterKinds are device types of the Matter device library (TXT key DT of _matterc).
var matterKinds = map[int]discovery.Kind{
	10: discovery.KindLock, 14: discovery.KindHub, 21: discovery.KindSensor, 23: discovery.KindEnergy, 24: discovery.KindEnergy,
	34: discovery.KindSpeaker, 35: discovery.KindTelevision, 40: discovery.KindTelevision, 43: discovery.KindAppliance, 44: discovery.KindSensor,
	45: discovery.KindAir, 112: discovery.KindAppliance, 114: discovery.KindThermostat, 115: discovery.KindAppliance, 116: discovery.KindVacuum,
	117: discovery.KindAppliance, 118: discovery.KindAlarm, 120: discovery.KindAppliance, 121: discovery.KindAppliance, 123: discovery.KindAppliance,
	124: discovery.KindAppliance, 256: discovery.KindLight, 257: discovery.KindLight, 259: discovery.KindSensor, 262: discovery.KindSensor,
	263: discovery.KindSensor, 266: discovery.KindPlug, 267: discovery.KindPlug, 268: discovery.KindLight, 269: discovery.KindLight,
	514: discovery.KindAppliance, 769: discovery.KindThermostat, 770: discovery.KindSensor, 775: discovery.KindSensor, 1292: discovery.KindEnergy,
}

// kindRule is a word and what a device that uses it is.
type kindRule struct {
	word string
	kind discovery.Kind
	conf float64
}

// upnpKinds are parts of UPnP device types and search targets.
var upnpKinds = []kindRule{
	{"InternetGatewayDevice", discovery.KindRouter, 0.9},
	{"WANDevice", discovery.KindRouter, 0.8},
	{"ZonePlayer", discovery.KindSpeaker, 0.9},
	{"RemoteControlReceiver", discovery.KindTelevision, 0.85},
	{"roku:ecp", discovery.KindMedia, 0.85},
	{"service:dial", discovery.KindTelevision, 0.6},
	{"schemas-denon-com", discovery.KindMedia, 0.8},
	{"ScalarWebAPI", discovery.KindTelevision, 0.6},
	{"Printer", discovery.KindPrinter, 0.85},
	{"Scanner", discovery.KindScanner, 0.8},
	{"DigitalSecurityCamera", discovery.KindCamera, 0.85},
	{"DimmableLight", discovery.KindLight, 0.85},
	{"BinaryLight", discovery.KindLight, 0.85},
	{"HVAC", discovery.KindThermostat, 0.85},
	{"Belkin:device:controllee", discovery.KindPlug, 0.85},
	{"Belkin:device:insight", discovery.KindPlug, 0.85},
	{"MediaRenderer", discovery.KindMedia, 0.65},
	{"MediaServer", discovery.KindStorage, 0.5},
	{"WLANAccessPointDevice", discovery.KindRouter, 0.7},
}

// wordKinds are words in names, in the languages that the program speaks. A
// word matches whole words only, so that a "captain" is no camera.
var wordKinds = []kindRule{
	{"fritz!box", discovery.KindRouter, 0.7}, {"fritzbox", discovery.KindRouter, 0.7}, {"router", discovery.KindRouter, 0.55},
	{"speedport", discovery.KindRouter, 0.7}, {"gateway", discovery.KindRouter, 0.4}, {"fernseher", discovery.KindTelevision, 0.6},
	{"tv", discovery.KindTelevision, 0.6}, {"bravia", discovery.KindTelevision, 0.7}, {"television", discovery.KindTelevision, 0.6},
	{"iphone", discovery.KindPhone, 0.75}, {"pixel", discovery.KindPhone, 0.55}, {"galaxy", discovery.KindPhone, 0.5}, {"phone", discovery.KindPhone, 0.5},
	{"handy", discovery.KindPhone, 0.5}, {"oneplus", discovery.KindPhone, 0.55}, {"ipad", discovery.KindTablet, 0.75}, {"tablet", discovery.KindTablet, 0.6},
	{"kindle", discovery.KindTablet, 0.6}, {"macbook", discovery.KindComputer, 0.75}, {"imac", discovery.KindComputer, 0.75}, {"laptop", discovery.KindComputer, 0.6},
	{"thinkpad", discovery.KindComputer, 0.65}, {"desktop", discovery.KindComputer, 0.55}, {"notebook", discovery.KindComputer, 0.6}, {"pc", discovery.KindComputer, 0.5},
	{"printer", discovery.KindPrinter, 0.6}, {"drucker", discovery.KindPrinter, 0.6}, {"laserjet", discovery.KindPrinter, 0.7}, {"officejet", discovery.KindPrinter, 0.7},
	{"scanner", discovery.KindScanner, 0.6}, {"nas", discovery.KindStorage, 0.6}, {"diskstation", discovery.KindStorage, 0.7}, {"speaker", discovery.KindSpeaker, 0.55},
	{"lautsprecher", discovery.KindSpeaker, 0.55}, {"soundbar", discovery.KindSpeaker, 0.6}, {"homepod", discovery.KindSpeaker, 0.75}, {"echo", discovery.KindSpeaker, 0.5},
	{"camera", discovery.KindCamera, 0.6}, {"kamera", discovery.KindCamera, 0.6}, {"cam", discovery.KindCamera, 0.55}, {"doorbell", discovery.KindDoorbell, 0.65},
	{"klingel", discovery.KindDoorbell, 0.6}, {"türklingel", discovery.KindDoorbell, 0.65}, {"light", discovery.KindLight, 0.5}, {"lamp", discovery.KindLight, 0.55},
	{"licht", discovery.KindLight, 0.5}, {"lampe", discovery.KindLight, 0.55}, {"bulb", discovery.KindLight, 0.55}, {"plug", discovery.KindPlug, 0.55},
	{"steckdose", discovery.KindPlug, 0.6}, {"thermostat", discovery.KindThermostat, 0.65}, {"heizung", discovery.KindThermostat, 0.5}, {"ölheizung", discovery.KindThermostat, 0.5},
	{"sensor", discovery.KindSensor, 0.55}, {"lock", discovery.KindLock, 0.5}, {"schloss", discovery.KindLock, 0.5}, {"roomba", discovery.KindVacuum, 0.75},
	{"roborock", discovery.KindVacuum, 0.75}, {"vacuum", discovery.KindVacuum, 0.65}, {"staubsauger", discovery.KindVacuum, 0.65}, {"washer", discovery.KindAppliance, 0.6},
	{"waschmaschine", discovery.KindAppliance, 0.65}, {"dishwasher", discovery.KindAppliance, 0.65}, {"geschirrspüler", discovery.KindAppliance, 0.65},
	{"fridge", discovery.KindAppliance, 0.65}, {"kühlschrank", discovery.KindAppliance, 0.65}, {"oven", discovery.KindAppliance, 0.6}, {"wallbox", discovery.KindEnergy, 0.65},
	{"inverter", discovery.KindEnergy, 0.55}, {"garage", discovery.KindGarage, 0.55}, {"airpurifier", discovery.KindAir, 0.65}, {"playstation", discovery.KindGame, 0.75},
	{"ps4", discovery.KindGame, 0.7}, {"ps5", discovery.KindGame, 0.7}, {"xbox", discovery.KindGame, 0.7}, {"nintendo", discovery.KindGame, 0.7}, {"octopi", discovery.KindPrinter3D, 0.7},
	{"octoprint", discovery.KindPrinter3D, 0.7}, {"prusa", discovery.KindPrinter3D, 0.65}, {"server", discovery.KindServer, 0.5}, {"homeassistant", discovery.KindServer, 0.7},
	{"raspberrypi", discovery.KindServer, 0.5}, {"hub", discovery.KindHub, 0.5}, {"bridge", discovery.KindHub, 0.5},
}

// makerKinds are makers (as tidied) that make mostly one kind of device.
var makerKinds = map[string]kindRule{
	"Sonos": {"", discovery.KindSpeaker, 0.5}, "Synology": {"", discovery.KindStorage, 0.55}, "QNAP": {"", discovery.KindStorage, 0.55},
	"Brother": {"", discovery.KindPrinter, 0.5}, "Epson": {"", discovery.KindPrinter, 0.45}, "Nintendo": {"", discovery.KindGame, 0.6},
	"Sony Interactive Entertainment": {"", discovery.KindGame, 0.6}, "AVM": {"", discovery.KindRouter, 0.4}, "Hikvision": {"", discovery.KindCamera, 0.55},
	"Axis": {"", discovery.KindCamera, 0.55}, "Dahua": {"", discovery.KindCamera, 0.55}, "Roku": {"", discovery.KindMedia, 0.55}, "iRobot": {"", discovery.KindVacuum, 0.6},
	"Roborock": {"", discovery.KindVacuum, 0.6}, "ecobee": {"", discovery.KindThermostat, 0.6}, "tado": {"", discovery.KindThermostat, 0.5}, "Shelly": {"", discovery.KindPlug, 0.45},
	"Ring": {"", discovery.KindDoorbell, 0.45}, "Arlo": {"", discovery.KindCamera, 0.5}, "Raspberry Pi": {"", discovery.KindServer, 0.3},
}

// makerNames are makers by the beginning of the name in the IEEE listing, lower
// case, where cutting off "GmbH" and the like is not enough.
var makerNames = []struct{ prefix, name string }{
	{"avm", "AVM"}, {"raspberry pi", "Raspberry Pi"}, {"philips lighting", "Signify"}, {"signify", "Signify"}, {"d&m holdings", "Denon"},
	{"samsung", "Samsung"}, {"lg electronics", "LG"}, {"lg innotek", "LG"}, {"huawei", "Huawei"}, {"xiaomi", "Xiaomi"}, {"beijing xiaomi", "Xiaomi"},
	{"hewlett packard", "HP"}, {"hp inc", "HP"}, {"seiko epson", "Epson"}, {"hangzhou hikvision", "Hikvision"}, {"axis communications", "Axis"},
	{"zhejiang dahua", "Dahua"}, {"allterco", "Shelly"}, {"shelly", "Shelly"}, {"tp-link", "TP-Link"}, {"brother", "Brother"}, {"amazon", "Amazon"},
	{"google", "Google"}, {"nest labs", "Google Nest"}, {"apple", "Apple"}, {"sony interactive", "Sony Interactive Entertainment"}, {"sony", "Sony"},
	{"ubiquiti", "Ubiquiti"}, {"microsoft", "Microsoft"}, {"intel", "Intel"}, {"espressif", "Espressif"}, {"tuya", "Tuya"}, {"texas instruments", "Texas Instruments"},
	{"murata", "Murata"}, {"azurewave", "AzureWave"}, {"liteon", "Lite-On"}, {"lite-on", "Lite-On"}, {"hon hai", "Foxconn"}, {"realtek", "Realtek"},
	{"synology", "Synology"}, {"qnap", "QNAP"}, {"bsh", "BSH"}, {"bose", "Bose"}, {"nanoleaf", "Nanoleaf"}, {"nintendo", "Nintendo"}, {"tado", "tado"},
	{"ring llc", "Ring"}, {"arlo", "Arlo"}, {"irobot", "iRobot"}, {"beijing roborock", "Roborock"}, {"roku", "Roku"}, {"ecobee", "ecobee"}, {"canon", "Canon"},
	{"dyson", "Dyson"}, {"miele", "Miele"}, {"netatmo", "Netatmo"}, {"lenovo", "Lenovo"}, {"dell", "Dell"}, {"asustek computer", "ASUS"}, {"asus", "ASUS"},
	{"oneplus", "OnePlus"}, {"motorola mobility", "Motorola"}, {"guangdong oppo", "OPPO"}, {"vivo mobile", "vivo"}, {"devolo", "devolo"}, {"vestel", "Vestel"},
	{"tcl", "TCL"}, {"hisense", "Hisense"}, {"panasonic", "Panasonic"}, {"sharp", "Sharp"}, {"bang & olufsen", "Bang & Olufsen"}, {"harman", "Harman"},
}

// chipMakers make the network chip of other people's devices: seen in an
// address they say little about who made the thing.
var chipMakers = map[string]bool{
	"Espressif": true, "Tuya": true, "Texas Instruments": true, "Murata": true, "AzureWave": true, "Lite-On": true, "Foxconn": true,
	"Realtek": true, "Intel": true, "Raspberry Pi": true, "Broadcom": true, "Qualcomm": true, "MediaTek": true, "Silicon Laboratories": true,
}

// softwareWords betray a program that names its author as the maker: lower-case
// part of a maker, model or server text, and what to call the program.
var softwareWords = []struct{ word, name string }{
	{"shairport", "Shairport Sync"}, {"gmediarender", "gmediarender"}, {"henner zeller", "gmediarender"}, {"ivo clarysse", "gmediarender"},
	{"minidlna", "MiniDLNA"}, {"justin maggard", "MiniDLNA"}, {"rygel", "Rygel"}, {"jellyfin", "Jellyfin"}, {"emby", "Emby"}, {"xbmc", "Kodi"}, {"kodi", "Kodi"},
	{"plex", "Plex"}, {"universal media server", "Universal Media Server"}, {"serviio", "Serviio"}, {"homebridge", "Homebridge"}, {"hap-nodejs", "Homebridge"},
	{"uxplay", "UxPlay"}, {"airmypc", "AirMyPC"}, {"home assistant", "Home Assistant"}, {"upmpdcli", "upmpdcli"}, {"librespot", "librespot"},
}
