package fritzbox

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The services that we speak to.
const (
	serviceHosts  = "urn:dslforum-org:service:Hosts:1"
	serviceFilter = "urn:dslforum-org:service:X_AVM-DE_HostFilter:1"
	controlHosts  = "/upnp/control/hosts"
	controlFilter = "/upnp/control/x_hostfilter"

	serviceSecurity = "urn:dslforum-org:service:LANConfigSecurity:1"
	controlSecurity = "/upnp/control/lanconfigsecurity"
)

// Bounds of one answer.
const (
	maxAnswer = 256 << 10
	maxDepth  = 32
	maxFields = 128
	maxField  = 4096
)

// The fault codes that mean something to us.
const (
	codeInvalidAction = 401
	codeUnauthorized  = 606
	codeIndex         = 713 // the normal end of an enumeration
	codeNoEntry       = 714
)

// soapFault is what the box answers in place of a result.
type soapFault struct {
	code int
	text string
}

func (f *soapFault) Error() string { return fmt.Sprintf("the box says %d %s", f.code, f.text) }

// codeOf is the box's own fault code in err, 0 when there is none.
func codeOf(err error) int {
	var f *soapFault
	if errors.As(err, &f) {
		return f.code
	}
	return 0
}

// sentence sorts a fault and says what to do.
func (f *soapFault) sentence() error {
	switch f.code {
	case codeInvalidAction:
		return connectors.NeedsPerson(words.Text("The FRITZ!Box does not offer this to programs; in the box, under Home Network, Network, Network Settings, allow access for applications."), f)
	case codeUnauthorized:
		return connectors.NeedsPerson(words.Text("This user of the FRITZ!Box may not do that; in the box, under System, FRITZ!Box Users, give it the right to change the box's settings."), f)
	case codeIndex, codeNoEntry:
		return connectors.Transient(words.Text("The FRITZ!Box does not know this address or device now."), f)
	case 402, 600, 801, 802, 803:
		return connectors.Permanent(words.Text("The FRITZ!Box does not accept the request as it is."), f)
	}
	return connectors.Transient(words.Text("The FRITZ!Box could not do it just now."), f)
}

// argument is one named value of a call, in the order that the box wants.
type argument struct{ name, value string }

// envelope is the body of a call.
func envelope(service, action string, args []argument) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><s:Envelope s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`)
	fmt.Fprintf(&b, `<u:%s xmlns:u="%s">`, action, service)
	for _, a := range args {
		fmt.Fprintf(&b, "<%s>", a.name)
		_ = xml.EscapeText(&b, []byte(a.value)) // a buffer takes everything
		fmt.Fprintf(&b, "</%s>", a.name)
	}
	fmt.Fprintf(&b, "</u:%s></s:Body></s:Envelope>", action)
	return b.Bytes()
}

var errAnswer = errors.New("it is not the answer to this call")

// parseAnswer reads the values of an answer to action, or the fault in it.
func parseAnswer(body []byte, action string) (map[string]string, error) {
	if len(body) > maxAnswer {
		return nil, errAnswer
	}
	out, fault := map[string]string{}, &soapFault{}
	answered := false
	err := leaves(body, func(path []string, text string) error {
		parent := ""
		if len(path) > 1 {
			parent = path[len(path)-2]
		}
		name := path[len(path)-1]
		switch {
		case name == action+"Response":
			answered = true
		case parent == action+"Response":
			answered = true
			if len(out) == maxFields || len(text) > maxField {
				return errAnswer
			}
			out[name] = text
		case name == "errorCode":
			if _, err := fmt.Sscanf(text, "%d", &fault.code); err != nil {
				return errAnswer
			}
		case name == "errorDescription":
			fault.text = string(discovery.Clean(text))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case fault.code != 0:
		return nil, fault
	case !answered:
		return nil, errAnswer
	}
	return out, nil
}

// leaves calls f for the end of each element, with its text where it holds no
// other elements. It expands no entities and goes no deeper than maxDepth.
func leaves(body []byte, f func(path []string, text string) error) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	var text []byte
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return errAnswer // nobody honest declares a document type here
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return errAnswer
			}
			text = text[:0]
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if err := f(path, strings.TrimSpace(string(text))); err != nil {
				return err
			}
			path, text = path[:len(path)-1], text[:0]
		}
	}
}

// call asks the box for one action, signed in.
func (s *Session) call(ctx context.Context, control, service, action string, args ...argument) (map[string]string, error) {
	return s.callAs(ctx, s.signed, control, service, action, args...)
}

// callAs asks the box for one action.
func (s *Session) callAs(ctx context.Context, client *http.Client, control, service, action string, args ...argument) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at(control, ""), bytes.NewReader(envelope(service, action, args)))
	if err != nil {
		return nil, connectors.Permanent(words.Text("the request to the FRITZ!Box cannot be written"), err)
	}
	req.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	req.Header.Set("SOAPACTION", `"`+service+"#"+action+`"`)
	status, body, err := s.do(req, client, maxAnswer)
	if err != nil {
		return nil, err
	}
	out, err := parseAnswer(body, action)
	var f *soapFault
	switch {
	case errors.As(err, &f):
		return nil, f.sentence()
	case status != http.StatusOK:
		return nil, statusError(status)
	case err != nil:
		return nil, connectors.Transient(words.Text("The FRITZ!Box gives an answer that cannot be read."), err)
	}
	return out, nil
}

// at is a place on the box, which is always the box that the household named.
func (s *Session) at(path, query string) string {
	u := *s.base
	u.Path, u.RawQuery = path, query
	return u.String()
}

// get reads a file of the box.
func (s *Session) get(ctx context.Context, client *http.Client, path string, limit int64) ([]byte, error) {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, connectors.Transient(words.Text("The FRITZ!Box names a file elsewhere, which is not fetched."), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.at(u.Path, u.RawQuery), nil)
	if err != nil {
		return nil, connectors.Permanent(words.Text("the request to the FRITZ!Box cannot be written"), err)
	}
	status, body, err := s.do(req, client, limit)
	if err == nil && status != http.StatusOK {
		err = statusError(status)
	}
	return body, err
}

// do sends a request. A refused password is remembered: no other request follows it.
func (s *Session) do(req *http.Request, client *http.Client, limit int64) (int, []byte, error) {
	if err := s.usable(); err != nil {
		return 0, nil, err
	}
	if err := s.pause.Left(s.now(), peer); err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, connectors.Unreached(req.Context(), peer, err)
	}
	defer resp.Body.Close()
	if err := s.pause.Note(resp.StatusCode, resp.Header, s.now(), peer); err != nil {
		return 0, nil, err
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return 0, nil, connectors.SentOn(peer, resp.Header.Get("Location"))
	}
	if resp.StatusCode == http.StatusUnauthorized {
		if resp.Request == nil || resp.Request.Header.Get("Authorization") == "" {
			return 0, nil, connectors.NeedsPerson(words.Text("What answers there does not sign in as a FRITZ!Box does; check the address."), nil)
		}
		return 0, nil, s.refuse(connectors.Fault(consent.KindSignIn, words.Text("The FRITZ!Box does not accept this user name and password; it is not tried again until you enter them anew."), nil))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return 0, nil, connectors.Unreached(req.Context(), peer, err)
	}
	if int64(len(body)) > limit {
		return 0, nil, connectors.Transient(words.Text("The FRITZ!Box gives an answer that is far too long; it was not read."), nil)
	}
	return resp.StatusCode, body, nil
}

func statusError(status int) error {
	switch {
	case status >= 500:
		return connectors.OwnFault(peer, status, nil)
	case status == http.StatusNotFound || status == http.StatusForbidden || status == http.StatusMethodNotAllowed:
		return connectors.NeedsPerson(words.Text("There is no FRITZ!Box that lets programs in at this address; in the box, under Home Network, Network, Network Settings, allow access for applications."), nil)
	}
	return connectors.Transient(words.Sprintf("The FRITZ!Box answers with status %d.", status), nil)
}
