import { isIPv4 } from "node:net";
import { hostName, listOfSome, secret, section, text, wholeNumber } from "./fields";

/** IPv4 with the subnet's own prefix length (/8 to /30), since the hosts' addresses are held against that subnet. */
const address = () => {
  const error = "must be an IPv4 address with its subnet's prefix length (8 to 30), such as 192.0.2.100/24";
  return text(error, /^\d{1,3}(?:\.\d{1,3}){3}\/(?:[89]|[12]\d|30)$/).refine(
    (value) => isIPv4(value.replace(/\/.*$/, "")),
    { error },
  );
};

const check = section({
  intervalSeconds: wholeNumber(1, 3600).default(5).describe("Seconds between two checks of the host's own balancer."),
  rise: wholeNumber(1, 100).default(1).describe("Good checks in a row after which a host may hold the VIP again."),
  fall: wholeNumber(1, 100).default(1).describe("Failed checks in a row after which a host gives the VIP up."),
  weight: wholeNumber(-253, -1)
    .exactOptional()
    .describe(
      "What a failed check takes off the priority. Absent: a host whose check fails may not hold the VIP at all.",
    ),
}).describe("How keepalived checks the balancer on its host.");

export const vipSection = section({
  address: address().describe("The virtual IP in CIDR form, such as 192.0.2.100/24."),
  interface: text("must be a network interface's name, such as eth0", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/).describe(
    "The network interface that carries the VIP, on each of its hosts.",
  ),
  virtualRouterId: wholeNumber(1, 255).describe("VRRP's router id: no other VIP on the same network may have it."),
  hosts: listOfSome(hostName())
    .exactOptional()
    .describe("The hosts that may hold the VIP, the preferred one first. Default: haproxy.hosts."),
  priorities: listOfSome(wholeNumber(1, 254))
    .exactOptional()
    .describe("VRRP priorities, one for each of the hosts, falling. Default: 101, 100, 99, …"),
  advertisementSeconds: wholeNumber(1, 40).default(1).describe("Seconds between two VRRP advertisements."),
  check: check.prefault({}),
  password: secret("must be text of 1 to 8 letters and digits (VRRP sends eight)", /^[A-Za-z0-9]{1,8}$/)
    .exactOptional()
    .describe("VRRP's shared password. Generated when absent."),
}).describe("The virtual IP, held by keepalived. Absent: none, and applications use the balancers' own addresses.");
