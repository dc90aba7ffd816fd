import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

import { keepalivedService, type ServiceData } from "../../../commands/keepalived";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runStep, type Circumstances } from "../support/step";
import { directory, marker, service, staged, unit } from "./support";

/* keepalived loads what is staged, and its end. */

const conf = `${directory}/keepalived.conf`;
const digest = createHash("sha256").update(staged).digest("hex");
const run = (stubs: Stubs, circumstances: Circumstances = {}, data: Partial<ServiceData> = {}) =>
  runStep(keepalivedService, { ...service, digest, ...data }, { stubs, ...circumstances });
const put = (files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text]));
const listed = (root: string): string[] => readdirSync(join(root, directory)).sort();

const noContainer = { docker: { "ps -q": {} } };
const active: Stubs = {
  ...noContainer,
  systemctl: { "daemon-reload": {}, "enable -q": {}, "is-active": {}, reload: {} },
};

describe("loading", () => {
  test("swaps what is staged in and has keepalived reload; again, it finds that done", async () => {
    const root = makeDirectory();
    for (const files of [put({ "keepalived.conf.staged": staged }), {}]) {
      const { code, calls, read, record } = await run(active, { root, files });
      expect([code, listed(root)]).toEqual([0, ["keepalived.conf"]]);
      expect(read(conf)).toBe(staged);
      expect(calls).toEqual([
        "systemctl daemon-reload",
        expect.stringMatching(/^docker ps -q /),
        "systemctl is-active -q keepalived",
        "systemctl reload keepalived",
        "systemctl enable -q keepalived",
      ]);
      expect(record().map((line) => line.split(" ")[0])).toEqual(["input", "again", "service", "file", "untouched"]);
    }
  });

  test("starts keepalived where it does not run", async () => {
    const systemctl = { "daemon-reload": {}, "enable -q": {}, "is-active": { code: 3 }, "start keepalived": {} };
    const files = put({ "keepalived.conf.staged": staged });
    const { code, calls } = await run({ ...noContainer, systemctl }, { files });
    expect([code, calls[3]]).toEqual([0, "systemctl start keepalived"]);
  });

  test.each<[string, Record<string, string>]>([
    ["is another", { "keepalived.conf": "another program's\n" }],
    ["is gone", { other: "" }],
  ])("goes no further where nothing is staged and the configuration %s", async (_title, files) => {
    const { code, stderr, calls } = await run(active, { files: put(files) });
    expect([code, calls]).toEqual([1, []]);
    expect(stderr).toContain("was changed by hand, and nothing is staged");
  });

  test("keeps a configuration of another program's, with its mode, and not one of its own", async () => {
    const root = makeDirectory();
    const files = put({ "keepalived.conf": "another program's\n", "keepalived.conf.staged": staged });
    const kept = join(root, `${conf}.before-warren`);
    const { code, read } = await run(active, { root, files });
    expect([code, read(`${conf}.before-warren`)]).toEqual([0, "another program's\n"]);
    const { mode } = statSync(kept);
    renameSync(join(root, conf), join(root, `${conf}.staged`));
    expect((await run(active, { root })).code).toBe(0);
    expect([read(`${conf}.before-warren`), statSync(kept).mode]).toEqual(["another program's\n", mode]);
  });

  test("takes away the programs of a former release", async () => {
    const files = put({ "keepalived.conf.staged": staged, "warren-check": "x", "warren-notify": "x" });
    const { root } = await run(active, { files });
    expect(listed(root)).toEqual(["keepalived.conf"]);
  });

  test("a container of this stack's stops for good before keepalived starts", async () => {
    const systemctl = { "daemon-reload": {}, "enable -q": {}, "is-active": { code: 3 }, "start keepalived": {} };
    const docker = { "ps -q": { stdout: "c0ffee\n" }, "update --restart=no c0ffee": {}, "stop -t 10 c0ffee": {} };
    const { code, calls } = await run({ docker, systemctl }, { files: put({ "keepalived.conf.staged": staged }) });
    expect([code, calls.slice(2)]).toEqual([
      0,
      [
        "docker update --restart=no c0ffee",
        "docker stop -t 10 c0ffee",
        "systemctl is-active -q keepalived",
        "systemctl start keepalived",
        "systemctl enable -q keepalived",
      ],
    ]);
  });
});

describe("loading in a container", () => {
  const kill = { "kill -s HUP c0ffee": {} };

  test.each<[string, Stubs, string[]]>([
    ["nothing runs yet", { docker: { "ps -q": {} }, systemctl: { "is-active": { code: 3 } } }, []],
    [
      "its container runs",
      { docker: { "ps -q": { stdout: "c0ffee\n" }, ...kill }, systemctl: { "is-active": { code: 3 } } },
      ["docker kill -s HUP c0ffee"],
    ],
    [
      "the host's own still runs",
      { docker: { "ps -q": {} }, systemctl: { "is-active": {}, "reload keepalived": {} } },
      ["systemctl reload keepalived"],
    ],
  ])("where %s", async (_title, stubs, changes) => {
    const files = put({ "keepalived.conf.staged": "new\n" });
    const { code, calls, read } = await run(stubs, { files }, { contained: true });
    expect([code, read(conf)]).toEqual([0, "new\n"]);
    expect(calls.filter((call) => !/is-active|ps -q/.test(call))).toEqual(changes);
  });
});

describe("its end", () => {
  const systemctl = { "disable -q --now": {}, "daemon-reload": {}, "enable -q --now": {} };
  const end = (files: Record<string, string>, data: Partial<ServiceData> = {}, root = makeDirectory()) =>
    run({ systemctl }, { files: put(files), part: "delete", root }, data);
  const own = marker("host4");

  test("leaves nothing of Warren's", async () => {
    const root = makeDirectory({ [unit]: "x" });
    mkdirSync(join(root, directory, "conf.d"), { recursive: true });
    const { code, calls, read } = await end(
      { "keepalived.conf": own, "warren-serves": "x", "warren-changed": "x", "keepalived.conf.staged": "x" },
      {},
      root,
    );
    expect([code, calls, listed(root), read(unit)]).toEqual([
      0,
      ["systemctl disable -q --now keepalived", "systemctl daemon-reload"],
      ["conf.d"],
      undefined,
    ]);
  });

  test("puts back what was there before, and starts that", async () => {
    const { code, calls, read, root } = await end({
      "keepalived.conf": own,
      "keepalived.conf.before-warren": "another program's\n",
    });
    expect([code, listed(root), read(conf)]).toEqual([0, ["keepalived.conf"], "another program's\n"]);
    expect(calls).toEqual([
      "systemctl disable -q --now keepalived",
      "systemctl daemon-reload",
      "systemctl enable -q --now keepalived",
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ["that another host's resource has written since", { "keepalived.conf": marker("host5") }],
    ["of another program's", { "keepalived.conf": "vrrp_instance VI_1 {\n}\n" }],
    ["that is gone", {}],
  ])("leaves a configuration %s, and what runs by it", async (_title, files) => {
    const { code, calls, root } = await end({ ...files, "warren-serves": "x" });
    expect([code, calls]).toEqual([0, []]);
    expect(listed(root)).toEqual([...Object.keys(files), "warren-serves"].sort());
  });

  describe("in a container", () => {
    const written = { "keepalived.conf": own, "warren-serves": "x", "warren-changed": "x" };

    test("leaves nothing of Warren's, and starts nothing", async () => {
      const { code, calls, root } = await end(written, { contained: true });
      expect([code, calls, listed(root)]).toEqual([0, [], []]);
    });

    test("puts back what was there before, and starts that", async () => {
      const { code, read } = await end(
        { ...written, "keepalived.conf.before-warren": "another program's\n" },
        { contained: true },
      );
      expect([code, read(conf)]).toEqual([0, "another program's\n"]);
    });

    test("leaves another host's alone", async () => {
      const { root } = await end({ ...written, "keepalived.conf": marker("host5") }, { contained: true });
      expect(listed(root)).toHaveLength(3);
    });
  });
});
