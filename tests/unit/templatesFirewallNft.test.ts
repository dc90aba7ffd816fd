import { firewallNft } from "../../templates/firewallNft";

const doors = [
  { name: "clustering", ports: [4369, 25672, "35672-35682"], from: ["192.0.2.11", "192.0.2.12"] },
  { name: "management", ports: [15672], from: [] },
];

const whole = `# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
table inet warren
delete table inet warren
table inet warren {
    set bridges {
        type ifname
    }
    chain arriving {
        type filter hook prerouting priority -150; policy accept;
        ct state established,related accept
        iifname { "lo", "docker0" } accept
        iifname "br-*" iifname != @bridges accept
        fib daddr type local meta nfproto ipv4 ip saddr != { 192.0.2.11, 192.0.2.12 } tcp dport { 4369, 25672, 35672-35682 } counter drop comment "clustering"
        fib daddr type local meta nfproto ipv6 tcp dport { 4369, 25672, 35672-35682 } counter drop comment "clustering"
        fib daddr type local meta nfproto ipv4 tcp dport { 15672 } counter drop comment "management"
        fib daddr type local meta nfproto ipv6 tcp dport { 15672 } counter drop comment "management"
        ip protocol 112 ip saddr != { 192.0.2.11, 192.0.2.12 } counter drop comment "vrrp"
    }
}
`;

test("the table, whole: before Docker turns packets away from the host, and for named ports alone", () => {
  expect(firewallNft({ doors, vrrpPeers: ["192.0.2.11", "192.0.2.12"] })).toBe(whole);
});

test("without peers, nothing is said of VRRP", () => {
  expect(firewallNft({ doors, vrrpPeers: [] })).toBe(whole.replace(/ +ip protocol 112 .*\n/, ""));
});

test("SSH is not named, whatever the doors are, and what is not named is let through", () => {
  expect(whole).not.toMatch(/\b22\b/);
  expect(whole).toContain("policy accept");
});
