import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { addresses, clusterStatus, onHost, resetLab, vip } from "../support/hosts";
import { Stack } from "../support/stack";
import { betweenNodes, serialAt, type TlsOutputs } from "../support/tls";
import { Traffic, losses, mirrorQueues, type TrafficQueue } from "../support/traffic";

const openssl = (directory: string, ...args: string[]): string =>
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "ignore"] }).toString();

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** An authority of a team's own, and a certificate by it for each of the names, good for these addresses; PEM files. */
function makeCertificates(directory: string, names: Record<string, string[]>): Record<string, string> {
  const authority = ["-x509", ...newKey, "-days", "2", "-subj", "/CN=team", "-keyout", "ca.key", "-out", "ca.pem"];
  openssl(directory, "req", ...authority);
  for (const [name, ips] of Object.entries(names)) {
    const alternatives = [`DNS:${name}`, ...ips.map((ip) => `IP:${ip}`)].join(",");
    writeFileSync(join(directory, "extensions"), `subjectAltName=${alternatives}\n`);
    openssl(directory, "req", "-new", ...newKey, "-subj", `/CN=${name}`, "-keyout", "own.key", "-out", "own.csr");
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "extensions"];
    const certificate = openssl(directory, "x509", "-req", "-in", "own.csr", ...signed);
    writeFileSync(join(directory, `${name}.pem`), certificate + readFileSync(join(directory, "own.key"), "utf8"));
  }
  const own = Object.keys(names).map((name): [string, string] => [name, join(directory, `${name}.pem`)]);
  return { authority: join(directory, "ca.pem"), ...Object.fromEntries(own) };
}

const queues: readonly TrafficQueue[] = [
  { name: "mirrored", type: "classic" },
  { name: "quorum", type: "quorum" },
];

/** A cluster that serves already, and a team's own certificates. */
describe("a cluster that runs", () => {
  const directory = mkdtempSync(join(tmpdir(), "warren-tls-"));
  const brokers = [1, 2, 3].map((i): [string, string] => [`rabbitmq${i}`, addresses[`host${i}`] ?? ""]);
  const files = makeCertificates(
    directory,
    Object.fromEntries(brokers.map(([name, address]) => [name, [address, vip]])),
  );
  const stack = new Stack("tlschange", (config) => {
    config["warren:rabbitmq"].image = "rabbitmq:3.10.8-management";
    for (const node of config["warren:rabbitmq"].nodes) node.type = "disc";
  });
  const tls = (nodes: boolean): Record<string, unknown> => ({
    nodes,
    certificates: {
      authorityFile: files["authority"],
      nodes: Object.fromEntries(brokers.map(([name]) => [name, { certificateFile: files[name] }])),
    },
  });
  const update = async (change: Parameters<Stack["change"]>[0]): Promise<string> => {
    stack.change(change);
    return stack.up();
  };

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    await mirrorQueues("host1", "app");
  }, 600_000);

  afterAll(() => {
    stack.remove();
    rmSync(directory, { recursive: true });
  });

  test("is given TLS for clients and the page one node after the other, and nothing is lost", async () => {
    const traffic = await Traffic.start(await stack.outputs(), queues);
    await update((config) => {
      config["warren:tls"] = tls(false);
      Object.assign(config["warren:haproxy"], { tls: { endsAt: "brokers" } });
      config["warren:haproxy"].ports["amqps"] = 15671;
    });
    await traffic.serves();
    expect(losses(await traffic.stop())).toEqual({});
    // A broker's own certificate, through a balancer that hands TLS on.
    const { certificateAuthority } = (await stack.outputs()) as TlsOutputs;
    expect(await serialAt(vip, 15671, certificateAuthority)).toMatch(/^[0-9A-F]+$/);
  }, 500_000);

  test("is told by the check of certificates that end soon", async () => {
    const { code, output } = await stack.check("--json");
    expect(code).toBe(1);
    const { faults } = JSON.parse(output) as { faults: string[] };
    const ofHost = (host: string, node: string): string[] =>
      ["authority", "node"].map((file) => {
        const path = `/var/lib/warren/rabbitmq/${node}/conf/tls/${file}.pem`;
        return expect.stringMatching(`^a certificate on ${host} ends on \\d{4}-\\d\\d-\\d\\d: ${path}$`) as string;
      });
    const balancers = faults.filter((fault) =>
      /^a certificate on host[45] ends on .*brokers-authority\.pem$/.test(fault),
    );
    expect(balancers).toHaveLength(2);
    expect(faults.filter((fault) => !balancers.includes(fault))).toEqual(
      brokers.flatMap(([node], index) => ofHost(`host${index + 1}`, node)),
    );
  }, 60_000);

  test("takes TLS between its nodes while it is stopped, and starts with all that it had", async () => {
    const running = stack.config();
    stack.change((config) => {
      config["warren:tls"] = tls(true);
    });
    const refused = await stack.try("preview");
    expect(refused.output).toContain("warren:tls.nodes: true - must stay false while the cluster runs");
    expect(await betweenNodes("host1", "rabbitmq1", addresses["host2"] ?? "", true)).not.toMatch(/^New, TLSv1/m);
    await update((config) => {
      config["warren:tls"] = running["warren:tls"] ?? {};
      config["warren:rabbitmq"]["stopped"] = true;
    });
    await update((config) => {
      config["warren:tls"] = tls(true);
    });
    await update((config) => {
      config["warren:rabbitmq"]["stopped"] = false;
    });
    const status = await clusterStatus("host3");
    expect(status.running_nodes.sort()).toEqual(brokers.map(([name]) => `rabbit@${name}`));
    expect(await betweenNodes("host1", "rabbitmq1", addresses["host2"] ?? "", true)).toMatch(/^New, TLSv1\.2/m);
    const list = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q list_queues -p app name --formatter json";
    const named = JSON.parse(await onHost("host2", list)) as { name: string }[];
    expect(named.map(({ name }) => name).sort()).toEqual(["mirrored", "quorum"]);
    await stack.up("--expect-no-changes");
  }, 600_000);
});
