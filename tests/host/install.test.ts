import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { installLibrary, readLibrary, type Library } from "../../commands/library";
import { runProgram, type Stubs } from "../unit/support/bash";
import { makeDirectory } from "../unit/support/directory";
import { library as source } from "./support/step";
import { isAwaited, waitFor } from "./support/wait";

/* How a host becomes a deployment's, and gets the library that its steps are run from. */

const [ours, theirs] = ["3f0c2b5e-0000-4000-8000-000000000001", "3f0c2b5e-0000-4000-8000-000000000002"];
const stack = "acme/warren/dev";

function version(digest: string, text = digest): Library {
  const file = (path: string, content: string, executable = false) => ({ path, content, executable });
  return {
    digest,
    files: [
      file("lib/deep/x.sh", `# it's ${text}, "$HOME"\n\n`),
      file("warren", `#!/bin/bash\necho ${text}\n`, true),
      file("empty", ""),
    ],
  };
}

const containers = (...labels: string[]): Stubs => ({
  docker: { "ps -a": { stdout: labels.map((label) => `${label}\n`).join("") } },
});

function makeHost(files: Record<string, string> = {}): string {
  const root = makeDirectory(files);
  mkdirSync(join(root, "run/lock"), { recursive: true });
  return root;
}

function install(
  root: string,
  library = version("1111"),
  { deployment = ours, name = stack, stubs = containers() }: { deployment?: string; name?: string; stubs?: Stubs } = {},
) {
  return runProgram("bash", ["-s", "install"], {
    stubs,
    input: installLibrary(library, deployment, name),
    env: { WARREN_ROOT: root },
  });
}

const home = (root: string) => join(root, "usr/local/lib/warren");
const owner = (root: string) =>
  existsSync(join(root, "etc/warren/owner")) ? readFileSync(join(root, "etc/warren/owner"), "utf8") : undefined;
const current = (root: string) => readlinkSync(join(home(root), "current"));
const says = (root: string) => spawnSync(join(home(root), "current/warren")).stdout.toString();
const well = { code: 0, stdout: "", stderr: "" };

test("a blank host becomes the deployment's, and has the whole library", async () => {
  const root = makeHost();
  expect(await install(root)).toMatchObject(well);
  expect(owner(root)).toBe(`${ours}\n${stack}\n`);
  expect([current(root), says(root)]).toEqual(["1111", "1111\n"]);
  expect(readFileSync(join(home(root), "current/lib/deep/x.sh"), "utf8")).toBe(`# it's 1111, "$HOME"\n\n`);
  const mode = (path: string) => statSync(join(root, path)).mode & 0o777;
  const files = ["etc/warren", "etc/warren/owner", "usr/local/lib/warren", "usr/local/lib/warren/1111/lib/deep"];
  expect(files.map(mode)).toEqual([0o755, 0o644, 0o755, 0o755]);
  expect([mode("usr/local/lib/warren/1111/warren"), mode("usr/local/lib/warren/1111/empty")]).toEqual([0o755, 0o644]);
});

test("root's umask decides nothing", async () => {
  const root = makeHost();
  const { code } = await runProgram("bash", ["-c", "umask 077; exec bash -s install"], {
    input: installLibrary(version("1111"), ours, stack),
    env: { WARREN_ROOT: root },
    stubs: containers(),
  });
  const modes = ["etc/warren", "etc/warren/owner", "usr/local/lib/warren/1111/lib/deep/x.sh"].map(
    (path) => statSync(join(root, path)).mode & 0o777,
  );
  expect([code, modes]).toEqual([0, [0o755, 0o644, 0o644]]);
});

test("the checkout's own library comes to a host as it is, and runs there", async () => {
  const root = makeHost();
  expect(await install(root, readLibrary())).toMatchObject(well);
  const differences = spawnSync("diff", ["-r", "--exclude=.*", source, join(home(root), "current")], {
    encoding: "utf8",
  });
  expect([differences.status, differences.stdout]).toEqual([0, ""]);
  const help = spawnSync(join(home(root), "current/warren"), ["--help"], { encoding: "utf8" });
  expect([help.status, help.stdout.split("\n")[0]]).toEqual([
    0,
    "warren ACTION STEP NAME  runs a step; its data are shell assignments on standard input",
  ]);
});

describe("whose host it is, is looked at before anything is written", () => {
  const nothingWritten = (root: string) => {
    expect(existsSync(home(root))).toBe(false);
  };

  test("another deployment's is refused", async () => {
    const root = makeHost({ "etc/warren/owner": `${theirs}\nacme/warren/prod\n` });
    const { code, stderr, calls } = await install(root);
    expect([code, calls]).toEqual([1, []]);
    expect(stderr).toBe(
      `this host belongs to the Warren stack acme/warren/prod (${root}/etc/warren/owner). Choose another host, or destroy that stack. If that stack no longer exists, remove ${root}/etc/warren/owner. Nothing was changed on this host\n`,
    );
    expect(owner(root)).toBe(`${theirs}\nacme/warren/prod\n`);
    nothingWritten(root);
  });

  test("its own is not, and stays as it was, even when the stack has another name by now", async () => {
    const root = makeHost();
    await install(root);
    expect(await install(root, version("1111"), { name: "acme/warren/renamed" })).toMatchObject(well);
    expect(owner(root)).toBe(`${ours}\n${stack}\n`);
  });

  test("one without an owner that has containers of another stack is refused", async () => {
    const root = makeHost();
    const stubs = containers("", stack, "acme/warren/prod", "acme/warren/test", "");
    const { code, stderr } = await install(root, version("1111"), { stubs });
    expect([code, stderr]).toEqual([
      1,
      "this host has containers of the Warren stack acme/warren/prod, not of acme/warren/dev. Choose another host, or destroy that stack. Nothing was changed on this host\n",
    ]);
    expect(owner(root)).toBeUndefined();
    nothingWritten(root);
  });

  test("one that an earlier release of this stack's has prepared is claimed", async () => {
    const root = makeHost({ "etc/sysctl.d/90-warren.conf": "# Written by Warren for host1.\n" });
    expect(await install(root, version("1111"), { stubs: containers("", stack, stack) })).toMatchObject(well);
    expect(owner(root)).toBe(`${ours}\n${stack}\n`);
  });

  const silent: Stubs = { docker: { "ps -a": { code: 1, run: "echo 'Cannot connect to the Docker daemon' >&2" } } };

  test("one that a stack has used is refused while Docker does not say which", async () => {
    const root = makeHost({ "etc/sysctl.d/90-warren.conf": "# Written by Warren for host1.\n" });
    const { code, stderr } = await install(root, version("1111"), { stubs: silent });
    expect([code, stderr]).toEqual([
      1,
      "a Warren stack has used this host before, and Docker does not answer, so it cannot be told whether that stack is acme/warren/dev. Start Docker (`systemctl start docker`) and run `pulumi up` again. Nothing was changed on this host\n",
    ]);
    nothingWritten(root);
  });

  test("one that no stack has used is claimed, although its Docker is not started yet", async () => {
    const root = makeHost();
    expect((await install(root, version("1111"), { stubs: silent })).code).toBe(0);
    expect(owner(root)).toBe(`${ours}\n${stack}\n`);
  });

  test("an owner file that a power cut left empty is nobody's", async () => {
    const root = makeHost({ "etc/warren/owner": "" });
    expect((await install(root)).code).toBe(0);
    expect(owner(root)).toBe(`${ours}\n${stack}\n`);
  });

  test("of two deployments at the same moment one gets it, and the other one is refused", async () => {
    const root = makeHost();
    const both = await Promise.all([
      install(root, version("1111")),
      install(root, version("2222"), { deployment: theirs, name: "acme/warren/prod" }),
    ]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    const [winner, stacks] = both[0].code === 0 ? ["1111", ["dev", "prod"]] : ["2222", ["prod", "dev"]];
    expect(owner(root)).toContain(`acme/warren/${stacks[0] ?? ""}\n`);
    expect(both.map(({ stderr }) => stderr).join("")).toContain(
      `this host belongs to the Warren stack acme/warren/${stacks[0] ?? ""} (`,
    );
    expect(readdirSync(home(root)).sort()).toEqual([winner, "current"]);
  });
});

/** For a stand-in: kills the script that calls it, be it from a subshell. */
const killInstall = `pid=$PPID all=
while grep -qz '^install$' /proc/$pid/cmdline && grep -qz '^bash$' /proc/$pid/cmdline; do
  all="$pid $all"
  read -r _ _ _ pid _ < /proc/$pid/stat
done
kill -9 $all`;

describe("another version", () => {
  test("is swapped in; the former one stays for steps that still run, and older ones go", async () => {
    const root = makeHost();
    for (const digest of ["1111", "2222", "3333"]) await install(root, version(digest));
    expect([current(root), says(root)]).toEqual(["3333", "3333\n"]);
    expect(readdirSync(home(root)).sort()).toEqual(["2222", "3333", "current"]);
  });

  test("that was killed half-way leaves the former one in use, and the next run completes it", async () => {
    const root = makeHost();
    await install(root, version("1111"));
    for (const program of ["chmod", "sha256sum", "ln"]) {
      const { code } = await install(root, version("2222"), {
        stubs: { ...containers(), [program]: { "": { run: killInstall } } },
      });
      expect([program, code, says(root)]).toEqual([program, null, "1111\n"]);
    }
    expect((await install(root, version("2222"))).code).toBe(0);
    expect(says(root)).toBe("2222\n");
  });

  test("that is there is not written again, unless somebody has changed it", async () => {
    const root = makeHost();
    await install(root);
    const [file, inode] = [
      join(home(root), "1111/lib/deep/x.sh"),
      () => statSync(join(home(root), "1111/.complete")).ino,
    ];
    const before = inode();
    await install(root);
    expect(inode()).toBe(before);
    writeFileSync(file, "changed");
    await install(root);
    expect(readFileSync(file, "utf8")).toBe(`# it's 1111, "$HOME"\n\n`);
  });

  test("waits for another run that installs", async () => {
    const root = makeHost();
    const lock = join(root, "run/lock/warren-library");
    const holder = spawn("flock", [lock, "bash", "-c", "echo held; read -r"], { stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    const installed = install(root);
    await waitFor(() => isAwaited(lock));
    expect(existsSync(home(root))).toBe(false);
    holder.stdin.end("\n");
    expect((await installed).code).toBe(0);
  });
});
