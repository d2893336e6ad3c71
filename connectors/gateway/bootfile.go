package gateway

import (
	"fmt"
	"strings"
)

// Names of the boot file and of the unit that loads it.
const (
	bootFile = "bestbefore-gateway.nft"
	unitName = "bestbefore-gateway.service"
)

// renderBase writes a script for nft -f that gives our table as it is in the
// kernel, without marks, and takes the files in that marks (a pattern) names.
// Protocols stand there as numbers (1 is ICMP, 58 ICMPv6; IANA protocol numbers):
// a small box has no /etc/protocols, and nft would refuse the whole file for a name.
func renderBase(stays atHome, marks string) string {
	var b strings.Builder
	b.WriteString("#!/usr/sbin/nft -f\n")
	b.WriteString("# Written by Best Before: the blocks that this household set. Loaded at boot by\n")
	b.WriteString("# " + unitName + ", before the network starts. Remove all: nft delete table inet bestbefore\n")
	b.WriteString("table inet bestbefore\ndelete table inet bestbefore\ntable inet bestbefore {\n")
	b.WriteString("\tchain athome {\n" +
		"\t\tfib daddr type broadcast accept\n" +
		"\t\tfib daddr type multicast accept\n" +
		"\t\tfib daddr type local meta l4proto 1 accept\n" +
		"\t\tfib daddr type local meta l4proto 58 accept\n" +
		"\t\tfib daddr type local udp dport 67 accept\n" +
		"\t\tfib daddr type local udp dport 547 accept\n")
	for _, n := range stays.ifs {
		fmt.Fprintf(&b, "\t\tfib daddr oifname %q accept\n", n)
	}
	for _, p := range stays.nets {
		hdr := "ip"
		if p.Addr().Is6() {
			hdr = "ip6"
		}
		fmt.Fprintf(&b, "\t\t%s daddr %s accept\n", hdr, p)
	}
	b.WriteString("\t}\n")
	fmt.Fprintf(&b, "\tchain leaving {\n\t\ttype filter hook prerouting priority %d; policy accept;\n\t}\n", -310)
	fmt.Fprintf(&b, "\tchain returning {\n\t\ttype filter hook postrouting priority %d; policy accept;\n"+
		"\t\tct state new counter comment \"bb-watch\"\n\t}\n}\n", 310)
	if marks != "" {
		fmt.Fprintf(&b, "include \"%s\"\n", marks)
	}
	return b.String()
}

// renderMark writes what one mark adds to the base. Ends are absolute there
// (meta time), since a timeout cannot know how long the box was off.
func renderMark(p plan) string {
	var sets, leaving, returning strings.Builder
	renderPlan(p, &sets, &leaving, &returning)
	return "table inet bestbefore {\n" + sets.String() +
		"\tchain leaving {\n" + leaving.String() + "\t}\n" +
		"\tchain returning {\n" + returning.String() + "\t}\n}\n"
}

func renderPlan(p plan, sets, leaving, returning *strings.Builder) {
	k := key(p.mark) + "a_"
	macs := make([]string, len(p.macs))
	for i, m := range p.macs {
		macs[i] = m.String()
	}
	flags := ""
	if !p.until.IsZero() { // the same kind of set as in the running kernel
		flags = "\t\tflags timeout\n"
	}
	fmt.Fprintf(sets, "\tset %smac {\n\t\ttype ether_addr\n%s\t\telements = { %s }\n\t}\n", k, flags, strings.Join(macs, ", "))
	device := "meta iiftype ether ether saddr @" + k + "mac "
	end := func(role string) string { return fmt.Sprintf(" comment %q\n", p.comment(role)) }
	leaving.WriteString("\t\t" + device + "jump athome" + end(roleHome))
	for _, f := range []struct{ suffix, proto, typ, hdr string }{{"4", "ipv4", "ipv4_addr", "ip"}, {"6", "ipv6", "ipv6_addr", "ip6"}} {
		match := "meta nfproto " + f.proto + " " + device
		if !p.any {
			rs := p.family(f.suffix == "6")
			if len(rs) == 0 {
				continue
			}
			fmt.Fprintf(sets, "\tset %sto%s {\n\t\ttype %s\n\t\tflags interval\n\t\telements = { %s }\n\t}\n",
				k, f.suffix, f.typ, joined(rs))
			match += f.hdr + " daddr @" + k + "to" + f.suffix + " "
		}
		fmt.Fprintf(sets, "\tset %sflow%s {\n\t\ttype %s . %s . inet_proto . inet_service . inet_service\n\t\tsize 16384\n\t\tflags dynamic,timeout\n\t\ttimeout 1h\n\t}\n",
			k, f.suffix, f.typ, f.typ)
		fmt.Fprintf(sets, "\tset %stry%s {\n\t\ttype ether_addr . %s . inet_proto . inet_service\n\t\tsize 4096\n\t\tflags dynamic,timeout\n\t\ttimeout 30d\n\t}\n",
			k, f.suffix, f.typ)
		ports := "meta l4proto 6-17 "
		fmt.Fprintf(leaving, "\t\t%s%supdate @%sflow%s { %s saddr . %s daddr . meta l4proto . th sport . th dport timeout 1h }%s",
			match, ports, k, f.suffix, f.hdr, f.hdr, end(roleLearn))
		fmt.Fprintf(leaving, "\t\t%s%s%supdate @%stry%s { ether saddr . %s daddr . meta l4proto . th dport timeout 30d counter }%s",
			match, ports, window(p), k, f.suffix, f.hdr, end(roleTry))
		fmt.Fprintf(leaving, "\t\t%s%scounter drop%s", match, window(p), end(roleRefuse))
		fmt.Fprintf(returning, "\t\tmeta nfproto %s %s%s daddr . %s saddr . meta l4proto . th dport . th sport @%sflow%s %scounter drop%s",
			f.proto, ports, f.hdr, f.hdr, k, f.suffix, window(p), end(roleFreeze))
	}
}

// window is the time during which p is in force. nft reads whole seconds since
// the epoch; a start is never late and an end never early by more than that.
func window(p plan) string {
	s := ""
	if !p.from.IsZero() {
		s += fmt.Sprintf("meta time >= %q ", fmt.Sprint(p.from.Unix()))
	}
	if !p.until.IsZero() {
		s += fmt.Sprintf("meta time < %q ", fmt.Sprint(p.until.Unix()))
	}
	return s
}

func joined(rs []addrRange) string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.String()
	}
	return strings.Join(out, ", ")
}

// renderUnit writes the unit that loads file before the network starts.
func renderUnit(file string) string {
	return fmt.Sprintf(`[Unit]
Description=Best Before: keep this household's blocks after a restart
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=nftables.service local-fs.target
RequiresMountsFor=%[1]s
ConditionPathExists=%[1]s

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f %[1]s

[Install]
WantedBy=sysinit.target
`, unitPath(file))
}

// unitPath escapes a path for a unit file.
func unitPath(p string) string {
	return strings.NewReplacer("%", "%%", `\`, `\\`, " ", `\x20`, "$", "$$").Replace(p)
}
