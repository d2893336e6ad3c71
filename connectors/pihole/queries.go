package pihole

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
)

// row is one entry of the query log, as far as it is used.
type row struct {
	id      int64 // one more than its own, which begins at 0: ours is never 0
	at      time.Time
	client  netip.Addr
	name    string
	refused bool
	list    int64 // the rule that refused it
}

// page is one answer of the query log, newest first.
type page struct {
	rows []row
	odd  int // entries that could not be read
}

type rawRow struct {
	ID     int64   `json:"id"`
	Time   float64 `json:"time"`
	Status string  `json:"status"`
	Domain string  `json:"domain"`
	Client struct {
		IP string `json:"ip"`
	} `json:"client"`
	List *int64 `json:"list_id"`
}

// maxRows bounds what one page may hold, whatever was asked for.
const maxRows = 50_000

var errPage = errors.New("a page of the query log cannot be read")

// readPage decodes a page. Rows that do not stand below the one before them,
// rows beyond the bound and entries without a time or a name are left out and
// counted, so that a cursor made of it never goes back.
func readPage(body []byte) (page, error) {
	var whole struct {
		Queries []rawRow `json:"queries"`
	}
	if err := json.Unmarshal(body, &whole); err == nil {
		return gather(whole.Queries, 0), nil
	}
	var raw struct {
		Queries []json.RawMessage `json:"queries"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return page{}, errors.Join(errPage, err)
	}
	rows, odd := make([]rawRow, 0, min(len(raw.Queries), maxRows)), 0
	for _, m := range raw.Queries {
		var r rawRow
		if json.Unmarshal(m, &r) != nil {
			odd++
			continue
		}
		rows = append(rows, r)
	}
	return gather(rows, odd), nil
}

// The seconds between which a row's time may lie: the years 2000 and 2200.
const (
	leastTime = 946_684_800
	mostTime  = 7_258_118_400
)

func gather(rows []rawRow, odd int) page {
	p := page{odd: odd}
	if len(rows) > maxRows {
		p.odd += len(rows) - maxRows
		rows = rows[:maxRows]
	}
	p.rows = make([]row, 0, len(rows))
	below := int64(math.MaxInt64)
	for _, r := range rows {
		if r.ID < 0 || r.ID >= below || r.Domain == "" || !(r.Time >= leastTime && r.Time <= mostTime) {
			p.odd++
			continue
		}
		below = r.ID
		sec, frac := math.Modf(r.Time)
		x := row{id: r.ID + 1, at: time.Unix(int64(sec), int64(frac*1e9)).UTC(), client: dnsblock.Client(r.Client.IP), name: r.Domain, refused: refused(r.Status)}
		if r.List != nil {
			x.list = *r.List
		}
		p.rows = append(p.rows, x)
	}
	return p
}

// refused reports a status by which no answer was given.
func refused(status string) bool {
	switch status {
	case "GRAVITY", "REGEX", "DENYLIST", "BLACKLIST", "GRAVITY_CNAME", "REGEX_CNAME", "DENYLIST_CNAME", "BLACKLIST_CNAME", "DBBUSY", "SPECIAL_DOMAIN":
		return true
	}
	return strings.HasPrefix(status, "EXTERNAL_BLOCKED")
}

// Sizes of a page. A look asks for little; going through a backlog for much.
const (
	smallPage = 100
	largePage = 4000
	leastPage = 100
)

// question is what is asked of the log.
type question struct {
	limit  int
	cursor int64 // this row and those below it; zero is from the newest
	disk   bool  // what is older than a day is on its disk only
	client string
	from   time.Time
}

// errCursor says that the log does not know a row as young as the cursor.
var errCursor = errors.New("the cursor is larger than the newest row")

func (s *Session) readLog(ctx context.Context, ask question) (page, error) {
	for {
		q := url.Values{"length": {strconv.Itoa(ask.limit)}}
		if ask.cursor > 0 {
			q.Set("cursor", strconv.FormatInt(ask.cursor-1, 10))
		}
		if ask.disk {
			q.Set("disk", "true")
		}
		if ask.client != "" {
			q.Set("client_ip", ask.client)
		}
		if !ask.from.IsZero() {
			q.Set("from", strconv.FormatFloat(float64(ask.from.UnixMilli())/1000, 'f', 3, 64))
		}
		r, err := s.Seat.Do(ctx, web.Request{Method: http.MethodGet, Path: "/api/queries", Query: q})
		switch {
		case errors.Is(err, web.ErrTooLarge) && ask.limit > leastPage:
			ask.limit = max(ask.limit/4, leastPage)
			continue
		case err != nil:
			return page{}, err
		case r.Status == http.StatusBadRequest && ask.cursor > 0:
			return page{}, connectors.Transient(words.Text("Pi-hole began its log anew."), errCursor)
		case !r.OK():
			return page{}, s.Seat.Web.Refusal(r)
		}
		p, err := readPage(r.Body)
		if err != nil {
			return page{}, connectors.Transient(words.Text("What answers there does not answer as Pi-hole does."), err)
		}
		s.watch.Skipped(p.odd)
		return p, nil
	}
}
