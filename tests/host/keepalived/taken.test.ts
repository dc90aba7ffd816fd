import { keepalivedConfig } from "../../../commands/keepalived";
import type { Reply, Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { config, directory } from "./support";

/* Before keepalived first runs: which other machine may have the virtual IP, or its router id. */

const neighbour = (ip: string, mac: string) => ({ stdout: `${ip} dev eth0 lladdr ${mac} REACHABLE\n` });
const free = { stdout: "198.18.66.100 dev eth0  FAILED\n" };
const heard = (elements: string) => ({
  stdout: `table ip warren_listen {\n\tset heard_51 {\n\t\ttype ipv4_addr\n${elements}\t}\n}\n`,
});

interface Network {
  /** What the neighbour table shows of the virtual IP. */
  vip?: Reply | Reply[];
  peer?: Reply;
  own?: Reply;
  heard?: Reply;
  active?: boolean;
  /** keepalived runs in a container of this stack's. */
  contained?: boolean;
  conf?: string;
}

async function run({
  vip = free,
  peer = free,
  own = {},
  heard: set = heard(""),
  active = false,
  contained = false,
  conf,
}: Network) {
  const stubs: Stubs = {
    docker: { "ps -q": { stdout: contained ? "c0ffee\n" : "" } },
    systemctl: { "is-active -q keepalived": { code: active ? 0 : 3 } },
    ip: {
      "neigh flush": {},
      "neigh show to 198.18.66.100": vip,
      "neigh show to 198.18.66.15": peer,
      "addr show to 198.18.66.100": own,
      maddr: {},
    },
    nft: { "-f -": { run: "cat > $WARREN_ROOT/rules" }, "delete table": {}, "list set": set },
    keepalived: { "-t": {} },
  };
  const files: Record<string, string> = conf === undefined ? {} : { [`${directory}/keepalived.conf`]: conf };
  const outcome = await runStep(keepalivedConfig, config, { stubs, files, before: "poke() { :; }" });
  return { ...outcome, calls: outcome.calls.filter((call) => !call.startsWith("keepalived -t")) };
}

test("a free address and a free router id are all that is wanted; what listened is taken away again", async () => {
  const { code, stderr, calls, read } = await run({});
  expect([code, stderr]).toEqual([0, ""]);
  expect(read("/rules")).toBe(`table ip warren_listen {
  set heard_51 { type ipv4_addr; flags dynamic; size 64; }
  chain arriving {
    type filter hook prerouting priority -310;
    iifname "eth0" ip protocol 112 @th,8,8 51 ip saddr != { 127.0.0.1, 198.18.66.15 } add @heard_51 { ip saddr }
  }
}
`);
  expect(calls).toContain("ip maddr add 01:00:5e:00:00:12 dev eth0");
  expect(calls.slice(-2)).toEqual(["nft delete table ip warren_listen", "ip maddr del 01:00:5e:00:00:12 dev eth0"]);
});

test("an address that another machine answers for is refused; nothing is listened for, and nothing written", async () => {
  const { code, stderr, calls, read } = await run({ vip: neighbour("198.18.66.100", "02:42:0a:00:00:07") });
  expect([code, stderr]).toEqual([
    1,
    "vip.address: 198.18.66.100 - must be free, and another machine (02:42:0a:00:00:07) answers for it. Nothing was changed\n",
  ]);
  expect(calls.filter((call) => call.startsWith("nft"))).toEqual([]);
  expect(read(`${directory}/warren-serves`)).toBeUndefined();
});

test("a peer of the same stack may have it", async () => {
  const mac = "02:42:c6:12:42:0f";
  const outcome = await run({ vip: neighbour("198.18.66.100", mac), peer: neighbour("198.18.66.15", mac) });
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
});

test("an address on this host is Warren's own or refused", async () => {
  const own = { stdout: "2: eth0 inet 198.18.66.100/24 scope global eth0\n" };
  expect(await run({ own })).toMatchObject({
    code: 1,
    stderr:
      "vip.address: 198.18.66.100 - must be free, and this host has it already, not by Warren. Nothing was changed\n",
  });
  expect(await run({ own, conf: "# Written by Warren for host4.\n" })).toMatchObject({ code: 0, stderr: "" });
});

test("a router id that another router advertises is refused", async () => {
  const { code, stderr, calls } = await run({ heard: heard("\t\telements = { 198.18.66.77, 198.18.66.78 }\n") });
  expect([code, stderr]).toEqual([
    1,
    "vip.virtualRouterId: 51 - must be free, and another router on this network has it: 198.18.66.77, 198.18.66.78. Choose another id. Nothing was changed\n",
  ]);
  expect(calls).toContain("nft delete table ip warren_listen");
});

test("what listened is taken away again where it cannot listen", async () => {
  const { code, calls } = await run({ heard: { code: 1 } });
  expect([code, calls.at(-1)]).toEqual([1, "ip maddr del 01:00:5e:00:00:12 dev eth0"]);
});

describe("where keepalived runs already", () => {
  const conf = "# Written by Warren for host4.\n    virtual_router_id 51\n        198.18.66.100/24\n";

  test("with just this, nothing is asked", async () => {
    const { code, calls } = await run({ active: true, conf });
    expect([code, calls]).toEqual([0, ["systemctl is-active -q keepalived"]]);
  });

  test("in a container of this stack's, with just this, nothing is asked either", async () => {
    const { code, calls } = await run({ contained: true, conf });
    expect([code, calls]).toEqual([0, ["systemctl is-active -q keepalived", expect.stringMatching(/^docker ps -q /)]]);
  });

  test.each([
    ["another router id", conf.replace("51", "5")],
    ["another address", conf.replace("198.18.66.100", "198.18.66.10")],
  ])("with %s, all is asked", async (_title, other) => {
    const { code, calls } = await run({ active: true, conf: other });
    expect([code, calls.length > 5]).toEqual([0, true]);
  });
});
