import { deployDev, members, nodes } from "./support/devStack";
import { whereabouts } from "./support/leaks";
import { unsealed, type Deployment } from "./support/mocks";

import { distributionConf } from "../../templates/distributionConf";
import { authority, nodePem } from "./certificatesFixture";

/* TLS of the brokers: what is made, in what order, what is secret, and what a changed certificate does not touch. */

const secured = { tls: { names: ["mq.example.com"] }, "haproxy.ports.amqps": 15671 };
const stdin = (stack: Deployment, name: string) => String(unsealed(stack.resource(name).inputs["stdin"]));
/** A script with what it writes to files. */
const decoded = (text: string) =>
  [text, ...(text.match(/[A-Za-z0-9+/]{12,}={0,2}/g) ?? []).map((word) => Buffer.from(word, "base64").toString())].join(
    "\n",
  );

describe("made certificates", () => {
  let stack: Deployment;
  beforeAll(async () => {
    stack = await deployDev(secured, members);
  });

  test("an authority, and for each node and the balancers a key and a certificate that it signs", () => {
    const names = stack.resources.filter(({ type }) => type.startsWith("tls:")).map(({ name }) => name);
    const each = [...nodes.map((node) => `tls-node-${node}`), "tls-balancers"].flatMap((name) => [
      `${name}-key`,
      `${name}-request`,
      `${name}-certificate`,
    ]);
    expect(names.sort()).toEqual(["tls-authority", "tls-authority-key", ...each].sort());
    const { inputs } = stack.resource("tls-node-rabbitmq1-certificate");
    expect(inputs).toMatchObject({ validityPeriodHours: 19800, earlyRenewalHours: 8760, caCertPem: "tls-authority\n" });
    const authorityInputs = stack.resource("tls-authority").inputs;
    expect(authorityInputs).toMatchObject({
      isCaCertificate: true,
      validityPeriodHours: 87600,
      earlyRenewalHours: 19824,
    });
  });

  test("they are good for what clients, balancers and other nodes call them", () => {
    const names = (name: string) => {
      const { dnsNames, ipAddresses } = stack.resource(`tls-${name}-request`).inputs;
      return { dnsNames, ipAddresses };
    };
    expect(names("node-rabbitmq2")).toEqual({
      dnsNames: ["rabbitmq2", "mq.example.com"],
      ipAddresses: ["198.18.66.12", "198.18.66.100"],
    });
    expect(names("balancers")).toEqual({
      dnsNames: ["mq.example.com"],
      ipAddresses: ["198.18.66.100", "198.18.66.14", "198.18.66.15"],
    });
  });

  test.each(nodes)("%s has its own before its container may change", (name) => {
    expect(stack.resource(`${name}-tls`).madeFrom["stdin"]).toContain(`tls-node-${name}-certificate`);
    expect(stack.resource(`${name}-tls`).dependsOn).toEqual(expect.arrayContaining([`${name}-files`, `${name}-trial`]));
    expect(decoded(stdin(stack, `${name}-trial`))).toContain(`private-tls-node-${name}-key`);
    expect(stack.resource(`${name}-gate`).dependsOn).toContain(`${name}-tls`);
    expect(decoded(stdin(stack, `${name}-tls`))).toContain(
      `tls-node-${name}-certificate\nprivate-tls-node-${name}-key`,
    );
  });

  test("the balancers have theirs, and trust the authority", () => {
    const text = decoded(stdin(stack, "haproxy-host4-config"));
    expect(text).toContain("tls-balancers-certificate\nprivate-tls-balancers-key");
    expect(text).toContain("server rabbitmq1 198.18.66.11:5671 check ssl verify required");
    expect(text).toContain("server rabbitmq1 198.18.66.11:15671 check ssl verify required");
    expect(stack.resource("haproxy-host4-config").dependsOn).toContain("rabbitmq-formed");
  });

  test("keys are secrets wherever they go, and no part of what replaces a container", () => {
    const everything = Object.fromEntries(stack.resources.map(({ name, inputs }) => [name, inputs]));
    const found = whereabouts(
      { ...everything, outputs: stack.outputsOf() },
      { node: "private-tls-node-rabbitmq1-key", authority: "private-tls-authority-key" },
    );
    expect(found.open).toEqual([]);
    expect(found.sealed["node"]).toEqual([
      "rabbitmq1-tls.stdin",
      "rabbitmq1-trial.stdin",
      "tls-node-rabbitmq1-request.privateKeyPem",
    ]);
    expect(found.sealed["authority"]).toEqual(
      [
        ...nodes.map((node) => `tls-node-${node}-certificate.caPrivateKeyPem`),
        "tls-authority.privateKeyPem",
        "tls-balancers-certificate.caPrivateKeyPem",
      ].sort(),
    );
    for (const name of [...nodes.map((node) => `${node}-container`), "haproxy-host4-container"]) {
      const from = Object.values(stack.resource(name).madeFrom).flat();
      expect(from.filter((resource) => resource.startsWith("tls-"))).toEqual([]);
    }
  });

  test("clients are told whom to trust", () => {
    expect(stack.outputsOf()).toMatchObject({
      tls: { clients: true, management: true, nodes: false },
      certificateAuthority: "tls-authority\n",
    });
  });

  test("the page without TLS is for the broker's own host", () => {
    const ports = stack.resource("rabbitmq1-container").inputs["ports"] as { internal: number; ip?: string }[];
    expect(ports.find(({ internal }) => internal === 15672)?.ip).toBe("127.0.0.1");
    expect(ports.find(({ internal }) => internal === 15671)).toEqual({ internal: 15671, external: 15671 });
  });

  test("other keys are other resources, under the same authority", async () => {
    const rotated = await deployDev({ ...secured, "tls.rotation": 2 }, members);
    const keys = rotated.resources.filter(({ type }) => type.endsWith(":PrivateKey")).map(({ name }) => name);
    expect(keys.sort()).toEqual(
      ["tls-authority-key", "tls-balancers-key.2", ...nodes.map((node) => `tls-node-${node}-key.2`)].sort(),
    );
    const settings = (deployment: Deployment) => deployment.resource("rabbitmq1-container").inputs["labels"];
    expect(settings(rotated)).toEqual(settings(stack));
  });
});

test("between nodes, the broker and its CLI are started with it", async () => {
  const stack = await deployDev({ tls: { nodes: true } });
  const envs = stack.resource("rabbitmq1-container").inputs["envs"] as string[];
  const erlang = "-proto_dist inet_tls -ssl_dist_optfile /etc/rabbitmq/tls/distribution.config";
  expect(envs).toContain(`RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=${erlang}`);
  expect(envs).toContain(`RABBITMQ_CTL_ERL_ARGS=${erlang}`);
  const files = { authority: "/etc/rabbitmq/tls/authority.pem", node: "/etc/rabbitmq/tls/node.pem" };
  expect(decoded(stdin(stack, "rabbitmq1-tls"))).toContain(distributionConf(files, ["tlsv1.2"]));
});

test("given certificates are written as they are, and none is made", async () => {
  const pem = nodePem.replace(/\n$/, "");
  const named = Object.fromEntries(["rabbit1", "rabbit2", "rabbit3"].map((name) => [name, { certificate: pem }]));
  const stack = await deployDev({
    "rabbitmq.nodes": [1, 2, 3].map((n) => ({ name: `rabbit${n}`, host: `host${n}` })),
    tls: { certificates: { authority, nodes: named } },
  });
  expect(stack.resources.filter(({ type }) => type.startsWith("tls:"))).toEqual([]);
  expect(decoded(stdin(stack, "rabbit2-tls"))).toContain(pem);
  expect(stack.outputsOf()["certificateAuthority"]).toBe(authority);
});

test("on a cluster that runs, TLS between nodes does not change", async () => {
  const last = { members: { versions: { "rabbit@rabbitmq1": "3.8.9 on Erlang 23.2.6" } } };
  await expect(deployDev({ tls: { nodes: true } }, members, last)).rejects.toThrow(
    "warren:tls.nodes: true - must stay false while the cluster runs",
  );
  await expect(deployDev({ tls: {} }, members, { ...last, tls: { nodes: true } })).rejects.toThrow(
    "warren:tls.nodes: false - must stay true while the cluster runs",
  );
  await expect(deployDev({ tls: { nodes: true } }, members, { tls: { nodes: false } })).resolves.toBeDefined();
});
