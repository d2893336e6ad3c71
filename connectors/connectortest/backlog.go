package connectortest

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// HeavyDay is a page of AdGuard Home's log of n rows since base, newest first, as
// it writes it: the questions of a heavy home, where each of clients, which have
// the addresses from 192.168.77.30 on, asks for 300 names in turn.
func HeavyDay(base time.Time, n, clients int, q url.Values) []byte {
	const apart = 140 * time.Millisecond
	limit, _ := strconv.Atoi(q.Get("limit"))   // it always says one
	offset, _ := strconv.Atoi(q.Get("offset")) // none is from the newest
	last := n - 1 - offset
	if older, err := time.Parse(time.RFC3339Nano, q.Get("older_than")); err == nil {
		last = min(last, int((older.Sub(base)-1)/apart))
		if !older.After(base) {
			last = -1
		}
	}
	out, oldest := []byte(`{"data":[`), ""
	for i := last; i >= 0 && i > last-limit; i-- {
		if i < last {
			out = append(out, ',')
		}
		oldest = base.Add(time.Duration(i) * apart).Format(time.RFC3339Nano)
		out = fmt.Appendf(out, `{"answer":[{"type":"A","value":"192.0.2.%d","ttl":10}],"answer_dnssec":false,"cached":false,"client":"192.168.77.%d","client_info":{"whois":{},"name":"","disallowed_rule":"","disallowed":false},"client_proto":"","elapsedMs":"0.05","question":{"class":"IN","name":"n%d.example","type":"A"},"reason":"NotFilteredNotFound","rules":[],"status":"NOERROR","time":%q,"upstream":"127.0.0.1:53"}`, i%250, 30+i%clients, i/clients%300, oldest)
	}
	return fmt.Appendf(out, `],"oldest":%q}`, oldest)
}
