import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { runBash, syntaxFaults, type Stubs } from "./support/bash";

const directory = join(__dirname, "../../scripts");

describe("shell scripts", () => {
  test.each(readdirSync(directory).filter((name) => name.endsWith(".sh")))(
    "%s is read by bash without a fault",
    (name) => {
      expect(syntaxFaults(readFileSync(join(directory, name), "utf8"))).toBe("");
    },
  );
});

describe("shellcheck.sh", () => {
  const root = join(directory, "..");
  const list = () =>
    execFileSync(join(directory, "shellcheck.sh"), ["--list"], { encoding: "utf8" }).trim().split("\n");

  test("checks every shell file, tracked or new, known by its name or its first line", () => {
    const files = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) => !/(?:^|\/)(?:node_modules|\.git|coverage)(?:\/|$)/.test(file))
      .filter((file) => statSync(join(root, file)).isFile())
      .filter(
        (file) => file.endsWith(".sh") || /^#!\S*[/ ](?:env )?(?:ba)?sh\b/.test(readFileSync(join(root, file), "utf8")),
      );
    expect(files).toEqual(
      expect.arrayContaining([".ci/run", "lab/lab", "lab/images/host/init", "tests/bench/byHand.sh"]),
    );
    expect(list().sort()).toEqual(files.sort());
  });
});

describe("hostkeys.sh", () => {
  const run = (addresses: string[], keyscan: Stubs[string]) =>
    runBash(`exec bash '${directory}/hostkeys.sh' ${addresses.join(" ")}`, [], {
      stubs: {
        "ssh-keyscan": keyscan,
        "ssh-keygen": { "-lf -": { run: "cat > /dev/null", stdout: "256 SHA256:abc no comment (ED25519)\n" } },
      },
    });
  const silent = { run: "echo '# 192.0.2.1:22 SSH-2.0' >&2", code: 1 };
  const ed25519 = { stdout: "192.0.2.1 ssh-ed25519 AAAAC3Nz\n" };

  test("prints what stands in the config, with the fingerprint to compare it by", async () => {
    expect(await run(["192.0.2.1", "192.0.2.2"], { "-t ed25519": ed25519 })).toEqual({
      code: 0,
      stdout:
        "# 192.0.2.1 SHA256:abc\nhostKey: ssh-ed25519 AAAAC3Nz\n# 192.0.2.2 SHA256:abc\nhostKey: ssh-ed25519 AAAAC3Nz\n",
      stderr: "",
      calls: [
        "ssh-keyscan -T 5 -t ed25519 192.0.2.1",
        "ssh-keygen -lf -",
        "ssh-keyscan -T 5 -t ed25519 192.0.2.2",
        "ssh-keygen -lf -",
      ],
    });
  });

  test("asks for another type of key where a host has not the first", async () => {
    const { code, stdout } = await run(["192.0.2.1"], {
      "-t ed25519": silent,
      "-t ecdsa": silent,
      "-t rsa": { stdout: "192.0.2.1 ssh-rsa AAAAB3Nz\n" },
    });
    expect([code, stdout]).toEqual([0, "# 192.0.2.1 SHA256:abc\nhostKey: ssh-rsa AAAAB3Nz\n"]);
  });

  test("says which host does not answer, goes on to the next, and fails", async () => {
    const outcome = await run(["192.0.2.9", "192.0.2.1"], { "192.0.2.9": silent, "192.0.2.1": ed25519 });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "# 192.0.2.1 SHA256:abc\nhostKey: ssh-ed25519 AAAAC3Nz\n",
      stderr: "192.0.2.9: no SSH server answered\n",
    });
  });

  test("without an address, says how it is used", async () => {
    const { code, stdout } = await run([], {});
    expect([code, stdout.split("\n", 1)[0]]).toEqual([2, "npm run hostkeys -- ADDRESS..."]);
  });
});

describe("summary.mjs", () => {
  const summary = (outputs: object) =>
    spawnSync(process.execPath, [join(directory, "summary.mjs")], { input: JSON.stringify(outputs), encoding: "utf8" });

  const outputs = {
    vip: "198.18.66.100",
    ports: { amqp: 15670, management: 15672, metrics: 15692, stats: 8100 },
    amqpUrl: "[secret]",
    managementUrl: "http://198.18.66.100:15672/",
    statsUrl: "http://198.18.66.100:8100/",
    username: "admin",
    password: "[secret]",
    members: {
      disc: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"],
      ram: ["rabbit@rabbitmq3"],
      running: ["rabbit@rabbitmq1", "rabbit@rabbitmq3"],
      versions: {
        "rabbit@rabbitmq1": "3.8.9 on Erlang 23.2.6",
        "rabbit@rabbitmq2": "3.8.9 on Erlang 23.2.6",
        "rabbit@rabbitmq3": "3.8.9 on Erlang 23.2.6",
      },
    },
  };

  test("prints members, virtual IP, ports and where to look next", () => {
    expect(summary(outputs)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: `  rabbit@rabbitmq1     disc  running, RabbitMQ 3.8.9 on Erlang 23.2.6
  rabbit@rabbitmq2     disc  not running, RabbitMQ 3.8.9 on Erlang 23.2.6
  rabbit@rabbitmq3     RAM   running, RabbitMQ 3.8.9 on Erlang 23.2.6

  AMQP             198.18.66.100:15670
  Management page  http://198.18.66.100:15672/ (user admin)
  Statistics page  http://198.18.66.100:8100/

Where to look next:
  npm run pulumi -- stack output -s dev --show-secrets     the passwords and URLs
  npm run lab -- ssh host1 docker exec rabbitmq rabbitmqctl cluster_status
  npm run pulumi -- preview -s dev                         what a change of Pulumi.dev.yaml would do
`,
    });
  });

  test("says where AMQP is served without a virtual IP: by each of the balancers", () => {
    const { status, stderr, stdout } = summary({ ...outputs, vip: undefined });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(summary(outputs).stdout.replace("198.18.66.100:15670", "the balancers:15670"));
  });

  test("fails on what is no stack's output", () => {
    expect(summary({}).status).not.toBe(0);
  });
});
