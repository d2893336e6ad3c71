#!/usr/bin/env bash
# Home in a box: one bridge, a gateway, device namespaces running real daemons, and the companies they send to.
#   home-in-a-box.sh check            name missing programs (installs nothing)
#   home-in-a-box.sh up [DEVICE...]   build the home; default: every device that can run; 'smoke': a small fast one
#   home-in-a-box.sh down             stop what 'up' started, delete its namespaces
#   home-in-a-box.sh status | mem     what runs; PSS per daemon
#   home-in-a-box.sh exec DEVICE CMD  run CMD inside a device (its net, mount, pid, uts), also in 'gw' and 'net'
#   home-in-a-box.sh probe CMD        run CMD in the empty namespace where the app belongs
#   home-in-a-box.sh browse           reference listing: avahi-browse -a -r -t -p -k, in a namespace of its own
#   home-in-a-box.sh send DEVICE HOST http|upload|download|udp 4|6 [SECONDS]   send now, in the foreground
#   home-in-a-box.sh pause|resume DEVICE   stop and continue what the device sends by itself
#   home-in-a-box.sh seen | forget    packets that reached the companies, counted on their side of the router, as JSON
# Several homes stand beside each other with HB_PREFIX and, if you like, an HB_STATE of their own.
# npm devices need HB_NPM=<dir holding node_modules with homebridge@1 and @matter/main>.
# Everything lives in namespaces: no interface, route or socket is made in the host's own.
set -u
R=/run/hb # a device's own files, in its own /run
SELF=$(readlink -f "$0")
HERE=$(dirname "$SELF")
PREFIX=${HB_PREFIX:-hb-}
STATE=${HB_STATE:-/run/${PREFIX}home-in-a-box}
NET4=${HB_NET4:-192.168.77} NET6=${HB_NET6:-fd77:77:77:1}
HB_NPM=${HB_NPM:-}
export HB_PREFIX=$PREFIX HB_STATE=$STATE

# name  last-octet  MAC (real vendor prefixes)  hostname           programs needed
DEVICES='
net       0   -                  internet           company
gw        1   44:4e:6d:00:00:01  fritz              dnsmasq nft
speaker   10  b8:27:eb:00:00:10  kitchen-speaker    dbus-daemon avahi-daemon shairport-sync mpd
printer   11  00:1b:a9:00:00:11  BRW001BA9000011    dbus-daemon avahi-daemon ippeveprinter
nas       12  00:11:32:00:00:12  diskstation        dbus-daemon avahi-daemon smbd cupsd minidlnad wsdd
music     13  dc:a6:32:00:00:13  musicbox           dbus-daemon avahi-daemon snapserver mosquitto
renderer  14  00:05:cd:00:00:14  avr                gmediarender
hap       15  e4:5f:01:00:00:15  homebridge         node npm:homebridge
matter    16  24:0a:c4:00:00:16  matter-light       node npm:@matter/main
cast      17  6c:ad:f8:00:00:17  living-room-tv     dbus-daemon avahi-daemon avahi-publish
hue       18  00:17:88:00:00:18  001788fffe000018   avahi-daemon
esp       19  30:ae:a4:00:00:19  shellyplus1pm      avahi-daemon
sonos     20  48:a6:b8:00:00:20  Sonos-48A6B8000020 avahi-daemon
tiny      21  cc:50:e3:00:00:21  tiny-sensor        mdnsd
doorbell  30  9c:76:13:00:00:30  front-door         avahi-daemon curl
tv        31  a8:23:fe:00:00:31  lounge-tv          avahi-daemon curl
silent    22  f0:18:98:00:00:22  phone              sleep
watch     251 02:00:00:00:00:fb  watch              dbus-daemon avahi-daemon avahi-browse
'
# What 'up smoke' brings up: no D-Bus, little memory, ready in a few seconds.
SMOKE='net gw hue doorbell tv'

# Companies on the far side of the gateway: name  IPv4  IPv6  host names. Documentation addresses (RFC 5737, RFC 3849).
COMPANIES='
bell-maker 198.51.100.10 2001:db8:100::10 bell-maker.example,video.bell-maker.example,api.bell-maker.example
tv-maker   198.51.100.20 2001:db8:100::20 tv-maker.example,updates.tv-maker.example
ads        203.0.113.30  2001:db8:200::30 ads.example,metrics.ads.example
time       203.0.113.40  2001:db8:200::40 time.example
'
# More of both, in the same columns: a test's own devices do nothing by themselves.
DEVICES+=${HB_DEVICES:-} COMPANIES+=${HB_COMPANIES:-}
die() { echo "home-in-a-box: $*" >&2; exit 1; }
field() { awk -v n="$1" -v f="$2" '$1==n{print $f}' <<<"$DEVICES"; }
names() { awk 'NF{print $1}' <<<"$DEVICES"; }
needs() { awk -v n="$1" '$1==n{for(i=5;i<=NF;i++)print $i}' <<<"$DEVICES"; }
have() { case $1 in
  company) [ -x "${HB_COMPANY:-}" ] || command -v go >/dev/null;;
  npm:*) [ -n "$HB_NPM" ] && [ -d "$HB_NPM/node_modules/${1#npm:}" ];;
  *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ];; esac; }
pkg() { case $1 in dbus-daemon) echo dbus;; avahi-publish|avahi-browse) echo avahi-utils;; ippeveprinter) echo cups-ipp-utils;;
  smbd) echo samba;; cupsd) echo cups;; minidlnad) echo minidlna;; dnsmasq) echo dnsmasq-base;; nft) echo nftables;;
  miniupnpd) echo miniupnpd-nftables;; node) echo nodejs;; ip) echo iproute2;; unshare|nsenter) echo util-linux;; company) echo golang;; *) echo "$1";; esac; }
missing() { local p; for p in ip unshare nsenter $(needs "$1"); do have "$p" || { [ "$(pkg "$p")" = "$p" ] && echo "$p" || echo "$p($(pkg "$p"))"; }; done; }

check() { local d m rc=0; for d in $(names); do m=$(missing "$d" | tr '\n' ' ')
  [ -z "$m" ] && echo "ok       $d" || { echo "missing  $d: $m"; rc=1; }; done; return $rc; }

running() { local p; p=$(cat "$STATE/$1.pid" 2>/dev/null) || return 1
  [ -n "$p" ] && tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q -- "__init $1 "; }

attach() { # name octet mac
  local ns=$PREFIX$1
  ip netns list | grep -qw -- "$ns" && return
  ip netns add "$ns"; echo "$ns" >>"$STATE/netns"
  ip -n "$ns" link set lo up
  if [ "$1" = net ]; then attach_net; return; fi
  ip -n ${PREFIX}lan link add "v-$1" type veth peer name eth0 netns "$ns"
  ip -n ${PREFIX}lan link set "v-$1" master br0 up
  ip netns exec "$ns" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
  ip -n "$ns" link set eth0 address "$3"; ip -n "$ns" link set eth0 up
  ip -n "$ns" addr add "$NET4.$2/24" dev eth0; ip -n "$ns" addr add "$NET6::$2/64" dev eth0 nodad
  if [ "$2" = 1 ]; then attach_wan; return; fi
  ip -n "$ns" route add default via "$NET4.1"; ip -n "$ns" -6 route add default via "$NET6::1"
}
attach_net() { # the far side: every company's addresses
  local name a4 a6 _
  while read -r name a4 a6 _; do [ -n "$name" ] || continue
    ip -n ${PREFIX}net addr add "$a4/32" dev lo; ip -n ${PREFIX}net addr add "$a6/128" dev lo nodad; done <<<"$COMPANIES"
}
attach_wan() { # the gateway's line to the far side; no address translation, so that companies see which device it was
  ip -n ${PREFIX}gw link add wan0 type veth peer name eth0 netns ${PREFIX}net
  ip netns exec ${PREFIX}gw sh -c 'cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv6/conf/wan0/accept_dad'
  ip netns exec ${PREFIX}net sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
  ip -n ${PREFIX}gw addr add 192.0.2.7/24 dev wan0; ip -n ${PREFIX}gw addr add 2001:db8:1::7/64 dev wan0 nodad
  ip -n ${PREFIX}net addr add 192.0.2.1/24 dev eth0; ip -n ${PREFIX}net addr add 2001:db8:1::1/64 dev eth0 nodad
  ip -n ${PREFIX}gw link set wan0 up; ip -n ${PREFIX}net link set eth0 up
  ip -n ${PREFIX}gw route add default via 192.0.2.1; ip -n ${PREFIX}gw -6 route add default via 2001:db8:1::1
  ip -n ${PREFIX}net route add "$NET4.0/24" via 192.0.2.7; ip -n ${PREFIX}net -6 route add "$NET6::/64" via 2001:db8:1::7
}
company_program() { # built once; HB_COMPANY names a ready one
  [ -n "${HB_COMPANY:-}" ] || { export HB_COMPANY=$STATE/company; (cd "$HERE" && CGO_ENABLED=0 go build -o "$HB_COMPANY" ./company) || die "building the companies' program"; }
}

up() {
  [ "$(id -u)" = 0 ] || die "needs root"
  local d m p; mkdir -p "$STATE"; touch "$STATE/netns"
  if ! ip netns list | grep -qw -- ${PREFIX}lan; then
    ip netns add ${PREFIX}lan; echo ${PREFIX}lan >>"$STATE/netns"
    # the bridge's own ends must not look like devices
    ip netns exec ${PREFIX}lan sh -c 'for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done'
    ip -n ${PREFIX}lan link add br0 type bridge mcast_snooping 0; ip -n ${PREFIX}lan link set br0 up
  fi
  attach probe 250 02:00:00:00:00:fa
  # shellcheck disable=SC2046
  [ $# -gt 0 ] || set -- $(names)
  # shellcheck disable=SC2086
  [ "$1" = smoke ] && { shift; set -- $SMOKE "$@"; }
  case " $* " in *" gw "*) case " $* " in *" net "*) ;; *) set -- net "$@";; esac;; esac # the gateway has a far side
  for d; do
    [ -n "$(field "$d" 1)" ] || die "no device '$d'"
    m=$(missing "$d" | tr '\n' ' '); [ -z "$m" ] || { echo "skipped $d: missing $m"; continue; }
    running "$d" && { echo "already up: $d"; continue; }
    [ "$d" != net ] || company_program
    attach "$d" "$(field "$d" 2)" "$(field "$d" 3)"
    # netns + private mount, uts and pid namespaces: ending this one process ends the device
    setsid ip netns exec "$PREFIX$d" unshare --mount --uts --pid --fork --mount-proc --kill-child \
      bash "$SELF" __init "$d" run >"$STATE/$d.log" 2>&1 </dev/null &
    p=$!; sleep 0.05; echo "$p" >"$STATE/$d.pid"; echo "up: $d $NET4.$(field "$d" 2) pid $p"
  done
  ! running net || for _ in $(seq 100); do seen >/dev/null 2>&1 && return; sleep 0.05; done
}

down() {
  local f d p n; for f in "$STATE"/*.pid; do [ -e "$f" ] || continue
    d=$(basename "$f" .pid); if running "$d"; then p=$(cat "$f"); kill -9 "$p"
      for _ in 1 2 3 4 5 6 7 8 9 10; do [ -d "/proc/$p" ] || break; sleep 0.1; done; fi; rm -f "$f"; done
  [ -e "$STATE/netns" ] && sort -u "$STATE/netns" | while read -r n; do ip netns del "$n" 2>/dev/null; done
  rm -rf "$STATE"; ip netns list | grep -q "^$PREFIX" && die "namespaces left" || echo "down"
}

inner() { local p; p=$(cat "$STATE/$1.pid") && pgrep -P "$p" | head -1; }   # pid-1 of the device
dexec() { local d=$1 p; shift; p=$(inner "$d") && [ -n "$p" ] || die "$d is not up"; ${EXEC:-} nsenter -t "$p" -m -r -u -n -p "$@"; }
status() { local d; for d in $(names); do running "$d" || continue
  echo "$d $NET4.$(field "$d" 2): $(dexec "$d" ps -eo comm= | grep -vE '^(ps|bash|sleep)$' | sort -u | tr '\n' ' ')"; done; }
mem() { local d; for d in $(names); do running "$d" || continue
  dexec "$d" bash -c 'for p in /proc/[0-9]*; do c=$(cat $p/comm 2>/dev/null); case $c in bash|ps|sleep|cat|"") continue;; esac
    awk -v d="$0" -v c="$c" "/^Pss:/{s=\$2}/^Rss:/{r=\$2}END{if(r)printf \"%-9s %-16s pss %6d kB  rss %6d kB\n\",d,c,s,r}" $p/smaps_rollup 2>/dev/null; done' "$d"; done; }

seen() { ip netns exec ${PREFIX}net curl -sf -m 2 http://127.0.0.1:8099/seen; }
forget() { ip netns exec ${PREFIX}net curl -sf -m 2 -X POST http://127.0.0.1:8099/forget; }
send() { # device host how family [seconds]
  [ $# -ge 4 ] || die "send DEVICE HOST http|upload|download|udp 4|6 [SECONDS]"
  case $3 in http|upload|download|udp) ;; *) die "cannot send '$3'";; esac
  case $4 in 4|6) ;; *) die "family is 4 or 6, not '$4'";; esac
  local d=$1 for=${5:-10}; shift; EXEC=exec dexec "$d" timeout "$for" bash "$SELF" __send "$@"; }
pause() { dexec "$1" touch $R/paused; }
resume() { dexec "$1" rm -f $R/paused; }

### inside a device ###########################################################
scratch() { local d; for d; do mkdir -p "$d"; mount -t tmpfs tmpfs "$d"; done; }
svc() { # file-id, name, then type port [txt|+subtype...] groups separated by --
  local id=$1 name=$2 t; shift 2
  { echo '<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">'
    echo "<service-group><name replace-wildcards=\"yes\">$name</name>"
    while [ $# -gt 0 ]; do
      echo "<service><type>$1</type>"; local ty=$1 port=$2; shift 2; local sub='' txt=''
      while [ $# -gt 0 ] && [ "$1" != -- ]; do case $1 in
        +*) sub+="<subtype>${1#+}._sub.$ty</subtype>";;
        *) t=${1//&/&amp;}; t=${t//</&lt;}; txt+="<txt-record>$t</txt-record>";; esac; shift; done
      [ "${1:-}" = -- ] && shift
      echo "$sub<port>$port</port>$txt</service>"; done; echo '</service-group>'
  } >"/etc/avahi/services/$id.service"; }
avahi() { # [workstation yes|no]; D-Bus only where the daemons publish through the client library
  cat >$R/avahi.conf <<E
[server]
host-name=$(hostname)
use-ipv4=yes
use-ipv6=yes
enable-dbus=${DBUS:-no}
ratelimit-interval-usec=1000000
ratelimit-burst=1000
[publish]
publish-hinfo=no
publish-workstation=${1:-no}
E
  if [ "${DBUS:-no}" = yes ]; then mkdir -p /run/dbus; dbus-daemon --system --fork --nopidfile; fi
  avahi-daemon -f $R/avahi.conf -D --no-chroot --no-rlimits; }

dev_net() { # shellcheck disable=SC2046
  "$HB_COMPANY" $(awk 'NF{print $1"="$2","$3}' <<<"$COMPANIES") & }
dev_gw() {
  local a=() name a4 a6 hosts
  # what the agent might write outside its data folder stays in this device
  scratch /etc/systemd/system
  while read -r name a4 a6 hosts; do [ -z "$name" ] || a+=("--host-record=$hosts,$a4,$a6"); done <<<"$COMPANIES"
  dnsmasq --conf-file=/dev/null --pid-file=$R/dnsmasq.pid --interface=eth0 --bind-interfaces --no-resolv --no-hosts --no-ping \
    --domain=home.arpa --dhcp-range=$NET4.100,$NET4.199,1h --dhcp-leasefile=$R/leases --user=root \
    --log-queries --log-facility=$R/dns.log --address=/fritz.home.arpa/$NET4.1 "${a[@]}"
  # the router's own rules, as routers have them: open flows pass before anything else is asked
  nft -f - <<'E'
table inet router { chain through { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "eth0" accept; }; }
table inet filter { chain miniupnpd { }; chain prerouting_miniupnpd { }; chain postrouting_miniupnpd { }; }
E
  if have miniupnpd; then gateway_upnp; fi
}
gateway_upnp() {
  cat >$R/upnp.conf <<E
ext_ifname=wan0
listening_ip=eth0
http_port=49000
enable_upnp=yes
uuid=75802409-bccb-40e7-8e6c-444e6d000001
friendly_name=FRITZ!Box 7590
manufacturer_name=AVM Berlin
manufacturer_url=http://www.avm.example/
model_name=FRITZ!Box 7590
model_number=avm
model_description=FRITZ!Box 7590
serial=12345678
notify_interval=60
E
  miniupnpd -f $R/upnp.conf -P $R/upnp.pid
}
dev_speaker() {
  DBUS=yes avahi; sleep 1
  printf 'general = { name = "Kitchen"; output_backend = "dummy"; mdns_backend = "avahi"; };\n' >$R/sps.conf
  shairport-sync -c $R/sps.conf -d
  mkdir -p $R/mpd/music
  cat >$R/mpd.conf <<E
music_directory "$R/mpd/music"
db_file "$R/mpd/db"
pid_file "$R/mpd/pid"
log_file "$R/mpd/log"
bind_to_address "any"
zeroconf_enabled "yes"
zeroconf_name "Music Player @ %h"
audio_output {
  type "null"
  name "null"
}
E
  mpd $R/mpd.conf
}
dev_printer() {
  DBUS=yes avahi; sleep 1; mkdir -p $R/spool
  ippeveprinter -M Brother -m 'HL-L2350DW series' -l 'Home office' -n "$(hostname).local" -p 631 -2 -s 32 \
    -f application/pdf,image/urf,image/pwg-raster -d $R/spool -r _print,_universal 'Brother HL-L2350DW series' &
}
dev_nas() {
  scratch /etc/avahi/services /var/lib/samba /var/cache/samba /var/log/samba /var/spool/cups /var/cache/cups /var/log/cups /etc/cups
  svc dsm '%h' _http._tcp 5000 vendor=Synology model=DS918+ serial=1780PDN123456 version_major=7 version_minor=2 \
    version_build=64570 admin_port=5000 secure_admin_port=5001 'mac_address=00:11:32:00:00:12'
  # no static _device-info here: smbd registers its own under the same name and gives up on a collision
  DBUS=yes avahi yes; sleep 1
  mkdir -p $R/share; printf '[global]\nworkgroup=WORKGROUP\nserver string=NAS\nmulticast dns register=yes\nvfs objects=catia fruit streams_xattr\nfruit:model=Xserve\nload printers=no\nprinting=bsd\nprintcap name=/dev/null\nlock directory=%s\npid directory=%s\n[public]\npath=%s/share\nguest ok=yes\n[backup]\npath=%s/share\nfruit:time machine=yes\n' $R $R $R $R >$R/smb.conf
  mkdir -p /var/lib/samba/private /run/samba; chmod 755 /var/lib/samba /var/cache/samba; smbd -D -s $R/smb.conf; nmbd -D -s $R/smb.conf
  printf 'Listen *:631\nBrowsing Yes\nBrowseLocalProtocols dnssd\nDefaultShared Yes\nServerAlias *\n<Location />\nOrder allow,deny\nAllow all\n</Location>\n<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n' >/etc/cups/cupsd.conf
  printf 'SystemGroup root\n' >/etc/cups/cups-files.conf; mkdir -p /etc/cups/ppd /run/cups
  cupsd -c /etc/cups/cupsd.conf -s /etc/cups/cups-files.conf
  (sleep 2; lpadmin -h localhost:631 -p Laser -E -v socket://127.0.0.1:9100 -D 'Laser in the hall' -L Hall -o printer-is-shared=true) &
  mkdir -p $R/dlna/media $R/dlna/db $R/dlna/log
  printf 'media_dir=%s/dlna/media\ndb_dir=%s/dlna/db\nlog_dir=%s/dlna/log\nfriendly_name=DiskStation media\nport=8200\nnetwork_interface=eth0\nnotify_interval=60\nmodel_name=DS918+\nmodel_number=DS918+\nserial=1780PDN123456\nuuid=4d696e69-444c-164e-9d41-001132000012\n' $R $R $R >$R/dlna.conf
  minidlnad -f $R/dlna.conf -P $R/dlna.pid
  wsdd -i eth0 -n DISKSTATION -w WORKGROUP &
}
dev_music() {
  scratch /etc/avahi/services /var/lib/snapserver
  svc mqtt 'Mosquitto on %h' _mqtt._tcp 1883
  DBUS=yes avahi; sleep 1
  mkfifo $R/snapfifo; printf '[server]\ndatadir=%s\n[http]\nenabled=true\n[tcp]\nenabled=true\n[stream]\nsource = pipe://%s/snapfifo?name=default\n' $R $R >$R/snap.conf
  snapserver -c $R/snap.conf & printf 'listener 1883\nallow_anonymous true\n' >$R/mosq.conf; mosquitto -c $R/mosq.conf -d
}
dev_renderer() { gmediarender -I eth0 -u a1b2c3d4-0000-4000-8000-0005cd000014 -f 'Denon AVR-X2700H' -o gst --gstout-audiosink=fakesink --logfile=stdout & }
dev_hap() {
  mkdir -p $R/hb; cat >$R/hb/config.json <<'E'
{"bridge":{"name":"Homebridge 0015","username":"0E:4A:5B:00:00:15","port":51826,"pin":"031-45-154","advertiser":"ciao"},"accessories":[],"platforms":[]}
E
  # ciao takes the name 'eth0@if9' that ip prints for a veth literally and then finds no interface
  mkdir -p $R/bin; printf '#!/bin/sh\n%s "$@" | sed "s/@[a-z0-9]*:/:/"\n' "$(command -v ip)" >$R/bin/ip; chmod +x $R/bin/ip
  PATH=$R/bin:$PATH HOME=$R node "$HB_NPM/node_modules/homebridge/bin/homebridge" -U $R/hb -C -Q &
}
dev_matter() {
  cat >$R/light.cjs <<'E'
const { Environment, ServerNode, StorageService } = require("@matter/main");
const { OnOffLightDevice } = require("@matter/main/devices/on-off-light");
(async () => {
  Environment.default.vars.set("storage.path", process.env.HB_RUN + "/matter");
  const node = await ServerNode.create({ id: "light", network: { port: 5540 },
    commissioning: { passcode: 20202021, discriminator: 3840 },
    productDescription: { name: "Desk light", deviceType: OnOffLightDevice.deviceType },
    basicInformation: { vendorName: "Example Lights", vendorId: 0xfff1, productName: "Desk light", productLabel: "Desk light",
      productId: 0x8000, nodeLabel: "Desk light", serialNumber: "hb-0016", uniqueId: "hb0016" } });
  await node.add(OnOffLightDevice, { id: "onoff" });
  await node.run();
})();
E
  HB_RUN=$R HOME=$R NODE_PATH="$HB_NPM/node_modules" node $R/light.cjs &
}
dev_cast() {
  DBUS=yes avahi; sleep 1
  avahi-publish -s 'Chromecast-Ultra-0123456789abcdef0123456789abcdef' _googlecast._tcp 8009 id=0123456789abcdef0123456789abcdef \
    cd=AABBCCDDEEFF00112233445566778899 rm= ve=05 'md=Chromecast Ultra' ic=/setup/icon.png 'fn=Living Room TV' ca=463365 st=0 bs=6CADF8000017 nf=1 rs= &
  avahi-publish -s 'Living Room TV' _androidtvremote2._tcp 6466 bt=6C:AD:F8:00:00:17 &
  avahi-publish -s 'Living Room TV' _spotify-connect._tcp 4070 CPath=/zc VERSION=1.0 Stack=SP &
  avahi-publish -s 'Living Room TV' _airplay._tcp 7000 deviceid=6C:AD:F8:00:00:17 features=0x7F8AD0,0x38BCF46 flags=0x244 model=OLED55C1 \
    manufacturer=LG 'fv=p20.03.30.30' serialNumber=105MAXX00017 protovers=1.1 srcvers=377.30 acl=0 rsf=0x0 pi=8e1c0f00-0000-4000-8000-6cadf8000017 &
  avahi-publish -s 'amzn.dmgr:0A1B2C3D4E5F' _amzn-wplay._tcp 35733 s=0 at=JsqrBKvc2eSH 'n=Fire TV Living Room' u=0A1B2C3D4E5F sp=36823 pv=1 v=2 f=1 tr=tcp t=8 mv=2 dpv=2 a=0 ad=A2GFL5ZMWNE0PX &
}
dev_hue() {
  scratch /etc/avahi/services
  svc hue 'Hue Bridge - 000018' _hue._tcp 443 bridgeid=001788fffe000018 modelid=BSB002 \
    -- _hap._tcp 8080 'c#=26' ff=1 id=1A:2B:3C:00:00:18 md=BSB002 pv=1.1 's#=1' sf=1 ci=2 sh=ABCDEF==
  avahi
}
dev_esp() {
  scratch /etc/avahi/services
  svc shelly shellyplus1pm-30aea4000019 _shelly._tcp 80 gen=2 app=Plus1PM ver=1.4.4 -- _http._tcp 80 gen=2
  svc esphome garage-door _esphomelib._tcp 6053 'friendly_name=Garage Door' version=2025.5.1 mac=30aea4000019 platform=ESP32 \
    board=esp32dev network=wifi api_encryption=Noise_NNpsk0_25519_ChaChaPoly_SHA256 project_name=example.garage project_version=1.0
  svc wled wled-shelf _wled._tcp 80 mac=30aea4000019
  svc misc 'Büro · Ölheizung 1.5 kW' _http._tcp 8080 path=/ 'Hersteller=Müller & Söhne'
  svc nanoleaf 'Shapes 52C1' _nanoleafapi._tcp 16021 md=NL42 srcvers=9.6.2 id=30:AE:A4:52:C1:00
  svc miio zhimi-airpurifier-mb3_miio123456789 _miio._udp 54321 mac=04cf8c000019 path=/mybox epoch=1
  svc octo 'OctoPrint on prusa' _octoprint._tcp 80 path=/ version=1.10.0 api=0.1 model=MK4 vendor=Prusa
  avahi
}
dev_sonos() {
  scratch /etc/avahi/services
  svc sonos '48A6B8000020@Bedroom' _sonos._tcp 1443 info=/api/v1/players/RINCON_48A6B800002001400/info vers=3 protovers=1.40.1 \
    bootseq=12 sslport=1443 hhsslport=1843 variant=2 mdnssequence=0 location=http://$NET4.20:1400/xml/device_description.xml \
    -- _spotify-connect._tcp 1400 VERSION=1.0 CPath=/spotifyzc
  avahi
}
dev_tiny() { mkdir -p $R/mdns.d; printf 'name tiny sensor\ntype _http._tcp\nport 80\ntxt path=/status\ntxt vendor=Example\n' >$R/mdns.d/http.service
  mdnsd -n -i eth0 $R/mdns.d & }
# A doorbell that sends what it sees to its maker, over both families, and asks the time.
dev_doorbell() {
  scratch /etc/avahi/services
  svc bell 'Front Door' _axis-video._tcp 80 macaddress=9C7613000030 \
    -- _hap._tcp 51827 'c#=1' ff=0 id=9C:76:13:00:00:30 'md=Video Doorbell 2' pv=1.1 's#=1' sf=0 ci=18 sh=QkVMTA==
  avahi
  sending 1 upload_once video.bell-maker.example 4 20000
  sending 1 upload_once video.bell-maker.example 6 20000
  sending 2 udp_once time.example
}
# A television that talks to its maker and, more often, to an advertiser.
dev_tv() {
  scratch /etc/avahi/services
  svc tv 'Lounge TV' _androidtvremote2._tcp 6466 bt=A8:23:FE:00:00:31 \
    -- _airplay._tcp 7000 deviceid=A8:23:FE:00:00:31 features=0x7F8AD0 model=OLED55C1 manufacturer=LG
  avahi
  sending 2 upload_once tv-maker.example 4 3000
  sending 1 upload_once metrics.ads.example 4 1500
  sending 1 upload_once metrics.ads.example 6 1500
}
dev_silent() { :; }
dev_watch() { DBUS=yes avahi; }   # the reference browser; publishes no service

# sending SECONDS CMD...: CMD again and again until the device ends, except while it is paused
sending() { local every=$1; shift; (while :; do [ -e $R/paused ] || "$@" >/dev/null 2>&1; sleep "$every"; done) & }
upload_once() { head -c "$3" /dev/zero | curl -s -m 3 "-$2" --data-binary @- -o /dev/null "http://$1/event"; }
udp_once() { echo "what time is it" >"/dev/udp/$1/123"; }
# in a device: send without end; 'send' sets the time limit
send_now() { # host how family
  local to; case $2 in
    http) while :; do upload_once "$1" "$3" 2000; sleep 0.2; done;;
    upload) exec curl -sS "-$3" --limit-rate 200k -X POST -T - -o /dev/null "http://$1/upload" </dev/zero;;
    download) exec curl -sSN "-$3" "http://$1/download?rate=200000";;
    udp) to=$(resolve "$1" "$3"); while :; do echo ping >"/dev/udp/$to/9000"; sleep 0.1; done;;
  esac
}
resolve() { if [ "$2" = 6 ]; then getent ahostsv6 "$1"; else getent ahostsv4 "$1"; fi | awk 'NR==1{print $1}'; }

init() {
  hostname "$(field "$1" 4)"
  if [ "$1" = net ]; then dev_net; while :; do sleep 3600 & wait $!; done; fi
  scratch /run; mkdir -p $R; export TMPDIR=$R
  # a daemon that looks up its own name must not depend on a DNS server
  local a; { echo '127.0.0.1 localhost'; for a in "$NET4." "$NET6::"; do echo "$a$(field "$1" 2) $(hostname) $(hostname).local"; done; } >$R/hosts; mount --bind $R/hosts /etc/hosts
  echo "nameserver $NET4.1" >$R/resolv.conf; [ ! -e /etc/resolv.conf ] || mount --bind $R/resolv.conf "$(readlink -f /etc/resolv.conf)"
  ! declare -F "dev_$1" >/dev/null || "dev_$1"
  while :; do sleep 3600 & wait $!; done
}

case ${1:-} in
  check|down|status|mem|seen|forget) "$1";;
  up) shift; up "$@";;
  send) shift; send "$@";;
  pause|resume) "$1" "${2:-}";;
  browse) dexec watch avahi-browse -a -r -t -p -k;;
  exec) shift; EXEC=exec dexec "$@";;
  probe) shift; ip netns exec ${PREFIX}probe "$@";;
  __init) init "$2";;
  __send) shift; send_now "$@";;
  *) sed -n '2,15p' "$SELF" | sed 's/^# \{0,1\}//'; exit 2;;
esac
