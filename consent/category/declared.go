package category

import (
	"strings"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// DeclaredOf is what a device says of itself that it handles, by the services
// that it announces: a door bell that offers its picture to the home declares
// video. Who else gets it stands on another page.
func DeclaredOf(d discovery.Device) []Claim {
	var out []Claim
	for _, s := range d.Services {
		kind := strings.ToLower(s.Type)
		kinds, source := announced[kind], kind
		if kind == "_hap._tcp" {
			ci, _ := s.TXT.Get("ci")
			kinds, source = accessory[ci], kind+" ci="+ci
		}
		for _, c := range kinds {
			out = append(out, Claim{Category: c, Basis: Declared, Source: source})
		}
	}
	return Best(out)
}

// announced are kinds of data by service type (the DNS-SD registry of IANA and
// makers' own pages say what each is for).
var announced = map[string][]consent.Category{
	"_rtsp._tcp": {"video"}, "_axis-video._tcp": {"video"}, "_psia._tcp": {"video"}, "_nvstream._tcp": {"playing"},
	"_ipp._tcp": {"print"}, "_ipps._tcp": {"print"}, "_printer._tcp": {"print"}, "_pdl-datastream._tcp": {"print"},
	"_uscan._tcp": {"files"}, "_uscans._tcp": {"files"}, "_scanner._tcp": {"files"},
	"_smb._tcp": {"files"}, "_afpovertcp._tcp": {"files"}, "_nfs._tcp": {"files"}, "_adisk._tcp": {"files"},
	"_googlecast._tcp": {"viewing"}, "_airplay._tcp": {"viewing"}, "_amzn-wplay._tcp": {"viewing"}, "_mediaremotetv._tcp": {"viewing"},
	"_raop._tcp": {"listening"}, "_spotify-connect._tcp": {"listening"}, "_sonos._tcp": {"listening"}, "_daap._tcp": {"listening"}, "_soundtouch._tcp": {"listening"},
}

// accessory are kinds of data by HomeKit's category of an accessory.
var accessory = map[string][]consent.Category{
	"4": {"opening"}, "6": {"opening"}, "9": {"temperature"}, "11": {"safety", "presence"}, "12": {"opening"}, "13": {"opening"},
	"17": {"video", "audio", "motion"}, "18": {"video", "audio", "presence"}, "19": {"air"}, "20": {"temperature"}, "21": {"temperature"}, "22": {"humidity"}, "23": {"humidity"}, "31": {"viewing"},
}
