import { statSync } from "node:fs";
import { join } from "node:path";
import type { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { deployDev, home, knownKey, loginKey } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";

import { labels, removeStray } from "../../commands/docker";
import { scriptInput } from "../../commands/shell";

/** Calls of ssh, in place of the real ones. */
const mockCalls: { file: string; args: string[]; stdin: PassThrough }[] = [];
/** What the next one comes to. */
let mockEnd: () => Promise<object>;

jest.mock("node:child_process", () => {
  const stream = jest.requireActual<typeof import("node:stream")>("node:stream");
  const util = jest.requireActual<typeof import("node:util")>("node:util");
  const run = (file: string, args: string[]) => {
    const stdin = new stream.PassThrough();
    mockCalls.push({ file, args, stdin });
    return Object.assign(mockEnd(), { child: { stdin } });
  };
  return {
    ...jest.requireActual<object>("node:child_process"),
    execFile: Object.assign(() => undefined, { [util.promisify.custom]: run }),
  };
});

const ops = {
  ssh: { user: "ops", port: 2222, privateKeyFile: `${home}/.local/state/warren/lab/ssh/id_ed25519` },
  "hosts.host1.hostKey": knownKey,
};

describe("a login that is not root", () => {
  let dev: Deployment;
  beforeAll(async () => {
    dev = await deployDev(ops);
  });

  test("runs every script with sudo, which must not ask for a password", () => {
    for (const { name, inputs } of dev.resources.filter(({ type }) => type === "command:remote:Command")) {
      expect(inputs["create"]).toBe(`sudo -n bash -s create ${name}`);
      if ("delete" in inputs) expect(inputs["delete"]).toBe(`sudo -n bash -s delete ${name}`);
      expect(unsealed(inputs["connection"])).toMatchObject({ user: "ops", port: 2222, privateKey: loginKey });
    }
  });

  test("is put into the group that may speak to Docker, and reaches it", () => {
    expect(dev.resource("host2-prepare").inputs["stdin"]).toContain(
      "\nid -nG ops | grep -qw docker || usermod -aG docker ops\n",
    );
    expect(dev.resource("host2-docker").inputs["host"]).toBe("ssh://ops@198.18.66.12:2222");
  });

  test("a host's key is checked where it is known", () => {
    const connection = (name: string) => unsealed(dev.resource(name).inputs["connection"]);
    expect(connection("host1-prepare")).toMatchObject({ hostKey: knownKey });
    expect(connection("host2-prepare")).not.toHaveProperty("hostKey");
  });
});

test("a login that is root needs no group", async () => {
  expect((await deployDev()).resource("host2-prepare").inputs["stdin"]).not.toContain("usermod");
});

test("the directory of open connections is the operator's alone", () => {
  expect(statSync(join(home, ".ssh")).mode & 0o7777).toBe(0o700);
});

describe("the hook before a container is made", () => {
  let dev: Deployment;
  beforeAll(async () => {
    dev = await deployDev(ops);
  });
  beforeEach(() => {
    mockCalls.length = 0;
    mockEnd = () => Promise.resolve({ stdout: "", stderr: "" });
  });
  /** As `execFile` fails. */
  const failing = (message: string, stderr: string) => () =>
    Promise.reject(Object.assign(new Error(message), { stderr }));

  test.each([
    ["rabbitmq1", "host1", removeStray("rabbitmq", "acme/warren/dev", "rabbitmq1", 120)],
    ["haproxy-host5", "host5", removeStray("haproxy", "acme/warren/dev", "haproxy-host5", 30)],
  ])("of %s removes a stray one on %s", async (part, host, create) => {
    await dev.hook(`${part}-remove-stray`);
    const sshOpts = JSON.parse(String(dev.resource(`${host}-docker`).inputs["sshOpts"])) as string[];
    const [call, ...others] = mockCalls;
    expect(others).toEqual([]);
    expect([call?.file, call?.args]).toEqual([
      "ssh",
      [
        ...sshOpts,
        "-p",
        "2222",
        `ops@198.18.66.1${host.replace("host", "")}`,
        `sudo -n bash -s create ${part}-remove-stray`,
      ],
    ]);
    expect(call && (await text(call.stdin))).toBe(scriptInput({ create }));
  });

  test("looks for the very labels that the container has", () => {
    const own = dev.resource("rabbitmq1-container").inputs["labels"] as { label: string; value: string }[];
    const [stack, part] = own;
    expect([stack?.label, part?.label]).toEqual([labels.stack, labels.part]);
    const script = removeStray("rabbitmq", stack?.value ?? "", part?.value ?? "", 120);
    expect(script).toContain(`--filter label=${labels.stack}=acme/warren/dev --filter label=${labels.part}=rabbitmq1)`);
  });

  test("fails, and says what the host says", async () => {
    mockEnd = failing("Command failed: ssh …", "no such daemon\n");
    await expect(dev.hook("rabbitmq2-remove-stray")).rejects.toThrow("host2: no such daemon");
  });

  test("fails, and says why ssh cannot be started", async () => {
    mockEnd = failing("spawn ssh ENOENT", "");
    await expect(dev.hook("rabbitmq2-remove-stray")).rejects.toThrow("host2: spawn ssh ENOENT");
  });

  test("bears an ssh that ends before it has read the script", async () => {
    await dev.hook("rabbitmq2-remove-stray");
    expect(mockCalls[0]?.stdin.listenerCount("error")).toBeGreaterThan(0);
  });
});
