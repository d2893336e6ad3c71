// A Zigbee radio in memory: preloaded into Zigbee2MQTT, it stands in for the
// stick. Two sensors report their temperature twice a second until they are
// told to leave; the ones in RADIO_DEAF do not hear that.
const path = require('node:path');
const herd = path.dirname(require.resolve('zigbee-herdsman', {paths: [process.cwd()]}));
const {Adapter} = require(path.join(herd, 'adapter'));
const Zcl = require(path.join(herd, 'zspec/zcl'));
const Zdo = require(path.join(herd, 'zspec/zdo'));
const sensors = {'0x00158d0000000001': 101, '0x00158d0000000002': 102};
const deaf = (process.env.RADIO_DEAF || '').split(',');
class Radio extends Adapter {
    constructor(...a) { super(...a); this.hasZdoMessageOverhead = false; this.gone = new Set(); }
    async start() { this.timer = setInterval(() => this.report(), 500); return 'resumed'; }
    async stop() { clearInterval(this.timer); }
    report() {
        for (const [ieee, nwk] of Object.entries(sensors)) {
            if (this.gone.has(ieee)) continue;
            // manufacturer-free attribute report of measuredValue (0x0000, int16), 21.50 degrees
            const data = Buffer.from([0x18, 1, 0x0a, 0, 0, 0x29, 0x66, 0x08]);
            this.emit('zclPayload', {clusterID: 0x0402, header: Zcl.Header.fromBuffer(data), address: nwk, data, endpoint: 1, linkquality: 100, groupID: 0, wasBroadcast: false, destinationEndpoint: 1});
        }
    }
    async getCoordinatorIEEE() { return '0x00124b0000000000'; }
    async getCoordinatorVersion() { return {type: 'memory', meta: {revision: 1}}; }
    async reset() {}
    async supportsBackup() { return false; }
    async backup() { throw new Error('no backup'); }
    async getNetworkParameters() { return {panID: 6754, extendedPanID: '0xdddddddddddddddd', channel: 11, nwkUpdateID: 0}; }
    async addInstallCode() {}
    waitFor() { return {promise: new Promise(() => {}), cancel() {}}; }
    async permitJoin() {}
    async sendZdo(ieee, nwk, cluster, payload, disableResponse) {
        if (cluster === Zdo.ClusterId.LEAVE_REQUEST) {
            if (deaf.includes(ieee)) throw new Error('no answer over the air');
            this.gone.add(ieee);
        }
        return disableResponse ? undefined : [Zdo.Status.SUCCESS, {}];
    }
    async sendZclFrameToEndpoint() { return undefined; }
    async sendZclFrameToGroup() {}
    async sendZclFrameToAll() {}
    async setChannelInterPAN() {}
    async sendZclFrameInterPANToIeeeAddr() {}
    async sendZclFrameInterPANBroadcast() {}
    async restoreChannelInterPAN() {}
}
Adapter.create = async (...a) => new Radio(...a);
