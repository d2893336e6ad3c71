//go:build lab && linux

package mqtt

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// zigbeeVersion is the program that the facts of zigbee.go were seen at.
const zigbeeVersion = "2.14.1"

// realZigbee is a folder with the real program, installed once.
func realZigbee(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "bestbefore-lab", "zigbee2mqtt-"+zigbeeVersion)
	program := filepath.Join(dir, "node_modules", "zigbee2mqtt")
	if _, err := os.Stat(filepath.Join(program, "index.js")); err == nil {
		return program
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "install", "--silent", "--prefix", dir, "zigbee2mqtt@"+zigbeeVersion).CombinedOutput()
	if err != nil {
		t.Skipf("##### SKIPPED: Zigbee2MQTT cannot be installed (%v %s); it takes node and npm #####", err, out)
	}
	return program
}

// startZigbee starts the real program with a radio in memory on a broker.
func startZigbee(t *testing.T, b *broker) {
	t.Helper()
	program, data := realZigbee(t), t.TempDir()
	b.account("z2m", zigbeeBase+"#")
	b.control(fmt.Sprintf(`{"command":"addRoleACL","rolename":"admin","acltype":"publishClientSend","topic":%q,"allow":true}`, zigbeeRequest+"#"))
	sensor := `{"id":%d,"type":"EndDevice","ieeeAddr":%q,"nwkAddr":%d,"manufId":4151,"manufName":"LUMI","powerSource":"Battery","modelId":"lumi.weather","epList":[1],"endpoints":{"1":{"profId":260,"epId":1,"devId":24321,"inClusterList":[0,1026],"outClusterList":[],"clusters":{},"binds":[],"configuredReportings":[],"meta":{}}},"interviewCompleted":true,"meta":{}}` + "\n"
	database := `{"id":1,"type":"Coordinator","ieeeAddr":"0x00124b0000000000","nwkAddr":0,"manufId":0,"epList":[1],"endpoints":{"1":{"profId":260,"epId":1,"devId":5,"inClusterList":[],"outClusterList":[],"clusters":{},"binds":[],"configuredReportings":[],"meta":{}}},"interviewCompleted":true,"meta":{}}` + "\n" +
		fmt.Sprintf(sensor, 2, hallIEEE, 101) + fmt.Sprintf(sensor, 3, cellarIEEE, 102)
	config := fmt.Sprintf(`version: 5
mqtt: {server: 'mqtt://%s', base_topic: zigbee2mqtt, user: z2m, password: %s}
serial: {port: /dev/null, adapter: ember}
homeassistant: {enabled: false}
frontend: {enabled: false}
advanced: {log_output: [console], network_key: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16], pan_id: 6754, ext_pan_id: [221,221,221,221,221,221,221,221]}
devices: {'%s': {friendly_name: hall sensor}, '%s': {friendly_name: cellar}}
`, b.addr(), passwordOf("z2m"), hallIEEE, cellarIEEE)
	for name, text := range map[string]string{"database.db": database, "configuration.yaml": config} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	radio, err := filepath.Abs(filepath.Join("testdata", "radio.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", "-r", radio, filepath.Join(program, "index.js"))
	c.Dir = program
	c.Env = append(os.Environ(), "ZIGBEE2MQTT_DATA="+data, "Z2M_ONBOARD_NO_SERVER=1", "RADIO_DEAF="+cellarIEEE)
	log := &logBuffer{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Skipf("##### SKIPPED: node does not start (%v) #####", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
}

// TestLabZigbee2MQTT makes a sensor leave through the real program: what it sent
// until then stops, what does not hear stays and is said to. That an option which
// the program acknowledges stops nothing is why it is not used.
func TestLabZigbee2MQTT(t *testing.T) {
	b := startBroker(t, "127.66.0.24")
	startZigbee(t, b)
	var s *Session
	if !eventually(2*time.Minute, func() bool {
		ses, err := New().Open(t.Context(), b.settings("admin", nil), testHost())
		if err != nil {
			t.Fatal(err)
		}
		if s = ses.(*Session); s.zigbee.there() {
			return true
		}
		_ = s.Close()
		return false
	}) {
		t.Fatal("the real program does not answer")
	}
	t.Cleanup(func() { _ = s.Close() })
	hall := zigbeeOf(t, s, hallIEEE)
	sends := func(name string, since time.Time) bool {
		return eventually(20*time.Second, func() bool { return s.book.lastOf(zigbeeBase + name).After(since) })
	}
	if !sends("hall sensor", time.Time{}) || !eventually(20*time.Second, func() bool { return s.book.gapOf("zigbee2mqtt/hall sensor") > 0 }) {
		t.Fatal("the sensor is not heard")
	}
	l, err := s.connected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.askZigbee(t.Context(), l, askTimeout, "device/options", map[string]any{"id": hallIEEE, "options": map[string]any{"disabled": true}}); err != nil {
		t.Fatal(err)
	}
	if !sends("hall sensor", time.Now()) {
		t.Log("the option \"disabled\" stops messages now: it could be offered as a block")
	}
	rc, err := s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: hall})
	if err != nil || rc.Level != consent.Configured {
		t.Fatalf("%+v, %v", rc, err)
	}
	var f connectors.Finding
	if !eventually(2*time.Minute, func() bool { f, err = s.Verify(t.Context(), rc); return err != nil || f.Seen == consent.Stopped }) || f.Level != consent.Effective {
		t.Errorf("after it left: %+v, %v", f, err)
	}
	if last := s.book.lastOf("zigbee2mqtt/hall sensor"); last.After(rc.At) {
		t.Errorf("it sent at %v, after %v", last, rc.At)
	}
	_, err = s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "n", Grant: zigbeeOf(t, s, cellarIEEE)})
	if connectors.KindOf(err) != consent.KindTransient || !sends("cellar", time.Now()) {
		t.Errorf("a deaf sensor: %v", err)
	}
}
