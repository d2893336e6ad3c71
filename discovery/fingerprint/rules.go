package fingerprint

import "bestbefore/discovery"

// typeRule says what a DNS-SD service type tells about the device behind it.
// The zero value of every field means "nothing".
type typeRule struct {
	vendor string         // the type belongs to this maker
	kind   discovery.Kind // what a device with it mostly is
	conf   float64        // of kind; 0 means 0.7
	maker  string         // TXT key of the maker
	model  string         // TXT keys of the model, the first that is there counts
	name   string         // TXT key of the name that the household gave; "*" is the instance name
	as     string         // put before such a name, to make a room a device
	read   func(discovery.Service, *hints)
}

// typeRules follow Home Assistant's generated list of zeroconf matches (see the
// credits) and what the daemons in the lab really send.
var typeRules = map[string]typeRule{
	"_googlecast._tcp":        {vendor: "Google", model: "md", name: "fn", read: readCast},
	"_airplay._tcp":           {maker: "manufacturer", model: "model", name: "*", read: readAirPlay},
	"_raop._tcp":              {model: "am", name: "*", kind: discovery.KindSpeaker, conf: 0.6},
	"_companion-link._tcp":    {vendor: "Apple", model: "rpMd", name: "*"},
	"_device-info._tcp":       {read: readDeviceInfo},
	"_hap._tcp":               {model: "md", name: "*", read: readHAP},
	"_hap._udp":               {model: "md", name: "*", read: readHAP},
	"_homekit._tcp":           {vendor: "Apple", kind: discovery.KindHub, conf: 0.5},
	"_hue._tcp":               {vendor: "Signify", kind: discovery.KindHub, conf: 0.95, model: "modelid", name: "*"},
	"_ipp._tcp":               {kind: discovery.KindPrinter, conf: 0.85, read: readPrinter},
	"_ipps._tcp":              {kind: discovery.KindPrinter, conf: 0.85, read: readPrinter},
	"_printer._tcp":           {kind: discovery.KindPrinter, conf: 0.8, read: readPrinter},
	"_pdl-datastream._tcp":    {kind: discovery.KindPrinter, conf: 0.85, read: readPrinter},
	"_uscan._tcp":             {kind: discovery.KindScanner, conf: 0.7, maker: "mfg", model: "mdl ty", name: "ty"},
	"_uscans._tcp":            {kind: discovery.KindScanner, conf: 0.7, maker: "mfg", model: "mdl ty", name: "ty"},
	"_scanner._tcp":           {kind: discovery.KindScanner, conf: 0.7, maker: "mfg", model: "mdl ty", name: "ty"},
	"_spotify-connect._tcp":   {kind: discovery.KindMedia, conf: 0.4},
	"_sonos._tcp":             {vendor: "Sonos", kind: discovery.KindSpeaker, conf: 0.95, name: "*", as: "Sonos "},
	"_esphomelib._tcp":        {name: "friendly_name", read: readESPHome},
	"_shelly._tcp":            {vendor: "Shelly", kind: discovery.KindPlug, conf: 0.6, model: "app", name: "*"},
	"_matterc._udp":           {name: "DN", read: readMatter},
	"_meshcop._udp":           {maker: "vn", model: "mn", kind: discovery.KindHub, conf: 0.5},
	"_androidtvremote2._tcp":  {kind: discovery.KindTelevision, conf: 0.85, name: "*"},
	"_amzn-wplay._tcp":        {vendor: "Amazon", kind: discovery.KindMedia, conf: 0.75, name: "n"},
	"_smb._tcp":               {kind: discovery.KindComputer, conf: 0.3, read: readShare},
	"_adisk._tcp":             {kind: discovery.KindStorage, conf: 0.6},
	"_afpovertcp._tcp":        {kind: discovery.KindStorage, conf: 0.45, read: readShare},
	"_nfs._tcp":               {kind: discovery.KindStorage, conf: 0.5},
	"_webdav._tcp":            {kind: discovery.KindStorage, conf: 0.4},
	"_http._tcp":              {read: readHTTP},
	"_workstation._tcp":       {kind: discovery.KindComputer, conf: 0.45},
	"_ssh._tcp":               {kind: discovery.KindComputer, conf: 0.4},
	"_sftp-ssh._tcp":          {kind: discovery.KindComputer, conf: 0.4},
	"_rfb._tcp":               {kind: discovery.KindComputer, conf: 0.6},
	"_rdp._tcp":               {kind: discovery.KindComputer, conf: 0.65},
	"_nanoleafapi._tcp":       {vendor: "Nanoleaf", kind: discovery.KindLight, conf: 0.9, model: "md", name: "*"},
	"_nanoleafms._tcp":        {vendor: "Nanoleaf", kind: discovery.KindLight, conf: 0.9, model: "md", name: "*"},
	"_miio._udp":              {vendor: "Xiaomi", read: readMiio},
	"_dyson_mqtt._tcp":        {vendor: "Dyson", kind: discovery.KindAir, conf: 0.8},
	"_360eye_mqtt._tcp":       {vendor: "Dyson", kind: discovery.KindVacuum, conf: 0.9},
	"_wled._tcp":              {vendor: "WLED", kind: discovery.KindLight, conf: 0.85, name: "*"},
	"_octoprint._tcp":         {kind: discovery.KindPrinter3D, conf: 0.9, maker: "vendor", model: "model", name: "*"},
	"_plexmediasvr._tcp":      {kind: discovery.KindServer, conf: 0.55},
	"_axis-video._tcp":        {kind: discovery.KindCamera, conf: 0.9, name: "*"},
	"_elg._tcp":               {vendor: "Elgato", kind: discovery.KindLight, conf: 0.85, model: "md", name: "*"},
	"_hwenergy._tcp":          {vendor: "HomeWizard", kind: discovery.KindEnergy, conf: 0.9, model: "product_name product_type", name: "product_name"},
	"_homewizard._tcp":        {vendor: "HomeWizard", kind: discovery.KindEnergy, conf: 0.9, model: "product_name product_type", name: "product_name"},
	"_bond._tcp":              {vendor: "Bond", kind: discovery.KindHub, conf: 0.85},
	"_lutron._tcp":            {vendor: "Lutron", kind: discovery.KindHub, conf: 0.9, model: "SYSTYPE", name: "*"},
	"_kizbox._tcp":            {vendor: "Somfy", kind: discovery.KindHub, conf: 0.9},
	"_dvl-deviceapi._tcp":     {vendor: "devolo", kind: discovery.KindRouter, conf: 0.6, model: "Product MT", name: "Product"},
	"_enphase-envoy._tcp":     {vendor: "Enphase", kind: discovery.KindEnergy, conf: 0.95},
	"_dkapi._tcp":             {vendor: "Daikin", kind: discovery.KindThermostat, conf: 0.85},
	"_fbx-api._tcp":           {vendor: "Freebox", kind: discovery.KindRouter, conf: 0.85, name: "*"},
	"_viziocast._tcp":         {vendor: "Vizio", kind: discovery.KindTelevision, conf: 0.85, name: "*"},
	"_soundtouch._tcp":        {vendor: "Bose", kind: discovery.KindSpeaker, conf: 0.95, model: "MODEL", name: "*"},
	"_bangolufsen._tcp":       {vendor: "Bang & Olufsen", kind: discovery.KindSpeaker, conf: 0.9, name: "*"},
	"_devialet-http._tcp":     {vendor: "Devialet", kind: discovery.KindSpeaker, conf: 0.9, name: "*"},
	"_volumio._tcp":           {vendor: "Volumio", kind: discovery.KindMedia, conf: 0.8, name: "volumioName"},
	"_xbmc-jsonrpc-h._tcp":    {kind: discovery.KindMedia, conf: 0.6, name: "*"},
	"_system-bridge._tcp":     {kind: discovery.KindComputer, conf: 0.75},
	"_nut._tcp":               {kind: discovery.KindServer, conf: 0.4},
	"_zwave-js-server._tcp":   {kind: discovery.KindHub, conf: 0.5},
	"_wyoming._tcp":           {kind: discovery.KindServer, conf: 0.35},
	"_slzb-06._tcp":           {vendor: "SMLIGHT", kind: discovery.KindHub, conf: 0.85, name: "*"},
	"_uzg-01._tcp":            {vendor: "ZigStar", kind: discovery.KindHub, conf: 0.85, name: "*"},
	"_technove-stations._tcp": {vendor: "TechnoVE", kind: discovery.KindEnergy, conf: 0.9, name: "*"},
	"_plugwise._tcp":          {vendor: "Plugwise", kind: discovery.KindHub, conf: 0.85, model: "product", name: "*"},
	"_powerview._tcp":         {vendor: "Hunter Douglas", kind: discovery.KindHub, conf: 0.85},
	"_ship._tcp":              {maker: "brand", model: "model", kind: discovery.KindEnergy, conf: 0.6},
	"_mqtt._tcp":              {kind: discovery.KindServer, conf: 0.5},
	"_snapcast._tcp":          {kind: discovery.KindServer, conf: 0.45},
	"_mpd._tcp":               {kind: discovery.KindMedia, conf: 0.5, read: readMPD},
	"_home-assistant._tcp":    {kind: discovery.KindServer, conf: 0.85, name: "location_name"},
	"_ewelink._tcp":           {vendor: "Sonoff", kind: discovery.KindPlug, conf: 0.6},
	"_lifx._tcp":              {vendor: "LIFX", kind: discovery.KindLight, conf: 0.85},
	"_nvstream._tcp":          {kind: discovery.KindComputer, conf: 0.5, name: "*"},
	"_amzn-alexa._tcp":        {read: readAlexa},
}
