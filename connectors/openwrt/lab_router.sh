# A router of OpenWrt's own programs in namespaces of this test's own: its network, two devices at it and the outside.
# Run by lab_test.go as root inside "unshare -n -m -p"; $1 holds the programs (usr/sbin/rpcd, ...), $2 is the time zone.
# Nothing of this machine is changed: the router's files are an overlay that ends with the namespace.
set -e
PROGRAMS=$1 ZONE=$2 R=/run/owrt/root
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mkdir -p /run/netns /run/owrt/up /run/owrt/work $R
cp -a "$PROGRAMS"/. /run/owrt/up/
mount -t overlay overlay -o lowerdir=/,upperdir=/run/owrt/up,workdir=/run/owrt/work $R
mount -t proc proc $R/proc
mount --rbind /sys $R/sys
mount --rbind /dev $R/dev
mount -t tmpfs tmpfs $R/run
mount -t tmpfs tmpfs $R/tmp
mkdir -p $R/run/ubus $R/run/lock $R/run/rpcd $R/etc/config $R/etc/init.d $R/lib/netifd $R/www
ln -sf busybox $R/usr/bin/sh # OpenWrt's own scripts need its shell

for n in tv camera net switch; do ip netns add $n; ip -n $n link set lo up; done
for n in tv camera net; do ip netns exec $n sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad'; done
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct # as OpenWrt sets it
ip link set lo up
ip -n switch link add br0 type bridge mcast_snooping 0
ip -n switch link set br0 up
ip link add lan0 type veth peer name up0 netns switch
ip -n switch link set up0 master br0 up
i=20
for n in tv camera; do
  ip -n switch link add p$n type veth peer name eth0 netns $n
  ip -n switch link set p$n master br0 up
  ip -n $n link set eth0 address 3c:a6:2f:00:00:0$((i - 19))
  ip -n $n link set eth0 up
  ip -n $n addr add 192.168.1.$i/24 dev eth0
  ip -n $n addr add 2001:db8:1::$i/64 dev eth0 nodad
  ip -n $n route add default via 192.168.1.1
  ip -n $n -6 route add default via 2001:db8:1::1
  i=$((i + 1))
done
ip link add wan0 type veth peer name eth0 netns net
ip -n net link set eth0 up
ip -n net addr add 192.0.2.2/30 dev eth0
ip -n net addr add 2001:db8:ff::2/64 dev eth0 nodad
for a in 198.51.100.7 198.51.100.8 203.0.113.5; do ip -n net addr add $a/32 dev lo; done
for a in 2001:db8:a::7 2001:db8:a::8; do ip -n net addr add $a/128 dev lo nodad; done
ip -n net -6 route add 2001:db8:1::/64 via 2001:db8:ff::1

cat >$R/etc/config/system <<END
config system
	option hostname 'OpenWrt'
	option timezone '$ZONE'
END
cat >$R/etc/config/rpcd <<'END'
config rpcd
	option socket /var/run/ubus/ubus.sock
	option timeout 30

config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'
END
cat >$R/etc/config/network <<'END'
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'

config interface 'lan'
	option device 'lan0'
	option proto 'static'
	list ipaddr '192.168.1.1/24'
	list ip6addr '2001:db8:1::1/64'

config interface 'wan'
	option device 'wan0'
	option proto 'static'
	list ipaddr '192.0.2.1/30'
	option gateway '192.0.2.2'

config interface 'wan6'
	option device 'wan0'
	option proto 'static'
	list ip6addr '2001:db8:ff::1/64'
	option ip6gw '2001:db8:ff::2'
END
cat >$R/etc/config/dhcp <<'END'
config dnsmasq
	option leasefile '/tmp/dhcp.leases'
END
echo "$(($(date +%s) + 3600)) 3c:a6:2f:00:00:02 192.168.1.21 cam 01:3c:a6:2f:00:00:02" >$R/tmp/dhcp.leases # a stand-in for dnsmasq's own

# Stand-ins for what is shell in OpenWrt's base files: how the two services are told to start anew.
cat >$R/etc/init.d/firewall <<'END'
#!/bin/sh
case $1 in reload) fw4 reload;; restart) fw4 restart;; esac 2>>/tmp/fw4.log
END
cat >$R/etc/init.d/rpcd <<'END'
#!/bin/sh
kill -HUP "$(cat /tmp/rpcd.pid)"
END
chmod +x $R/etc/init.d/firewall $R/etc/init.d/rpcd

# The web server's own certificate, as the router makes one for itself.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 730 -subj /CN=OpenWrt -keyout $R/etc/uhttpd.key -out $R/etc/uhttpd.crt 2>/dev/null
