import { deployDev, members, nodes } from "./support/devStack";
import { whereabouts } from "./support/leaks";
import { imageId, unsealed, type Deployment } from "./support/mocks";

import { refuseForeign } from "../../commands/docker";
import * as haproxy from "../../commands/haproxy";
import * as rabbitmq from "../../commands/rabbitmq";
import { scriptInput } from "../../commands/shell";

/* A cluster made by hand: in which order it is taken over, and with which scripts. */

const cookie = "by-hand-by-hand";
const changes = {
  "rabbitmq.cookie": cookie,
  "haproxy.adopt": "haproxy",
  ...Object.fromEntries(nodes.map((_, index) => [`rabbitmq.nodes.${index}.adopt`, "rabbitmq"])),
};
const place = (name: string) => ({ name, container: "rabbitmq", directory: `/var/lib/warren/rabbitmq/${name}` });
const adoption = (index: number) => ({ container: "rabbitmq", path: `warren:rabbitmq.nodes[${index}]` });

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev(changes);
});
const stdin = (name: string) => {
  const value = dev.resource(name).inputs["stdin"];
  return unsealed(value) ?? value;
};

describe.each(nodes.map((name, index) => ({ name, index })))("$name", ({ name, index }) => {
  test("is looked at on its host, with the cookie sealed", () => {
    const look = rabbitmq.adoptable(place(name), adoption(index), {
      version: "3.8.9",
      cookie,
      members: members.map((member) => ({ name: member.name, type: member.type as "disc" | "ram" })),
      plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
      ports: { epmd: 4369, distribution: 25672 },
    });
    expect(stdin(`${name}-adoptable`)).toBe(scriptInput({ create: look }));
    const { open } = whereabouts({ [name]: dev.resource(`${name}-adoptable`).inputs }, { cookie });
    expect(open).toEqual([]);
  });

  test("gives way between its gate and its new container, once every node has been looked at", () => {
    const labels = dev.resource(`${name}-container`).inputs["labels"] as { value: string }[];
    const wanted = { image: imageId, settings: labels[2]!.value };
    const create = rabbitmq.adopt(place(name), adoption(index), wanted, { amqpPort: 5672, graceSeconds: 120 });
    expect(stdin(`${name}-adopt`)).toBe(scriptInput({ create }, name));
    expect(dev.resource(`${name}-container`).dependsOn).toContain(`${name}-adopt`);
    for (const other of nodes) expect(dev.before(`${name}-adopt`)).toContain(`${other}-adoptable`);
  });

  test("does not take its own container for a stranger, nor boots bare", () => {
    const files = String(stdin(`${name}-files`));
    const checks = [
      refuseForeign("rabbitmq", "acme/warren/dev", name),
      rabbitmq.refuseMove(place(name), ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"]),
    ].join("\n");
    expect(files).toContain(rabbitmq.onceAdopted(place(name), checks));
    expect(files).not.toContain(rabbitmq.bootBare(place(name)));
  });
});

test("one node after the other, though no update has told yet that they serve", () => {
  expect(dev.before("rabbitmq2-adopt")).toContain("rabbitmq1-boot");
  expect(dev.before("rabbitmq3-adopt")).toContain("rabbitmq2-start-app");
});

test("balancers, one after the other, when the brokers are adopted", () => {
  for (const host of ["host4", "host5"]) {
    expect(stdin(`haproxy-${host}-adopt`)).toBe(scriptInput({ create: haproxy.adopt("haproxy") }));
    expect(dev.resource(`haproxy-${host}-container`).dependsOn).toContain(`haproxy-${host}-adopt`);
    expect(dev.before(`haproxy-${host}-adopt`)).toContain("rabbitmq-formed");
    expect(stdin(`haproxy-${host}-config`)).toContain(
      refuseForeign("haproxy", "acme/warren/dev", `haproxy-${host}`, true),
    );
  }
  expect(dev.before("haproxy-host4-adopt")).toContain("haproxy-host5-ready");
});

test("without `adopt` the containers are the same ones", async () => {
  const after = await deployDev({ "rabbitmq.cookie": cookie }, members);
  const names = after.resources.filter(({ type }) => type === "docker:index/container:Container");
  expect(names).toHaveLength(5);
  for (const { name, inputs } of names) expect(dev.resource(name).inputs).toEqual(inputs);
});
