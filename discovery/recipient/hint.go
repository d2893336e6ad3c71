package recipient

import "bestbefore/discovery/flow"

// service is a port that one use is registered for.
type service struct {
	protocol flow.Protocol
	port     uint16
}

// hints are ports of IANA's registry whose use hardly varies. They hint at what
// for, never at who.
var hints = map[service]Purpose{
	{"udp", 123}: Time, {"udp", 53}: Names, {"tcp", 53}: Names, {"tcp", 853}: Names, {"udp", 853}: Names, {"dns", 0}: Names,
	{"tcp", 25}: Mail, {"tcp", 465}: Mail, {"tcp", 587}: Mail, {"tcp", 993}: Mail, {"tcp", 995}: Mail, {"tcp", 143}: Mail, {"tcp", 110}: Mail,
	{"tcp", 5223}: Push, {"tcp", 5228}: Push, {"udp", 3478}: Calls, {"tcp", 5061}: Calls, {"udp", 5060}: Calls, {"tcp", 5060}: Calls,
	{"udp", 51820}: Remote, {"udp", 500}: Remote, {"udp", 4500}: Remote, {"udp", 1194}: Remote, {"tcp", 22}: Remote,
	{"tcp", 631}: Printing, {"tcp", 9100}: Printing, {"tcp", 554}: Video, {"tcp", 1935}: Video,
}

// Hint says what a port is usually used for; "" where it tells nothing. It is a
// hint and must be named as one: anything can be sent to any port.
func Hint(protocol flow.Protocol, port uint16) Purpose { return hints[service{protocol, port}] }
