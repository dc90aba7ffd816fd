import { isIPv4 } from "node:net";
import { hostName, image, list, listOfSome, rotation, secret, section, text, wholeNumber, yesOrNo } from "./fields";

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

const mailAddress = () => text("must be a mail address, such as ops@example.com", /^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$/);

const mail = section({
  to: listOfSome(mailAddress()).describe("Who is told when a host takes a virtual IP or gives it up."),
  from: mailAddress().describe("The sender."),
  server: text(
    "must be the mail server's IPv4 address, with a port if it is not 25, such as 192.0.2.25:587",
    /^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?$/,
  )
    .default("127.0.0.1")
    .describe("The mail server, as the hosts reach it. It has to take mail without a login."),
  timeoutSeconds: wholeNumber(1, 300).default(30).describe("Seconds to reach the mail server."),
}).describe("Mail at each change. Absent: none.");

const path = () =>
  text("must be an absolute path made of letters, digits and . _ -", /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/);

const notify = section({
  logFile: path().default("/var/log/warren-vip.log").describe("The file on the host to which each change is added."),
  hook: path()
    .exactOptional()
    .describe("A program on the hosts that is run as root at each change; its arguments are keepalived's own."),
}).describe("What each host does at each change. Absent: nothing.");

const gratuitousArp = section({
  delaySeconds: wholeNumber(0, 3600).exactOptional().describe("Seconds until a new holder says it once more."),
  repeat: wholeNumber(1, 100).exactOptional().describe("How often it says so each time."),
  refreshSeconds: wholeNumber(0, 86_400)
    .exactOptional()
    .describe("Seconds after which the holder says it again and again."),
}).describe("How a new holder tells the network (gratuitous ARP). Absent values: keepalived's own.");

const hosts = () => listOfSome(hostName()).exactOptional();
const priorities = () =>
  listOfSome(wholeNumber(1, 254))
    .exactOptional()
    .describe("VRRP priorities, one for each of the hosts, falling. Default: 101, 100, 99, …");
const networkInterface = () =>
  text("must be a network interface's name, such as eth0", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/);

const instance = section({
  address: address().describe("The virtual IP in CIDR form."),
  additionalAddresses: list(address()).default([]).describe("Further virtual IPs that are always on the same host."),
  interface: networkInterface().exactOptional().describe("The network interface. Default: vip.interface."),
  virtualRouterId: wholeNumber(1, 255).describe("VRRP's router id: no other VIP on the same network may have it."),
  hosts: hosts().describe("The hosts that may hold it, the preferred one first. Default: vip.hosts, turned by one."),
  priorities: priorities(),
});

export const vipSection = section({
  address: address().describe("The virtual IP in CIDR form, such as 192.0.2.100/24."),
  additionalAddresses: list(address()).default([]).describe("Further virtual IPs that are always on the same host."),
  interface: networkInterface().describe("The network interface that carries the VIP, on each of its hosts."),
  virtualRouterId: wholeNumber(1, 255).describe("VRRP's router id: no other VIP on the same network may have it."),
  hosts: hosts().describe("The hosts that may hold the VIP, the preferred one first. Default: haproxy.hosts."),
  priorities: priorities(),
  instances: list(instance)
    .default([])
    .describe("Further virtual IPs that move by themselves, so that each balancer can be the preferred one of some."),
  advertisementSeconds: wholeNumber(1, 40).default(1).describe("Seconds between two VRRP advertisements."),
  unicast: yesOrNo()
    .default(false)
    .describe("Whether hosts advertise to each other alone, where a network has no multicast."),
  preempt: yesOrNo().default(true).describe("Whether the VIP returns to its preferred host when that can serve again."),
  preemptDelaySeconds: wholeNumber(1, 1000)
    .exactOptional()
    .describe("Seconds that a host which comes back waits before it takes the VIP."),
  image: image("keepalived:2.2")
    .exactOptional()
    .describe(
      "keepalived's image, with bash in it. Absent: keepalived runs on the hosts, from their distribution's package.",
    ),
  check: check.prefault({}),
  gratuitousArp: gratuitousArp.prefault({}),
  notify: notify.exactOptional(),
  mail: mail.exactOptional(),
  password: secret("must be text of 1 to 8 letters and digits (VRRP sends eight)", /^[A-Za-z0-9]{1,8}$/)
    .exactOptional()
    .describe("VRRP's shared password. Generated when absent."),
  rotation: rotation().describe("Raise it by one to have a new password generated."),
}).describe("The virtual IP, held by keepalived. Absent: none, and applications use the balancers' own addresses.");
