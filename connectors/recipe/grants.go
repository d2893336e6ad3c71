package recipe

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// grantRow is one grant and what it was read from.
type grantRow struct {
	consent.Grant
	row
}

// idMax bounds what names a grant.
const idMax = 200

func (s *session) grants(ctx context.Context) ([]grantRow, error) {
	var out []grantRow
	for _, l := range s.r.Grants {
		rows, err := s.list(ctx, l.Request, l.Rows, newScope(nil))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			g, err := s.grant(ctx, l, r)
			if err != nil {
				return nil, err
			}
			if g.ID != "" && len(g.ID) <= idMax && !slices.ContainsFunc(out, func(o grantRow) bool { return o.ID == g.ID }) {
				out = append(out, g)
			}
		}
	}
	return out, nil
}

func (s *session) grant(ctx context.Context, l GrantList, r row) (grantRow, error) {
	value := s.valueOf(ctx, newScope(nil).with("row", r))
	texts := map[string]string{"id": l.ID, "name": l.Name, "created": l.Created, "used": l.LastUsed, "expires": l.Expires}
	for k, t := range texts {
		v, err := fillIn(t, value, plain)
		if err != nil {
			return grantRow{}, err
		}
		texts[k] = s.clean(v)
	}
	g := grantRow{row: r}
	g.Grant = consent.Grant{ID: oneLine(texts["id"]), Connection: s.h.Connection, Kind: l.What, Name: string(discovery.Clean(texts["name"]))}
	g.Created, _ = asTime(texts["created"])
	g.LastUsed, _ = asTime(texts["used"])
	g.Expires, _ = asTime(texts["expires"])
	if len(l.Own) > 0 {
		own, err := s.fitsAll(ctx, r.item, l.Own, newScope(nil))
		if err != nil {
			return g, err
		}
		g.Own = own
	}
	return g, nil
}

// Grants lists tokens, keys and links.
func (s *session) Grants(ctx context.Context) ([]consent.Grant, error) {
	rows, err := s.grants(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]consent.Grant, 0, len(rows))
	for _, g := range rows {
		out = append(out, g.Grant)
	}
	return out, nil
}

// revoked is what a receipt of a revocation keeps.
type revoked struct {
	Grant string `json:"grant"`
}

// Revoke ends a grant and looks whether it is gone: there are peers that say
// yes to everything.
func (s *session) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	g, found, err := s.findGrant(ctx, r.Grant.ID)
	if err != nil {
		return connectors.Receipt{}, err
	}
	data, err := json.Marshal(revoked{Grant: r.Grant.ID})
	if err != nil {
		return connectors.Receipt{}, connectors.Fault(consent.KindPermanent, words.Text("The name of this access cannot be kept."), err)
	}
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Configured, Grain: connectors.GrainToken, Text: words.Text("It was there no longer."), Data: data, At: s.h.Now().UTC()}
	if !found {
		return out, nil
	}
	if g.Own {
		return connectors.Receipt{}, connectors.Fault(consent.KindPermanent, words.Text("This is the access that Best Before itself uses; it is ended by removing the connection."), nil)
	}
	sc := newScope(map[string]string{"mark": markStart + r.Mark, "grant": g.ID}).with("row", g.row)
	for _, steps := range [][]Step{s.r.Revoke, s.r.Apply} {
		if _, err := s.run(ctx, steps, sc); err != nil {
			return connectors.Receipt{}, err
		}
	}
	if _, still, err := s.findGrant(ctx, r.Grant.ID); err != nil {
		return connectors.Receipt{}, err
	} else if still {
		return connectors.Receipt{}, connectors.Fault(consent.KindPermanent, words.Sprintf("%s said yes, but the access is still in its list.", s.r.Name), nil)
	}
	out.Text, out.At = words.Text("It was ended there and is no longer in the list."), s.h.Now().UTC().Round(time.Millisecond)
	return out, nil
}

func (s *session) findGrant(ctx context.Context, id string) (grantRow, bool, error) {
	all, err := s.grants(ctx)
	if err != nil {
		return grantRow{}, false, err
	}
	i := slices.IndexFunc(all, func(g grantRow) bool { return g.ID == id })
	if i < 0 {
		return grantRow{}, false, nil
	}
	return all[i], true, nil
}

// verifyGone looks whether a revoked grant came back.
func (s *session) verifyGone(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{At: s.h.Now().UTC(), Seen: consent.CannotTell}
	all, err := s.grants(ctx)
	if err != nil {
		return f, err
	}
	var d revoked
	if len(r.Data) == 0 || json.Unmarshal(r.Data, &d) != nil || d.Grant == "" {
		return f, connectors.Fault(consent.KindUnsupported, words.Text("This receipt does not say which access was ended."), nil)
	}
	if slices.ContainsFunc(all, func(g grantRow) bool { return g.ID == d.Grant }) {
		f.Missing, f.Seen, f.Text = true, consent.Flowing, words.Text("asked it again · the access is in its list")
		return f, nil
	}
	f.Level, f.Text = consent.Configured, words.Text("asked it again · the access is not in its list")
	return f, nil
}
