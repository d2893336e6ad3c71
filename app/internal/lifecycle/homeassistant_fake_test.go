package lifecycle

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// hub is the part of a Home Assistant that one story needs, on loopback. The
// facts that its answers follow are named in the fake of
// connectors/homeassistant, which is whole and held against the real program.
type hub struct {
	*httptest.Server
	mu       sync.Mutex // guards all below
	phone    bool       // the token called "Old phone" is there
	ours     bool       // our own is
	disabled any        // by whom the vacuum's integration is
	data     map[string]json.RawMessage
	lines    map[*websocket.Conn]*hubLine
	dead     bool // says yes and does nothing
	quiet    bool // the vacuum reports nothing, and only its pings are heard
	pinged   time.Time
}

type hubLine struct {
	writing sync.Mutex
	states  int64
}

const (
	hubToken   = "correct-token-77"
	phoneToken = "phone-token-77"
	vacuumMAC  = "64:90:c1:00:00:03"
)

func startHub(t *testing.T) *hub {
	h := &hub{phone: true, ours: true, data: map[string]json.RawMessage{}, lines: map[*websocket.Conn]*hubLine{}}
	h.Server = httptest.NewServer(h)
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				h.report()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-over
		h.mu.Lock()
		for c := range h.lines {
			_ = c.Close()
		}
		h.mu.Unlock()
		h.Close()
	})
	return h
}

func (h *hub) off() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.disabled != nil
}

// report is the vacuum, which is taken unless its integration is off.
func (h *hub) report() {
	h.mu.Lock()
	quiet := h.quiet
	if quiet && time.Since(h.pinged) > 55*time.Second { // as the real one does
		h.pinged = time.Now()
		for c := range h.lines {
			_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) // one that left hears nothing
		}
	}
	h.mu.Unlock()
	if quiet || h.off() {
		return
	}
	h.tell(fmt.Sprintf(`{"c":{"sensor.vacuum":{"+":{"s":"2","lc":%f}}}}`, float64(time.Now().UnixMicro())/1e6))
}

func (h *hub) tell(event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, l := range h.lines {
		if l.states > 0 {
			l.write(c, map[string]any{"id": l.states, "type": "event", "event": json.RawMessage(event)})
		}
	}
}

func (l *hubLine) write(c *websocket.Conn, v any) {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = c.WriteJSON(v) // one that left hears nothing
}

// ServeHTTP is its page, as far as the story needs it.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/auth/providers":
		_, _ = w.Write([]byte(`[{"name":"Home Assistant Local","id":null,"type":"homeassistant"}]`))
	case "/api/":
		h.mu.Lock()
		defer h.mu.Unlock()
		if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); (token != hubToken || !h.ours) && (token != phoneToken || !h.phone) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	case "/api/websocket":
		h.serve(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (h *hub) takesOurs() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ours
}

type hubAsk struct {
	ID       int64           `json:"id"`
	Type     string          `json:"type"`
	Access   string          `json:"access_token"`
	Disabled any             `json:"disabled_by"`
	Token    string          `json:"refresh_token_id"`
	Value    json.RawMessage `json:"value"`
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	l := &hubLine{}
	l.write(c, map[string]string{"type": "auth_required"})
	var q hubAsk
	if c.ReadJSON(&q) != nil || q.Access != hubToken || !h.takesOurs() {
		l.write(c, map[string]string{"type": "auth_invalid"})
		return
	}
	l.write(c, map[string]string{"type": "auth_ok"})
	h.mu.Lock()
	h.lines[c] = l
	h.mu.Unlock()
	for {
		var q hubAsk
		if c.ReadJSON(&q) != nil {
			break
		}
		l.write(c, map[string]any{"id": q.ID, "type": "result", "success": true, "result": h.answer(q)})
		if q.Type == "subscribe_entities" {
			l.write(c, map[string]any{"id": q.ID, "type": "event", "event": json.RawMessage(`{"a":{"sensor.vacuum":{"s":"1","a":{"device_class":"power"}}}}`)})
			h.mu.Lock()
			l.states = q.ID
			h.mu.Unlock()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lines, c)
}

// answer is what a question's result is.
func (h *hub) answer(q hubAsk) any {
	type row map[string]any
	h.mu.Lock()
	defer h.mu.Unlock()
	state := "loaded"
	if h.disabled != nil {
		state = "not_loaded"
	}
	switch q.Type {
	case "auth/current_user":
		return row{"name": "Anna", "is_admin": true}
	case "auth/refresh_tokens":
		out := []row{{"id": "t-own", "client_name": "Best Before", "type": "long_lived_access_token", "is_current": true}}
		if h.phone {
			out = append(out, row{"id": "t-phone", "client_name": "Old phone", "type": "long_lived_access_token"})
		}
		return out
	case "auth/delete_refresh_token":
		if q.Token != "t-own" {
			h.phone = h.dead
		} else if h.ours = h.dead; !h.ours { // its lines are cut, often before the answer is out
			for c := range h.lines {
				_ = c.Close()
			}
		}
		return row{}
	case "config/device_registry/list":
		return []row{{"id": "d-vacuum", "name": "Vacuum", "manufacturer": "Acme", "config_entries": []string{"e-lumi"}, "connections": [][]string{{"mac", vacuumMAC}}}}
	case "config/entity_registry/list":
		return []row{{"entity_id": "sensor.vacuum", "device_id": "d-vacuum", "config_entry_id": "e-lumi", "platform": "lumi"}}
	case "config_entries/get":
		return []row{{"entry_id": "e-lumi", "domain": "lumi", "title": "Lumi Cloud", "state": state, "disabled_by": h.disabled}}
	case "config_entries/disable":
		if h.dead {
			return row{"require_restart": false}
		}
		h.disabled = q.Disabled
		for c, l := range h.lines {
			event := `{"r":["sensor.vacuum"]}`
			if h.disabled == nil {
				event = `{"a":{"sensor.vacuum":{"s":"1","a":{"device_class":"power"}}}}`
			}
			if l.states > 0 {
				l.write(c, row{"id": l.states, "type": "event", "event": json.RawMessage(event)})
			}
		}
		return row{"require_restart": false}
	case "history/history_during_period":
		return row{}
	case "frontend/get_user_data":
		return row{"value": h.data["best_before"]}
	case "frontend/set_user_data":
		h.data["best_before"] = q.Value
		return nil
	}
	return []row{} // areas, manifests, other people; what is subscribed to needs no more
}
