package demo

import (
	"net/netip"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/announce"
)

// device is one made-up thing: what it announces, and to whom it sends.
type device struct {
	key      string // the relay's own id of it
	uid      string // by which its announcements are recognised, in canonical form
	mac      string // set where the relay knows it, as a router does
	instance string
	typ      string
	text     []string
	sends    []stream
}

// stream is what a device sends to one host, again and again.
type stream struct {
	host  string
	port  uint16
	bytes int
	every time.Duration
}

// The doorbell is the one whose permission runs out.
const (
	bellKey   = "doorbell"
	bellMaker = "Bell Maker"
	bellHost  = "video.bell-maker.example"
	timeHost  = "time.example"
)

// hostPrefix begins the host names of the devices.
const hostPrefix = "bestbefore-demo-"

// zone is where the devices' names stand: another mDNS program of this computer
// that looks into local., as all do, does not see them.
const zone = "bestbefore-demo"

// network is where the devices' addresses lie: on loopback, beside those that
// programs use.
var network = netip.MustParsePrefix("127.0.1.0/24")

// household are the devices of the demo.
func household() []device {
	return []device{
		{
			bellKey, "hap:de:30:00:00:00:01", "", "Front door bell", "_hap._tcp",
			[]string{"id=DE:30:00:00:00:01", "md=Demo Bell 2", "ci=18", "c#=1", "s#=1", "sf=0", "pv=1.1"},
			[]stream{{bellHost, 443, 9_000, 200 * time.Millisecond}, {timeHost, 123, 48, time.Second}},
		},
		{
			"tv", "hap:de:30:00:00:00:02", "", "Living room TV", "_hap._tcp",
			[]string{"id=DE:30:00:00:00:02", "md=Demo TV 55", "ci=31", "c#=1", "s#=1", "sf=0", "pv=1.1"},
			[]stream{{"api.tv-maker.example", 443, 3_000, 500 * time.Millisecond}, {"ads.example", 443, 700, 700 * time.Millisecond}},
		},
		{
			"speaker", "hap:de:30:00:00:00:03", "", "Kitchen speaker", "_hap._tcp",
			[]string{"id=DE:30:00:00:00:03", "md=Demo Speaker", "ci=26", "c#=1", "s#=1", "sf=0", "pv=1.1"},
			[]stream{{"voice.speakers.example", 443, 1_200, 900 * time.Millisecond}},
		},
		{
			"heating", "hap:de:30:00:00:00:04", heatingMAC, "Thermostat", "_hap._tcp",
			[]string{"id=DE:30:00:00:00:04", "md=Demo Heat", "ci=9", "c#=1", "s#=1", "sf=0", "pv=1.1"},
			[]stream{{"cloud.warm-home.example", 8883, 260, time.Second}},
		},
		{
			"printer", "de300000-0000-4000-8000-000000000005", "", "Demo LaserPrint 400", "_ipp._tcp",
			[]string{"txtvers=1", "rp=ipp/print", "ty=Demo LaserPrint 400", "product=(Demo LaserPrint 400)", "usb_MFG=Demo", "usb_MDL=LaserPrint 400", "UUID=de300000-0000-4000-8000-000000000005"},
			[]stream{{"ink.printers.example", 443, 400, 1500 * time.Millisecond}},
		},
	}
}

// proxies are the announcements of ds.
func proxies(ds []device) []announce.Proxy {
	addr := network.Addr()
	var out []announce.Proxy
	for i, d := range ds {
		addr = addr.Next()
		out = append(out, announce.Proxy{
			Instance: d.instance, Type: d.typ, Host: hostPrefix + d.key, Zone: zone, Address: addr, Port: 40_000 + i, Text: d.text,
		})
	}
	return out
}

// identifiers are what the relay says of a device: its own id of it, and the one
// that the device announces, so that both are known to be the same.
func (d device) identifiers(connection string) []discovery.Identifier {
	out := []discovery.Identifier{
		{Type: discovery.UUID, Value: d.uid},
		{Type: discovery.Remote, Value: connection + "/" + d.key},
	}
	if d.mac != "" {
		out = append(out, discovery.Identifier{Type: discovery.MAC, Value: d.mac})
	}
	return out
}

// permission is one that the household has given already.
type permission struct {
	key       string // of the device
	recipient consent.Recipient
	data      []consent.Category
	until     string
}

// given are the permissions of the demo beside the doorbell's.
func given() []permission {
	to := func(name string, hosts ...string) consent.Recipient {
		return consent.Recipient{Name: name, Destinations: hosts}
	}
	return []permission{
		{"tv", to("TV Maker", "api.tv-maker.example"), []consent.Category{"usage"}, "3mo"},
		{"tv", to("Example Ads", "ads.example"), []consent.Category{"usage"}, remindTerm},
		{"speaker", to("Talking Speakers", "voice.speakers.example"), []consent.Category{"audio"}, "1mo"},
		{"heating", to("Warm Home", "cloud.warm-home.example"), []consent.Category{"temperature", "presence"}, "6mo"},
	}
}

// bellMakerRecipient is who receives the doorbell's video.
func bellMakerRecipient() consent.Recipient {
	return consent.Recipient{Name: bellMaker, Destinations: []string{bellHost}}
}
