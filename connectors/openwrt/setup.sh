# Paste this on your OpenWrt router (ssh root@192.168.1.1). It makes an account
# "bestbefore" that may read who is in the home and what goes out, and may set
# firewall rules. It is not root, and it cannot sign in by ssh.
opkg install rpcd-mod-luci uhttpd-mod-ubus conntrack || apk add rpcd-mod-luci uhttpd-mod-ubus conntrack
cat > /usr/share/rpcd/acl.d/bestbefore.json <<'END'
{
  "bestbefore": {
    "description": "Best Before: see devices and flows, set named firewall rules",
    "read": {
      "ubus": {
        "luci-rpc": ["getDHCPLeases", "getHostHints"],
        "network.interface": ["dump"],
        "system": ["board", "info"],
        "uci": ["get", "changes"],
        "file": ["read", "stat", "exec"],
        "session": ["access", "destroy"]
      },
      "uci": ["firewall", "system"],
      "file": {
        "/proc/net/nf_conntrack": ["read"],
        "/usr/sbin/nlbwmon": ["list"],
        "/bin/cat /proc/net/nf_conntrack": ["exec"],
        "/usr/sbin/nft -j list chain inet fw4 forward_*": ["exec"]
      }
    },
    "write": {
      "ubus": {
        "uci": ["add", "set", "delete", "commit", "apply", "confirm", "revert"],
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
uci set rpcd.bestbefore=login
uci set rpcd.bestbefore.username=bestbefore
printf 'A password for this account: '; read -r password
uci set rpcd.bestbefore.password="$(uhttpd -m "$password")"
uci add_list rpcd.bestbefore.read=bestbefore
uci add_list rpcd.bestbefore.write=bestbefore
uci commit rpcd
service rpcd restart
