# Paste this on your OpenWrt router (ssh root@192.168.1.1). It makes an account
# "bestbefore" that may read who is in the home and what goes out, and may set
# firewall rules. It is not root, and it cannot sign in by ssh. Pasting it again
# sets the account up anew. It is one command, so that the question for the
# password is answered by you and not by the next pasted line.
bestbefore_setup() {
home=lan # the firewall zone of your home
packages='rpcd-mod-file rpcd-mod-luci uhttpd-mod-ubus conntrack'
if command -v apk >/dev/null; then apk -U add $packages; else opkg update; opkg install $packages; fi
cat > /usr/share/rpcd/acl.d/bestbefore.json <<END
{
  "bestbefore": {
    "description": "Best Before: see devices and flows, set named firewall rules",
    "read": {
      "ubus": {
        "luci-rpc": ["getDHCPLeases", "getHostHints"],
        "network.interface": ["dump"],
        "system": ["info"],
        "uci": ["get", "changes"],
        "file": ["read", "stat", "exec"],
        "session": ["destroy"]
      },
      "uci": ["firewall", "system"],
      "file": {
        "/proc/net/nf_conntrack": ["read"],
        "/usr/sbin/nlbwmon": ["list"],
        "/bin/cat /proc/net/nf_conntrack": ["exec"],
        "/usr/sbin/conntrack -L -o extended -f ipv4 -p tcp": ["exec"],
        "/usr/sbin/conntrack -L -o extended -f ipv4 -p udp": ["exec"],
        "/usr/sbin/conntrack -L -o extended -f ipv6 -p tcp": ["exec"],
        "/usr/sbin/conntrack -L -o extended -f ipv6 -p udp": ["exec"],
        "/usr/sbin/nft -j list chain inet fw4 forward_$home": ["exec"]
      }
    },
    "write": {
      "ubus": {
        "uci": ["add", "delete", "commit", "apply", "confirm", "revert"],
        "file": ["exec"]
      },
      "uci": ["firewall"],
      "file": {
        "/usr/sbin/conntrack -D -s *": ["exec"],
        "/usr/sbin/conntrack -D -f ipv6 -s *": ["exec"]
      }
    }
  }
}
END
password=
while [ -z "$password" ]; do
  printf 'A new password for the account bestbefore (it is not shown): '
  read -r -s password || return 1
  echo
done
uci -q delete rpcd.bestbefore
uci set rpcd.bestbefore=login
uci set rpcd.bestbefore.username=bestbefore
uci set rpcd.bestbefore.password="$(uhttpd -m "$password")"
uci add_list rpcd.bestbefore.read=bestbefore
uci add_list rpcd.bestbefore.write=bestbefore
uci commit rpcd
unset password
/etc/init.d/rpcd restart
}
bestbefore_setup
