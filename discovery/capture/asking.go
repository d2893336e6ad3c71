package capture

import (
	"encoding/binary"
	"strings"

	"github.com/gopacket/gopacket/layers"

	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

// What a device says of itself when it joins the network: to the server that
// gives out addresses (RFC 2131, RFC 8415) or to the switch (IEEE 802.1AB). Its
// own words only; what a server answers is not read.
const (
	factHost  = "hostname"
	factClass = "vendor_class"
)

// The ports and options. RFC 8520 sections 10 and 11 give those of a description.
const (
	portClient4, portServer4 = 68, 67
	portClient6, portServer6 = 546, 547

	optionHost4, optionClass4, optionMUD4, optionEnd4 = 12, 60, 161, 255
	optionClass6, optionMUD6                          = 16, 112

	kindLLDP, tlvOwn = 0x88cc, 127
)

const (
	dhcpHead   = 236 // before the cookie
	maxOption  = 512 // bytes of one option, where it comes in parts (RFC 3396)
	maxOptions = 128
	maxSaid    = 8 // facts of a device
)

// asks reads what the sender of p says of itself in asking for an address, and
// gives it to say under the hardware address that it names.
func asks(p *seen, say func(who mac, key, value string)) {
	switch {
	case p.proto != protoUDP:
	case p.srcPort == portClient4 && p.dstPort == portServer4:
		asks4(p, say)
	case p.srcPort == portClient6 && p.dstPort == portServer6 && p.src.IsLinkLocalUnicast():
		asks6(p.payload, func(key, value string) { say(p.from, key, value) })
	}
}

// asks4 reads a request. One that is passed on for somebody else, or that speaks
// of another hardware address than it came from, says nothing of its sender.
func asks4(p *seen, say func(mac, string, string)) {
	b := p.payload
	if len(b) < dhcpHead+4 || b[0] != 1 || b[1] != 1 || b[2] != 6 || binary.BigEndian.Uint32(b[dhcpHead:]) != 0x63825363 {
		return
	}
	who := mac(b[28:34])
	if p.from != (mac{}) && p.from != who || binary.BigEndian.Uint32(b[24:]) != 0 {
		return
	}
	told := map[byte]string{}
	b = b[dhcpHead+4:]
	for n := 0; len(b) > 0 && b[0] != optionEnd4 && n < maxOptions; n++ {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			break
		}
		value := string(b[2 : 2+int(b[1])])
		switch b[0] {
		case optionHost4, optionClass4, optionMUD4:
			if len(told[b[0]])+len(value) <= maxOption {
				told[b[0]] += value
			}
		}
		b = b[2+int(b[1]):]
	}
	say(who, factHost, told[optionHost4])
	say(who, factClass, told[optionClass4])
	say(who, mud.FactURL, mudURL(told[optionMUD4]))
}

// asks6 reads a client's message; none of those that a relay passes on.
func asks6(b []byte, say func(key, value string)) {
	if len(b) < 4 || b[0] == 0 || b[0] > 11 {
		return
	}
	b = b[4:]
	for n := 0; len(b) >= 4 && n < maxOptions; n++ {
		code, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if len(b) < 4+size {
			return
		}
		value := b[4 : 4+size]
		switch {
		case size > maxOption:
		case code == optionMUD6:
			say(mud.FactURL, mudURL(string(value)))
		case code == optionClass6 && size > 6: // a number of who, then texts with their lengths
			if text := value[6:]; int(binary.BigEndian.Uint16(value[4:])) <= len(text) {
				say(factClass, string(text[:binary.BigEndian.Uint16(value[4:])]))
			}
		}
		b = b[4+size:]
	}
}

// neighbourly reads the description's address that a device gives to the switch
// (RFC 8520 section 12); false for any other packet.
func neighbourly(link layers.LinkType, b []byte, say func(who mac, key, value string)) bool {
	if link != layers.LinkTypeEthernet || len(b) < 14 || binary.BigEndian.Uint16(b[12:]) != kindLLDP {
		return false
	}
	who := mac(b[6:12])
	b = b[14:]
	for n := 0; len(b) >= 2 && n < maxOptions; n++ {
		head := binary.BigEndian.Uint16(b)
		kind, size := head>>9, int(head&0x1ff)
		if kind == 0 || len(b) < 2+size {
			break
		}
		if v := b[2 : 2+size]; kind == tlvOwn && size > 4 && v[0] == 0 && v[1] == 0 && v[2] == 0x5e && v[3] == 1 {
			say(who, mud.FactURL, mudURL(string(v[4:])))
		}
		b = b[2+size:]
	}
	return true
}

// mudURL is the address in a MUDstring: what follows a space is for later
// (RFC 8520 section 10). One that no description may have is none.
func mudURL(s string) string {
	at, _, _ := strings.Cut(strings.TrimRight(s, "\x00"), " ")
	at, _ = mud.Announced(discovery.Device{Facts: []discovery.Fact{{Key: mud.FactURL, Value: at}}})
	return at
}

// say keeps what a device said of itself; the last word counts.
func (t *table) say(who mac, key, value string) {
	value = strings.TrimRight(value, "\x00")
	if key == mud.FactURL { // an address is whole or it is none; mudURL has looked at it
		value = string(discovery.CleanLong(value))
	} else {
		value = string(discovery.Clean(value))
	}
	if value == "" || who == (mac{}) || who.group() {
		return
	}
	d := t.device(who)
	if d.MAC != who.text() { // there was no room
		return
	}
	for i := range d.Said {
		if d.Said[i].Key == key {
			d.Said[i].Value = value
			return
		}
	}
	if len(d.Said) < maxSaid {
		d.Said = append(d.Said, discovery.Fact{Key: key, Value: value, Source: t.c.Source})
	}
}
