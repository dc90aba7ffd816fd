import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { deployDev, home, knownKey, loginKey } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import { labels } from "../../commands/docker";
import { installLibrary, readLibrary } from "../../commands/library";

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
    for (const resource of dev.resources.filter(({ type }) => type === "command:remote:Command")) {
      const { name, inputs } = resource;
      const step = stepOf(resource);
      const sudo = (action: string) =>
        `sudo -n ${step === undefined ? `bash -s ${action}` : `/usr/local/lib/warren/current/warren ${action} ${step}`} ${name}`;
      expect(inputs["create"]).toBe(sudo("create"));
      if ("delete" in inputs) expect(String(inputs["delete"]).replace(/^test .* \|\| /, "")).toBe(sudo("delete"));
      expect(unsealed(inputs["connection"])).toMatchObject({ user: "ops", port: 2222, privateKey: loginKey });
    }
  });

  test("is put into the group that may speak to Docker, and reaches it", () => {
    expect(dev.resource("host2-prepare").inputs["stdin"]).toContain("\nhost=host2\nuser=ops\n");
    expect(dev.resource("host2-docker").inputs["host"]).toBe("ssh://ops@198.18.66.12:2222");
  });

  test("a host's key is checked where it is known", () => {
    const connection = (name: string) => unsealed(dev.resource(name).inputs["connection"]);
    expect(connection("host1-prepare")).toMatchObject({ hostKey: knownKey });
    expect(connection("host2-prepare")).not.toHaveProperty("hostKey");
  });
});

test("the directory of open connections is the operator's alone", () => {
  expect(statSync(join(home, ".ssh")).mode & 0o7777).toBe(0o700);
});

describe("hooks", () => {
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
  const sshOpts = (host: string) => JSON.parse(String(dev.resource(`${host}-docker`).inputs["sshOpts"])) as string[];

  test.each([
    ["rabbitmq1", "rabbitmq", "host1", 120],
    ["haproxy-host5", "haproxy", "host5", 30],
  ])("before %s's container is made, a stray one is removed", async (part, container, host, graceSeconds) => {
    await dev.hook(`${part}-remove-stray`);
    const [call, ...others] = mockCalls;
    expect(others).toEqual([]);
    expect([call?.file, call?.args]).toEqual([
      "ssh",
      [
        ...sshOpts(host),
        "-p",
        "2222",
        `ops@198.18.66.1${host.replace("host", "")}`,
        `sudo -n /usr/local/lib/warren/current/warren run remove-stray ${part}-remove-stray`,
      ],
    ]);
    const data = { container, stack: "acme/warren/dev", part, graceSeconds };
    expect(call && (await text(call.stdin))).toBe(stepInput(data));
  });

  test("a stray one is known by the very labels that the container has", () => {
    const [stack, part] = dev.resource("rabbitmq1-container").inputs["labels"] as { label: string; value: string }[];
    expect([stack, part]).toEqual([
      { label: labels.stack, value: "acme/warren/dev" },
      { label: labels.part, value: "rabbitmq1" },
    ]);
    const step = readFileSync("host/remove-stray.sh", "utf8");
    expect(step).toContain(`--filter "label=${labels.stack}=$stack" --filter "label=${labels.part}=$part"`);
  });

  test("before a host is prepared, it becomes the deployment's and gets the library", async () => {
    await dev.hook("host3-library");
    const [call, ...others] = mockCalls;
    expect(others).toEqual([]);
    // On a connection of its own: only those that are opened later are in the docker group.
    expect([call?.file, call?.args]).toEqual([
      "ssh",
      ["-o", "ControlPath=none", ...sshOpts("host3"), "-p", "2222", "ops@198.18.66.13", "sudo -n bash -s install"],
    ]);
    expect(call && (await text(call.stdin))).toBe(installLibrary(readLibrary(), "uuid-deployment", "acme/warren/dev"));
    expect(dev.resource("host3-prepare").inputs["stdin"]).toContain(`\nlibrary_digest=${readLibrary().digest}\n`);
  });

  test("fail, and say what the host says", async () => {
    mockEnd = failing("Command failed: ssh …", "no such daemon\n");
    await expect(dev.hook("rabbitmq2-remove-stray")).rejects.toThrow("host2: no such daemon");
    await expect(dev.hook("host2-library")).rejects.toThrow("host2: no such daemon");
  });

  test("fail, and say why ssh cannot be started", async () => {
    mockEnd = failing("spawn ssh ENOENT", "");
    await expect(dev.hook("rabbitmq2-remove-stray")).rejects.toThrow("host2: spawn ssh ENOENT");
  });

  test("bear an ssh that ends before it has read everything", async () => {
    await dev.hook("rabbitmq2-remove-stray");
    expect(mockCalls[0]?.stdin.listenerCount("error")).toBeGreaterThan(0);
  });
});
