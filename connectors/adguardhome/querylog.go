package adguardhome

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// row is one entry of the query log, as far as it is used.
type row struct {
	at      time.Time
	client  netip.Addr
	name    string
	kind    string // the question's type
	reason  string
	rule    string // the first rule that decided
	refused bool
	answers []flow.Answer
}

// page is one answer of the query log, newest first.
type page struct {
	rows   []row
	oldest string // exactly as it was given; only that is found again
	odd    int    // entries that could not be read
	limit  int    // how many rows were asked for at last
}

// rawPage has the entries apart, so that one bad one does not spoil the page.
type rawPage struct {
	Data   []json.RawMessage `json:"data"`
	Oldest string            `json:"oldest"`
}

type rawRow struct {
	Time     time.Time `json:"time"`
	Client   string    `json:"client"`
	Reason   string    `json:"reason"`
	Rule     string    `json:"rule"`
	Question struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"question"`
	Rules []struct {
		Text string `json:"text"`
	} `json:"rules"`
	Answer answers `json:"answer"`
}

// wholePage is rawPage where every entry can be read, which is nearly always.
type wholePage struct {
	Data   []rawRow `json:"data"`
	Oldest string   `json:"oldest"`
}

// maxRows bounds what one page may hold, whatever was asked for.
const maxRows = 50_000

var errPage = errors.New("a page of the query log cannot be read")

// readPage decodes a page. Rows beyond the bound and entries without a time or a
// name are left out and counted.
func readPage(body []byte) (page, error) {
	var whole wholePage
	if err := json.Unmarshal(body, &whole); err == nil {
		return gather(whole.Data, whole.Oldest, 0), nil
	}
	var raw rawPage
	if err := json.Unmarshal(body, &raw); err != nil {
		return page{}, errors.Join(errPage, err)
	}
	rows, odd := make([]rawRow, 0, min(len(raw.Data), maxRows)), 0
	for _, m := range raw.Data {
		var r rawRow
		if json.Unmarshal(m, &r) != nil {
			odd++
			continue
		}
		rows = append(rows, r)
	}
	return gather(rows, raw.Oldest, odd), nil
}

func gather(rows []rawRow, oldest string, odd int) page {
	p := page{oldest: oldest, odd: odd}
	if len(rows) > maxRows {
		p.odd += len(rows) - maxRows
		rows = rows[:maxRows]
	}
	p.rows = make([]row, 0, len(rows))
	for _, r := range rows {
		if y := r.Time.Year(); r.Question.Name == "" || y < 2000 || y > 2200 {
			p.odd++
			continue
		}
		rule := r.Rule
		if len(r.Rules) > 0 {
			rule = r.Rules[0].Text
		}
		p.rows = append(p.rows, row{
			at: r.Time, client: dnsblock.Client(r.Client), name: r.Question.Name, kind: r.Question.Type,
			reason: r.Reason, rule: rule, refused: strings.HasPrefix(r.Reason, "Filtered") && r.Reason != "FilteredSafeSearch", answers: r.Answer,
		})
	}
	return p
}

// hash tells rows of one moment apart.
func (r row) hash() uint32 {
	h := fnv.New32a()
	for _, s := range []string{strconv.FormatInt(r.at.UnixNano(), 36), r.client.String(), r.name, r.kind} {
		_, _ = h.Write([]byte(s)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum32()
}

// Sizes of a page. A look asks for little; going through a backlog for much.
const (
	smallPage = 100
	largePage = 4000
	leastPage = 100
)

// readLog asks for limit rows older than a moment, "" for the newest; search
// narrows them to one client.
func (s *Session) readLog(ctx context.Context, limit int, olderThan, search string) (page, error) {
	for {
		q := url.Values{"limit": {strconv.Itoa(limit)}}
		if olderThan != "" {
			q.Set("older_than", olderThan)
		}
		if search != "" {
			q.Set("search", strconv.Quote(search)) // in quotation marks it must be equal
		}
		p, err := s.askLog(ctx, q)
		p.limit = limit
		if err != nil && limit > leastPage && errors.Is(err, web.ErrTooLarge) {
			limit = max(limit/4, leastPage)
			continue
		}
		return p, err
	}
}

// readLogAt asks for a large page that begins offset rows below the newest. It
// costs the peer a walk through all rows above.
func (s *Session) readLogAt(ctx context.Context, offset int) (page, error) {
	return s.askLog(ctx, url.Values{"limit": {strconv.Itoa(largePage)}, "offset": {strconv.Itoa(offset)}})
}

func (s *Session) askLog(ctx context.Context, q url.Values) (page, error) {
	r, err := s.Seat.Ask(ctx, web.Request{Method: "GET", Path: "/control/querylog", Query: q})
	if err != nil {
		return page{}, err
	}
	p, err := readPage(r.Body)
	if err != nil {
		return page{}, connectors.Transient(words.Text("What answers there does not answer as AdGuard Home does."), err)
	}
	s.watch.Skipped(p.odd)
	return p, nil
}

// logConfig is how it keeps its log.
type logConfig struct {
	Enabled bool `json:"enabled"`
	Masked  bool `json:"anonymize_client_ip"`
}

func (s *Session) readLogConfig(ctx context.Context) (logConfig, error) {
	var c logConfig
	err := s.Get(ctx, "/control/querylog/config", &c)
	if connectors.KindOf(err) == consent.KindUnsupported { // before v0.107.30 there was no such question
		return logConfig{Enabled: true}, nil
	}
	return c, err
}
