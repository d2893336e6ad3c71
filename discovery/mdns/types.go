package mdns

// builtinTypes are asked for from the first second. Devices of other types are
// found by enumeration and by what is overheard, a round trip later; some
// devices answer no enumeration at all, hence the list. Which types exist is
// taken from Home Assistant's generated list (Apache-2.0), the IANA registry and
// vendors' documentation.
var builtinTypes = []string{
	// screens, speakers, players
	"_googlecast._tcp", "_airplay._tcp", "_raop._tcp", "_companion-link._tcp", "_appletv-v2._tcp", "_mediaremotetv._tcp",
	"_touch-able._tcp", "_sleep-proxy._udp", "_spotify-connect._tcp", "_sonos._tcp", "_androidtvremote._tcp",
	"_androidtvremote2._tcp", "_amzn-wplay._tcp", "_amzn-alexa._tcp", "_viziocast._tcp", "_soundtouch._tcp",
	"_bangolufsen._tcp", "_devialet-http._tcp", "_volumio._tcp", "_xbmc-jsonrpc-h._tcp", "_xbmc-jsonrpc._tcp",
	"_plexmediasvr._tcp", "_plexclient._tcp", "_snapcast._tcp", "_snapcast-tcp._tcp", "_snapcast-stream._tcp",
	"_snapcast-jsonrpc._tcp", "_snapcast-http._tcp", "_mpd._tcp", "_daap._tcp", "_dacp._tcp", "_heos-audio._tcp",
	"_linkplay._tcp", "_musc._tcp", "_nvstream._tcp", "_nvstream_dbd._tcp", "_roku-rcp._tcp", "_lg-smart-device._tcp",
	"_philipstv_rpc._tcp", "_hap._tcp", "_hap._udp", "_homekit._tcp", "_matter._tcp", "_matterc._udp", "_matterd._udp",
	"_meshcop._udp", "_trel._udp", "_hue._tcp",
	// printers and scanners
	"_ipp._tcp", "_ipps._tcp", "_printer._tcp", "_pdl-datastream._tcp", "_uscan._tcp", "_uscans._tcp", "_scanner._tcp",
	"_privet._tcp", "_octoprint._tcp",
	// computers and storage
	"_device-info._tcp", "_workstation._tcp", "_smb._tcp", "_adisk._tcp", "_afpovertcp._tcp", "_nfs._tcp", "_webdav._tcp",
	"_webdavs._tcp", "_ftp._tcp", "_ssh._tcp", "_sftp-ssh._tcp", "_rfb._tcp", "_rdp._tcp", "_http._tcp", "_https._tcp",
	"_udisks-ssh._tcp", "_system-bridge._tcp", "_nut._tcp", "_rdlink._tcp", "_remotepairing._tcp", "_apple-mobdev2._tcp",
	// smart home
	"_esphomelib._tcp", "_shelly._tcp", "_nanoleafapi._tcp", "_nanoleafms._tcp", "_miio._udp", "_dyson_mqtt._tcp",
	"_360eye_mqtt._tcp", "_wled._tcp", "_axis-video._tcp", "_elg._tcp", "_hwenergy._tcp", "_bond._tcp", "_lutron._tcp",
	"_kizbox._tcp", "_kizboxdev._tcp", "_dvl-deviceapi._tcp", "_enphase-envoy._tcp", "_dkapi._tcp", "_fbx-api._tcp",
	"_zwave-js-server._tcp", "_wyoming._tcp", "_slzb-06._tcp", "_uzg-01._tcp", "_technove-stations._tcp", "_plugwise._tcp",
	"_powerview._tcp", "_PowerView-G3._tcp", "_ship._tcp", "_ewelink._tcp", "_lifx._tcp", "_arduino._tcp",
	"_homewizard._tcp", "_czc._tcp", "_zigate-zigbee-gateway._tcp", "_zigstar_gw._tcp", "_rabbitair._udp", "_eve._tcp",
	"_autodiscover._udp",
	// software for the home
	"_mqtt._tcp", "_secure-mqtt._tcp", "_home-assistant._tcp", "_hass-mobile-app._tcp", "_openhab-server._tcp",
	"_bestbefore._tcp",
}
