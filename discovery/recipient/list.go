package recipient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"bestbefore/discovery"
)

// ReadList reads a list that others publish and that a person may import though
// we may not ship it: our own table format, AdGuard's companiesdb (trackers),
// Disconnect's services, DuckDuckGo's entity map and domain map. Our own format
// is read strictly, as ReadRows does; of the others rows that are no domain
// below a public suffix are left out and counted.
func ReadList(r io.Reader, suffix func(string) (string, bool)) (rows []Row, skipped int, err error) {
	text, err := readAll(r)
	if err != nil {
		return nil, 0, err
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		rows, err = ReadRows(strings.NewReader(text), suffix)
		return rows, 0, err
	}
	found, err := published(text)
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	for _, f := range found {
		f.Company = string(discovery.Clean(f.Company))
		row, err := f.checked(suffix)
		if err != nil || seen[row.Domain] || len(rows) >= maxRows {
			skipped++
			continue
		}
		seen[row.Domain] = true
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, skipped, fmt.Errorf("%w: it names no domain", ErrTable)
	}
	return rows, skipped, nil
}

// published reads the formats of others, whichever fits.
func published(text string) ([]Row, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &top); err != nil {
		return nil, jsonFault(text, err)
	}
	var rows []Row
	var err error
	switch {
	case top["trackerDomains"] != nil:
		rows, err = companiesDB(text)
	case top["categories"] != nil:
		rows, err = services(top["categories"])
	default:
		rows, err = entities(top)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: none of the formats that are known: %w", ErrTable, err)
	}
	// Maps have no order; the same file must give the same table.
	slices.SortStableFunc(rows, func(a, b Row) int {
		return strings.Compare(a.Domain+"\x00"+a.Company, b.Domain+"\x00"+b.Company)
	})
	return rows, nil
}

// jsonFault names the line of a fault in JSON.
func jsonFault(text string, err error) error {
	var s *json.SyntaxError
	if errors.As(err, &s) {
		end := min(max(int(s.Offset), 0), len(text))
		return fmt.Errorf("%w: line %d: %w", ErrTable, 1+strings.Count(text[:end], "\n"), err)
	}
	return fmt.Errorf("%w: %w", ErrTable, err)
}

// listWords are the categories of published lists in our words.
var listWords = map[string]Purpose{
	"advertising": Ads, "pornvertising": Ads, "site_analytics": Analytics, "analytics": Analytics, "mobile_analytics": Analytics,
	"social_media": Social, "social": Social, "cdn": Network, "hosting": Hosting, "customer_interaction": Support, "audio_video_player": Video,
	"content": Content, "email": Mail, "emailaggressive": Marketing,
}

// companiesDB reads AdGuard's trackers.json.
func companiesDB(text string) ([]Row, error) {
	var db struct {
		Categories map[string]string `json:"categories"`
		Trackers   map[string]struct {
			Name     string      `json:"name"`
			Category json.Number `json:"categoryId"`
		} `json:"trackers"`
		Domains map[string]string `json:"trackerDomains"`
	}
	if err := json.Unmarshal([]byte(text), &db); err != nil {
		return nil, err
	}
	var rows []Row
	for domain, id := range db.Domains {
		t := db.Trackers[id]
		rows = append(rows, Row{Domain: domain, Company: t.Name, Purpose: listWords[strings.ToLower(db.Categories[t.Category.String()])]})
	}
	return rows, nil
}

// services reads the categories of Disconnect's services.json: category → list
// of company → home page → domains, with some other fields between.
func services(text json.RawMessage) ([]Row, error) {
	var categories map[string][]map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &categories); err != nil {
		return nil, err
	}
	var rows []Row
	for category, companies := range categories {
		for _, one := range companies {
			for company, pages := range one {
				for _, list := range pages {
					var domains []string
					if json.Unmarshal(list, &domains) != nil {
						continue // a remark such as "performance": "true"
					}
					for _, d := range domains {
						rows = append(rows, Row{Domain: d, Company: company, Purpose: listWords[strings.ToLower(category)]})
					}
				}
			}
		}
	}
	return rows, nil
}

// entities reads DuckDuckGo's entity map (company → properties) and domain map
// (domain → company).
func entities(top map[string]json.RawMessage) ([]Row, error) {
	var rows []Row
	for key, text := range top {
		var e struct {
			Display    string   `json:"displayName"`
			Entity     string   `json:"entityName"`
			Properties []string `json:"properties"`
		}
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, err
		}
		if e.Entity != "" {
			rows = append(rows, Row{Domain: key, Company: first(e.Display, e.Entity)})
		}
		for _, d := range e.Properties {
			rows = append(rows, Row{Domain: d, Company: first(e.Display, key)})
		}
	}
	return rows, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
