package fingerprint

import (
	"strings"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// Bits of Google Cast's "ca".
const (
	castVideo = 1
	castAudio = 4
	castGroup = 32
)

func readCast(s discovery.Service, h *hints) {
	ca := number(value(s, "ca"))
	switch {
	case isCastGroup(s):
	case ca&castVideo != 0:
		h.kind(discovery.KindTelevision, 0.6, saysTXT(s, "ca"), s.Source)
	case ca&castAudio != 0:
		h.kind(discovery.KindSpeaker, 0.8, saysTXT(s, "ca"), s.Source)
	}
}

// appleKinds are beginnings of Apple's model names.
var appleKinds = []kindRule{
	{"AppleTV", discovery.KindMedia, 0.95},
	{"AudioAccessory", discovery.KindSpeaker, 0.95},
	{"MacBook", discovery.KindComputer, 0.95},
	{"Macmini", discovery.KindComputer, 0.95},
	{"MacPro", discovery.KindComputer, 0.95},
	{"iMac", discovery.KindComputer, 0.95},
	{"Mac1", discovery.KindComputer, 0.9},
	{"iPhone", discovery.KindPhone, 0.95},
	{"iPad", discovery.KindTablet, 0.95},
	{"AirPort", discovery.KindRouter, 0.9},
}

func apple(s discovery.Service, model string, conf float64, h *hints) bool {
	for _, r := range appleKinds {
		if strings.HasPrefix(model, r.word) {
			h.maker("Apple", conf, saysTXT(s, "model"), s.Source)
			h.kind(r.kind, conf, saysTXT(s, "model"), s.Source)
			return true
		}
	}
	return false
}

func readAirPlay(s discovery.Service, h *hints) {
	model := value(s, "model")
	if isSoftware(s) || apple(s, model, 0.95, h) {
		return
	}
	// Third parties of AirPlay are televisions (they show video) and speakers.
	if f, _, _ := strings.Cut(value(s, "features"), ","); f != "" && videoBit(f) {
		h.kind(discovery.KindTelevision, 0.85, words.Text("takes pictures by AirPlay (features)"), s.Source)
	} else if f != "" {
		h.kind(discovery.KindSpeaker, 0.6, words.Text("takes sound by AirPlay (features)"), s.Source)
	}
}

// videoBit reports whether bit 0 of AirPlay's features, or 7 (screen), is set.
func videoBit(hex string) bool {
	hex = strings.TrimPrefix(strings.ToLower(hex), "0x")
	if hex == "" {
		return false
	}
	last := strings.IndexByte("0123456789abcdef", hex[len(hex)-1])
	second := 0
	if len(hex) > 1 {
		second = strings.IndexByte("0123456789abcdef", hex[len(hex)-2])
	}
	return last >= 0 && second >= 0 && (last&1 != 0 || second&8 != 0)
}

func readDeviceInfo(s discovery.Service, h *hints) {
	model := value(s, "model")
	// Samba names an Apple model to get a picture in the Finder.
	if model == "Xserve" || strings.HasPrefix(model, "RackMac") || strings.HasPrefix(model, "TimeCapsule") {
		h.kind(discovery.KindStorage, 0.5, saysTXT(s, "model"), s.Source)
		return
	}
	if apple(s, model, 0.7, h) {
		h.model(model, 0.6, saysTXT(s, "model"), s.Source)
	}
}

func readHAP(s discovery.Service, h *hints) {
	if k, ok := hapKinds[number(value(s, "ci"))]; ok {
		h.kind(k, 0.85, saysTXT(s, "ci"), s.Source)
	}
	if strings.HasPrefix(value(s, "md"), "BSB") {
		h.maker("Signify", 0.8, saysTXT(s, "md"), s.Source)
	}
}

func readPrinter(s discovery.Service, h *hints) {
	// A name without a port and a word is only held by somebody who shares it.
	if isQueue(s) || s.Port == 0 && len(s.TXT) == 0 { // a computer that shares a printer: the printer is another device
		h.drop()
		h.kind(discovery.KindServer, 0.3, words.Sprintf("shares a printer (%s)", clean(s.Type)), s.Source)
		return
	}
	ty, product := value(s, "ty"), strings.Trim(value(s, "product"), "()")
	model := first(value(s, "usb_MDL"), ty, product)
	maker, _, _ := strings.Cut(first(ty, product), " ")
	conf := 0.7
	if mfg := value(s, "usb_MFG"); mfg != "" {
		maker, conf = mfg, 0.85
	}
	h.maker(maker, conf, saysTXT(s, "usb_MFG", "ty"), s.Source)
	h.model(strings.TrimSpace(strings.TrimPrefix(model, maker+" ")), 0.8, saysTXT(s, "usb_MDL", "ty"), s.Source)
	h.name(first(ty, s.Instance), 0.8, saysTXT(s, "ty"), s.Source)
}

func readESPHome(s discovery.Service, h *hints) {
	maker, model, ok := strings.Cut(value(s, "project_name"), ".")
	if !ok {
		return
	}
	h.maker(maker, 0.6, saysTXT(s, "project_name"), s.Source)
	h.model(model, 0.5, saysTXT(s, "project_name"), s.Source)
}

func readMatter(s discovery.Service, h *hints) {
	if k, ok := matterKinds[number(value(s, "DT"))]; ok {
		h.kind(k, 0.85, saysTXT(s, "DT"), s.Source)
	}
}

func readShare(s discovery.Service, h *hints) {
	h.name(s.Instance, 0.45, says(s), s.Source)
}

func readHTTP(s discovery.Service, h *hints) {
	vendor, model := value(s, "vendor"), value(s, "model")
	because := saysTXT(s, "vendor", "model")
	switch {
	case vendor == "Synology", vendor == "QNAP":
		h.maker(vendor, 0.9, because, s.Source)
		h.model(model, 0.9, because, s.Source)
		h.kind(discovery.KindStorage, 0.9, because, s.Source)
		h.name(s.Instance, 0.75, says(s), s.Source)
	case strings.HasPrefix(strings.ToLower(s.Instance), "shelly"):
		h.maker("Shelly", 0.8, says(s), s.Source)
		h.name(s.Instance, 0.5, says(s), s.Source)
	case vendor != "":
		h.maker(vendor, 0.6, because, s.Source)
		h.model(model, 0.6, because, s.Source)
		h.name(s.Instance, 0.5, says(s), s.Source)
	default:
		h.name(s.Instance, 0.4, says(s), s.Source)
	}
}

// readMiio reads "zhimi-airpurifier-mb3_miio123456789".
func readMiio(s discovery.Service, h *hints) {
	model, _, ok := strings.Cut(s.Instance, "_miio")
	if !ok {
		return
	}
	if strings.HasPrefix(model, "yeelink-") {
		h.maker("Yeelight", 0.85, says(s), s.Source)
	}
	h.model(model, 0.8, says(s), s.Source)
	for _, r := range []kindRule{
		{"airpurifier", discovery.KindAir, 0.85},
		{"vacuum", discovery.KindVacuum, 0.85},
		{"light", discovery.KindLight, 0.85},
		{"plug", discovery.KindPlug, 0.85},
		{"camera", discovery.KindCamera, 0.85},
		{"gateway", discovery.KindHub, 0.85},
	} {
		if strings.Contains(model, r.word) {
			h.kind(r.kind, r.conf, says(s), s.Source)
		}
	}
}

// readMPD reads "Music Player @ kitchen-speaker".
func readMPD(s discovery.Service, h *hints) {
	if _, host, ok := strings.Cut(s.Instance, "@ "); ok {
		h.name(host, 0.35, says(s), s.Source)
	}
}

func readAlexa(s discovery.Service, h *hints) {
	lower := strings.ToLower(s.Instance)
	if strings.HasPrefix(lower, "roomba-") || strings.HasPrefix(lower, "irobot-") {
		h.maker("iRobot", 0.8, says(s), s.Source)
		h.kind(discovery.KindVacuum, 0.8, says(s), s.Source)
	}
}

// axisMakers are makers with the camera type by the beginning of the hardware
// address in its TXT record (see the credits).
var axisMakers = map[string]kindRule{
	"00408c": {"Axis", discovery.KindCamera, 0.9}, "accc8e": {"Axis", discovery.KindCamera, 0.9}, "b8a44f": {"Axis", discovery.KindCamera, 0.9},
	"e82725": {"Axis", discovery.KindCamera, 0.9}, "1ccaae": {"DoorBird", discovery.KindDoorbell, 0.9},
}

func readAxis(s discovery.Service, h *hints) {
	mac := strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(value(s, "macaddress")))
	if r, ok := axisMakers[mac[:min(6, len(mac))]]; ok {
		h.maker(r.word, r.conf, saysTXT(s, "macaddress"), s.Source)
		h.kind(r.kind, r.conf, saysTXT(s, "macaddress"), s.Source)
	}
}

// dysonModels are the type numbers in Dyson's instance names.
var dysonModels = map[string]string{
	"358": "PH01", "358E": "PH03", "438": "TP04", "438E": "TP07", "455": "HP02", "469": "DP02", "475": "TP02", "520": "DP04", "527": "HP04", "527E": "HP07",
}

// readDyson reads "475_SERIAL" and the newer "DYSON_SERIAL_438E".
func readDyson(s discovery.Service, h *hints) {
	for _, part := range strings.Split(s.Instance, "_") {
		h.model(dysonModels[strings.ToUpper(part)], 0.8, says(s), s.Source)
	}
}

// says words where a guess comes from: "says so itself (_hue._tcp)".
func says(s discovery.Service) string { return words.Sprintf("says so itself (%s)", clean(s.Type)) }

// saysTXT adds those TXT keys that are there.
func saysTXT(s discovery.Service, keys ...string) string {
	out := clean(s.Type)
	for _, k := range keys {
		if v := value(s, k); v != "" {
			out += " " + k + "=" + clean(v)
		}
	}
	return words.Sprintf("says so itself (%s)", out)
}

func first(in ...string) string {
	for _, s := range in {
		if s != "" {
			return s
		}
	}
	return ""
}

func clean(s string) string { return string(discovery.Clean(s)) }
