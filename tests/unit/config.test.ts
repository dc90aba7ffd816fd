import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadConfig, parseConfig } from "../../config";
import { certificate, certificateKey, changed, hostKey, makePlaces, parsed, wholeConfig } from "./configFixture";

describe("what is left out", () => {
  test("hosts take their login from the ssh section, and that from its defaults", () => {
    const places = makePlaces();
    places.write("project/keys/ops", readFileSync(join(places.homeDirectory, ".ssh/id_ed25519"), "utf8"));
    const raw = changed({
      ssh: { user: "ops" },
      "hosts.host2.user": "root",
      "hosts.host2.port": 2222,
      "hosts.host2.privateKeyFile": "keys/ops",
    });
    const { host1, host2 } = parseConfig(raw, { stack: "dev", ...places }).hosts;
    expect(host1).toEqual({
      address: "192.0.2.11",
      user: "ops",
      port: 22,
      privateKeyFile: join(places.homeDirectory, ".ssh/id_ed25519"),
      machine: "192.0.2.11",
      lost: false,
      hostKey: hostKey(),
    });
    expect(host2).toMatchObject({
      user: "root",
      port: 2222,
      privateKeyFile: join(places.projectDirectory, "keys/ops"),
    });
  });

  test("the broker's version comes from the image's tag", () => {
    expect(parsed().rabbitmq.version).toBe("3.8.9");
    const byDigest = { "rabbitmq.image": `rabbitmq@sha256:${"0".repeat(64)}`, "rabbitmq.version": "3.10.8" };
    expect(parsed(byDigest).rabbitmq.version).toBe("3.10.8");
  });

  test.each([
    [1, "autoheal"],
    [2, "autoheal"],
    [3, "pause_minority"],
  ])("partitions of %i nodes: %s", (size, handling) => {
    const nodes = (wholeConfig()["rabbitmq"] as { nodes: unknown[] }).nodes.slice(0, size);
    expect(parsed({ "rabbitmq.nodes": nodes }).rabbitmq.partitionHandling).toBe(handling);
  });

  test("the VIP is held by the balancers, in their order, with falling priorities", () => {
    expect(parsed({ "haproxy.hosts": ["host3", "host1"] }).vip).toMatchObject({
      address: "192.0.2.100/24",
      ip: "192.0.2.100",
      hosts: ["host3", "host1"],
      instances: [{ hosts: ["host3", "host1"], priorities: [101, 100] }],
    });
  });

  test("without a vip section there is no VIP", () => {
    expect(parsed({ vip: undefined })).not.toHaveProperty("vip");
  });

  test("no password is made up, and no weight", () => {
    const { rabbitmq, haproxy, vip } = parsed();
    expect([rabbitmq.password, haproxy.stats.password, vip?.password, vip?.check.weight]).toEqual(
      Array(4).fill(undefined),
    );
  });
});

test("the certificate's path starts at the project, and its text is read", () => {
  const { haproxy } = parsed({ "haproxy.tls": { certificateFile: "tls.pem" }, "haproxy.ports.amqps": 15671 });
  expect(haproxy.tls.certificates).toEqual([certificate + certificateKey]);
});

test("three machines can carry everything", () => {
  const everywhere = ["host1", "host2", "host3"];
  expect(parsed({ "haproxy.hosts": everywhere }).vip?.hosts).toEqual(everywhere);
});

describe("the lab's stack (Pulumi.dev.yaml)", () => {
  const file = parse(readFileSync(join(__dirname, "../../Pulumi.dev.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const raw = Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.replace("warren:", ""), value]),
  );
  const addresses = [11, 12, 13, 14, 15].map((number) => `198.18.66.${number}`);

  test("is accepted, and is the first article's topology", () => {
    const places = makePlaces();
    const lab = "home/.local/state/warren/lab/ssh";
    places.write(`${lab}/id_ed25519`, readFileSync(join(places.homeDirectory, ".ssh/id_ed25519"), "utf8"));
    places.write(`${lab}/known_hosts`, addresses.map((address) => `${address} ${hostKey()}\n`).join(""));

    const { hosts, rabbitmq, haproxy, vip } = parseConfig(raw, { stack: "dev", ...places });
    expect(Object.values(hosts).map((host) => host.address)).toEqual(addresses);
    expect(Object.values(hosts).every((host) => host.hostKey === hostKey())).toBe(true);
    expect(rabbitmq.version).toBe("3.8.9");
    expect(rabbitmq.nodes).toEqual([
      { name: "rabbitmq1", host: "host1", type: "disc" },
      { name: "rabbitmq2", host: "host2", type: "disc" },
      { name: "rabbitmq3", host: "host3", type: "ram" },
    ]);
    expect(haproxy).toMatchObject({
      hosts: ["host4", "host5"],
      ports: { amqp: 15670, stats: 8100, management: 15672 },
    });
    expect(vip).toMatchObject({
      ip: "198.18.66.100",
      virtualRouterId: 51,
      instances: [{ hosts: ["host4", "host5"], priorities: [101, 100] }],
    });
  });
});

describe("loadConfig", () => {
  const load = (config: Record<string, unknown>) => {
    const texts = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
    return loadConfig();
  };
  const namespaced = (raw: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(raw).map(([key, value]) => [`warren:${key}`, value]));

  beforeAll(() =>
    pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "warren", "dev"),
  );
  afterAll(() => {
    pulumi.runtime.setAllConfig({});
  });

  test("reads the warren: keys and leaves others alone", () => {
    const places = makePlaces();
    const raw = changed({ ssh: { privateKeyFile: join(places.homeDirectory, ".ssh/id_ed25519") } });
    expect(load({ ...namespaced(raw), "pulumi:tags": {}, "aws:region": "x" }).rabbitmq.image).toBe(
      "rabbitmq:3.8.9-management",
    );
  });

  test("a faulty config is Pulumi's own kind of error, which the CLI prints without a stack trace", () => {
    const faulty = () =>
      load({
        "warren:vipp": "text",
        ...namespaced(changed({ rabbitmq: undefined, vip: undefined, hosts: undefined })),
      });
    expect(faulty).toThrow(pulumi.RunError);
    expect(faulty).toThrow(`Stack "dev": 3 errors in its configuration. Nothing was touched.
  warren:vipp: unknown key - must be a known key: did you mean vip?
  warren:hosts: not given - must be a section of keys and values
  warren:rabbitmq: not given - must be a section of keys and values`);
  });
});
