package fingerprint

import (
	"strings"

	"bestbefore/discovery"
)

// idRule says which TXT keys of a service type identify the device itself.
// Only keys of which the maker says so are listed: an id that belongs to a
// program on a host (a group of speakers, a bridge in software, a print queue)
// is not the host's.
type idRule struct {
	mac      []string // keys that hold one or several hardware addresses
	serial   []string
	uuid     []string
	prefix   string                         // put before UUIDs that mean something only among their kind
	instance func(string) (id, kind string) // reads the instance name
	unless   func(discovery.Service) bool   // true for software: then nothing is taken
}

var idRules = map[string]idRule{
	"_googlecast._tcp":     {uuid: []string{"id"}, unless: isCastGroup},
	"_airplay._tcp":        {mac: []string{"deviceid"}, serial: []string{"serialNumber"}, uuid: []string{"pi"}, unless: isSoftware},
	"_raop._tcp":           {instance: macBeforeAt, unless: isSoftware},
	"_hap._tcp":            {uuid: []string{"id"}, prefix: "hap:", unless: isSoftware},
	"_hap._udp":            {uuid: []string{"id"}, prefix: "hap:", unless: isSoftware},
	"_hue._tcp":            {uuid: []string{"bridgeid"}, instance: nil, mac: []string{"bridgeid"}},
	"_ipp._tcp":            {uuid: []string{"UUID"}, unless: isQueue},
	"_ipps._tcp":           {uuid: []string{"UUID"}, unless: isQueue},
	"_uscan._tcp":          {uuid: []string{"UUID"}, unless: isQueue},
	"_uscans._tcp":         {uuid: []string{"UUID"}, unless: isQueue},
	"_sonos._tcp":          {instance: macBeforeAt, uuid: []string{"info"}},
	"_esphomelib._tcp":     {mac: []string{"mac"}},
	"_shelly._tcp":         {instance: macAfterDash},
	"_wled._tcp":           {mac: []string{"mac"}},
	"_miio._udp":           {mac: []string{"mac"}},
	"_axis-video._tcp":     {mac: []string{"macaddress"}},
	"_soundtouch._tcp":     {mac: []string{"MAC"}},
	"_matter._tcp":         {prefix: "matter:", instance: whole},
	"_nanoleafapi._tcp":    {uuid: []string{"id"}, prefix: "nanoleaf:"},
	"_nanoleafms._tcp":     {uuid: []string{"id"}, prefix: "nanoleaf:"},
	"_elg._tcp":            {uuid: []string{"id"}, prefix: "elgato:"},
	"_ewelink._tcp":        {uuid: []string{"id"}, prefix: "ewelink:"},
	"_ship._tcp":           {uuid: []string{"ski"}, prefix: "ship:"},
	"_http._tcp":           {mac: []string{"mac_address"}, serial: []string{"serial"}, unless: func(s discovery.Service) bool { return value(s, "vendor") == "" }},
	"_hwenergy._tcp":       {serial: []string{"serial"}},
	"_homewizard._tcp":     {serial: []string{"serial"}},
	"_dvl-deviceapi._tcp":  {serial: []string{"SN"}},
	"_enphase-envoy._tcp":  {serial: []string{"serialnum"}},
	"_dyson_mqtt._tcp":     {instance: dysonSerial},
	"_360eye_mqtt._tcp":    {instance: dysonSerial},
	"_bond._tcp":           {instance: serialName},
	"_workstation._tcp":    {instance: macInBrackets},
	"_home-assistant._tcp": {uuid: []string{"uuid"}},
	"_system-bridge._tcp":  {uuid: []string{"uuid"}},
	"_volumio._tcp":        {uuid: []string{"UUID"}},
	"_xbmc-jsonrpc-h._tcp": {uuid: []string{"uuid"}},
}

// Identifiers reads out of s what identifies the device that announces it. All
// of it is a claim of that device; a Bluetooth address is not taken, nor the
// ids of software that runs on a host.
func Identifiers(s discovery.Service) []discovery.Identifier {
	r, ok := idRules[strings.ToLower(s.Type)]
	if !ok || r.unless != nil && r.unless(s) {
		return nil
	}
	var out []discovery.Identifier
	add := func(t discovery.IdentifierType, v string) {
		if id, ok := (discovery.Identifier{Type: t, Value: v}).Normalize(); ok {
			out = append(out, id)
		}
	}
	for _, k := range r.mac {
		for _, m := range strings.FieldsFunc(value(s, k), func(c rune) bool { return c == '|' || c == ',' || c == ' ' }) {
			add(discovery.MAC, eui48(m))
		}
	}
	for _, k := range r.serial {
		add(discovery.Serial, value(s, k))
	}
	for _, k := range r.uuid {
		if v := value(s, k); k == "info" {
			add(discovery.UDN, rincon(v))
		} else if v != "" {
			add(discovery.UUID, r.prefix+v)
		}
	}
	if r.instance != nil {
		v, kind := r.instance(s.Instance)
		if kind == string(discovery.UUID) {
			v = r.prefix + v
		}
		if v != r.prefix {
			add(discovery.IdentifierType(kind), v)
		}
	}
	return out
}

// value returns what s says, or once said, for key.
func value(s discovery.Service, key string) string {
	if v, ok := s.TXT.Get(key); ok {
		return v
	}
	v, _ := s.Once.Get(key)
	return v
}

// eui48 takes the hardware address out of an EUI-64 made from it (Hue).
func eui48(s string) string {
	if plain := strings.ReplaceAll(s, ":", ""); len(plain) == 16 && strings.EqualFold(plain[6:10], "fffe") {
		return plain[:6] + plain[10:]
	}
	return s
}

// rincon finds Sonos's UDN in the path of its info page.
func rincon(path string) string {
	for _, part := range strings.Split(path, "/") {
		if strings.HasPrefix(part, "RINCON_") {
			return part
		}
	}
	return ""
}

func whole(name string) (string, string) { return name, string(discovery.UUID) }

func serialName(name string) (string, string) { return name, string(discovery.Serial) }

// macBeforeAt reads "48A6B8000020@Bedroom".
func macBeforeAt(name string) (string, string) {
	mac, _, ok := strings.Cut(name, "@")
	if !ok {
		return "", string(discovery.MAC)
	}
	return mac, string(discovery.MAC)
}

// macAfterDash reads "shellyplus1pm-30aea4000019"; shorter endings are only
// half of a hardware address.
func macAfterDash(name string) (string, string) {
	return name[strings.LastIndex(name, "-")+1:], string(discovery.MAC)
}

// macInBrackets reads Avahi's "host [00:11:32:00:00:12]".
func macInBrackets(name string) (string, string) {
	_, rest, _ := strings.Cut(name, "[")
	return strings.TrimSuffix(rest, "]"), string(discovery.MAC)
}

// dysonSerial reads "475_SERIAL" and the newer "DYSON_475_SERIAL".
func dysonSerial(name string) (string, string) {
	return name[strings.LastIndex(name, "_")+1:], string(discovery.Serial)
}

// isCastGroup reports whether s is a group of speakers, which moves from one to another.
func isCastGroup(s discovery.Service) bool {
	return value(s, "md") == "Google Cast Group" || number(value(s, "ca"))&castGroup != 0
}

// isQueue reports whether s is a print queue of a computer (CUPS says what
// sort of queue it is) and not a printer.
func isQueue(s discovery.Service) bool { return value(s, "printer-type") != "" }

// isSoftware reports whether a program announces s that could run on any host.
func isSoftware(s discovery.Service) bool {
	for _, k := range []string{"am", "md", "model", "rpMd"} {
		if software(value(s, k)) != "" {
			return true
		}
	}
	return false
}

// number reads a decimal number; 0 when it is none.
func number(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
