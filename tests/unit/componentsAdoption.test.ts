import { deployDev, members, nodes } from "./support/devStack";
import { whereabouts } from "./support/leaks";
import { imageId, unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import type { AdoptableData } from "../../commands/rabbitmq/adoption";

/* A cluster made by hand: in which order it is taken over, and with which scripts. */

const cookie = "by-hand-by-hand";
const changes = {
  "rabbitmq.cookie": cookie,
  "haproxy.adopt": "haproxy",
  ...Object.fromEntries(nodes.map((_, index) => [`rabbitmq.nodes.${index}.adopt`, "rabbitmq"])),
};
const place = (name: string) => ({ name, container: "rabbitmq", directory: `/var/lib/warren/rabbitmq/${name}` });

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
    const look: AdoptableData = {
      ...place(name),
      byHand: "rabbitmq",
      path: `warren:rabbitmq.nodes[${index}]`,
      version: "3.8.9",
      cookie,
      disc: ["rabbitmq1", "rabbitmq2"],
      ram: ["rabbitmq3"],
      plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
      epmdPort: 4369,
      distributionPort: 25672,
    };
    expect(stepOf(dev.resource(`${name}-adoptable`))).toBe("rabbitmq/adoptable");
    expect(stdin(`${name}-adoptable`)).toBe(stepInput(look));
    const { open } = whereabouts({ [name]: dev.resource(`${name}-adoptable`).inputs }, { cookie });
    expect(open).toEqual([]);
  });

  test("gives way between its gate and its new container, once every node has been looked at", () => {
    const labels = dev.resource(`${name}-container`).inputs["labels"] as { value: string }[];
    const wanted = { image: imageId, settings: labels[2]!.value, lost: [], amqpPort: 5672 };
    expect(stepOf(dev.resource(`${name}-adopt`))).toBe("rabbitmq/adopt");
    expect(stdin(`${name}-adopt`)).toBe(
      stepInput({ ...place(name), ...wanted, byHand: "rabbitmq", graceSeconds: 120 }),
    );
    expect(dev.resource(`${name}-container`).dependsOn).toContain(`${name}-adopt`);
    for (const other of nodes) expect(dev.before(`${name}-adopt`)).toContain(`${other}-adoptable`);
  });

  test("knows that the container on its host may be the one made by hand", () => {
    expect(stdin(`${name}-files`)).toContain("\nadopts=true\n");
  });
});

test("one node after the other, though no update has told yet that they serve", () => {
  expect(dev.before("rabbitmq2-adopt")).toContain("rabbitmq1-boot");
  expect(dev.before("rabbitmq3-adopt")).toContain("rabbitmq2-start-app");
});

test("balancers, one after the other, when the brokers are adopted", () => {
  for (const host of ["host4", "host5"]) {
    expect(stdin(`haproxy-${host}-adopt`)).toBe(stepInput({ container: "haproxy" }));
    expect(dev.resource(`haproxy-${host}-container`).dependsOn).toContain(`haproxy-${host}-adopt`);
    expect(dev.before(`haproxy-${host}-adopt`)).toContain("rabbitmq-formed");
    expect(stdin(`haproxy-${host}-config`)).toContain("\nby_hand=true\n");
  }
  expect(dev.before("haproxy-host4-adopt")).toContain("haproxy-host5-ready");
});

test("without `adopt` the containers are the same ones", async () => {
  const after = await deployDev({ "rabbitmq.cookie": cookie }, members);
  const names = after.resources.filter(({ type }) => type === "docker:index/container:Container");
  expect(names).toHaveLength(5);
  for (const { name, inputs } of names) expect(dev.resource(name).inputs).toEqual(inputs);
});
