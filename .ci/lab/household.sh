# What the devices of the household do, in the shell that each has in its namespace: real programs, many at a time.
# Sourced by bash; every function that takes a while goes on in the background.
mkdir -p /run/hb
Q='curl -sk -m 15 -o /dev/null'

get() { $Q "-${3:-4}" "https://$1/download?bytes=$2" & }                                   # host bytes [family]
put() { { head -c "$2" /dev/zero | $Q "-${3:-4}" -T - "https://$1/clip"; } & }              # host bytes [family]
ask() { $Q "-${2:-4}" -d '{"state":"on","firmware":"1.4.4","uptime":86400}' "https://$1/api" & } # host [family]
pages() { curl -sk -m 15 -Z "https://{$1}/download?bytes=$2" >/dev/null & }                 # host,host,... bytes
listen() { curl -sk -m "$3" --limit-rate "$2" "https://$1/download?bytes=2000000000" -o /dev/null & } # host rate seconds
call() { $Q --limit-rate "$3" "https://$1/download?bytes=$2" & { head -c "$2" /dev/zero | $Q --limit-rate "$3" -T - "https://$1/call"; } & } # host bytes rate; both ways at once
clock() { { echo 'what time is it and how long did that take' >"/dev/udp/$1/123"; } 2>/dev/null & }   # host

# One connection to a broker that stays, with a line now and then.
report() { # broker topic
  [ -p /run/hb/said ] || mkfifo /run/hb/said
  exec 9<>/run/hb/said
  while :; do mosquitto_pub -h "$1" -p 1883 -i "$2" -l -t "home/$2" </run/hb/said >/dev/null 2>&1; sleep 1; done &
}
say() { echo "$1" >&9; }

play() { # host: both ways, a few packets a second
  { exec 8<>"/dev/udp/$1/9000" && for _ in 1 2 3 4 5 6; do echo "$PLAY" >&8; sleep 0.05; done; } 2>/dev/null &
}
PLAY=$(printf 'x%.0s' {1..900})

# What nobody should do. Each is one program that goes on until it is through.
try() { curl -s -Z --parallel-immediate --parallel-max 40 --connect-timeout 2 -m 3 "http://$1" >/dev/null 2>&1 & } # addresses with a port
give() { for a in $1; do head -c "$2" /dev/zero | $Q -T - "https://$a:8443/" & done; }                            # "addresses" bytes
