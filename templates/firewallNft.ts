/** A door of a host: ports, and who may knock. */
export interface Door {
  /** What it is for, in one word: `clustering`, `management`. */
  name: string;
  /** TCP ports, or ranges such as `35672-35682`. */
  ports: readonly (number | string)[];
  /** Addresses and networks. */
  from: readonly string[];
}

/** What a host's table of rules is made of. Source: nft(8). */
export interface FirewallNft {
  doors: readonly Door[];
  /** Hosts whose VRRP counts here; nothing is said of VRRP without them. */
  vrrpPeers: readonly string[];
}

/**
 * The host's rules, in a table of Warren's own. They stand before Docker's: Docker turns a packet for a published port towards
 * its container (`dstnat`, -100), so that a rule in the usual place never sees it as one for the host. What is not named
 * here is let through as it was, SSH above all; and so are connections that exist already.
 */
export function firewallNft({ doors, vrrpPeers }: FirewallNft): string {
  const lines = [
    "# Written by Warren. Change the stack's config instead: the next `pulumi up` overwrites this file.",
    // Made first, so that deleting it never fails: nft takes the whole file at once or not at all.
    "table inet warren",
    "delete table inet warren",
    "table inet warren {",
    // The host fills it with its bridges that are not Docker's (host/firewall.sh): what comes by these are strangers.
    "    set bridges {",
    "        type ifname",
    "    }",
    "    chain arriving {",
    "        type filter hook prerouting priority -150; policy accept;",
    "        ct state established,related accept",
    // The host itself, and its containers.
    '        iifname { "lo", "docker0" } accept',
    '        iifname "br-*" iifname != @bridges accept',
    ...doors.flatMap(({ name, ports, from }) => {
      const list = ports.join(", ");
      const strangers = from.length === 0 ? "" : `ip saddr != { ${from.join(", ")} } `;
      return [
        `        fib daddr type local meta nfproto ipv4 ${strangers}tcp dport { ${list} } counter drop comment "${name}"`,
        // Everybody who may come in has an IPv4 address.
        `        fib daddr type local meta nfproto ipv6 tcp dport { ${list} } counter drop comment "${name}"`,
      ];
    }),
    ...(vrrpPeers.length === 0
      ? []
      : [`        ip protocol 112 ip saddr != { ${vrrpPeers.join(", ")} } counter drop comment "vrrp"`]),
    "    }",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
