import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { installLibrary } from "../../../commands/library";
import { runProgram, type Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runLibrary } from "../support/library";

/* Whether what `prepare` has brought about still holds. */

const says = async (root: string, call: string, groups?: string) => {
  const stubs: Stubs = groups === undefined ? {} : { id: { "-nG ops": { stdout: `${groups}\n` } } };
  const { stdout, stderr } = await runLibrary(`${call} || true`, { root, stubs });
  return stdout + stderr;
};

test("a link", async () => {
  const root = makeDirectory({ file: "" });
  symlinkSync("/usr/share/zoneinfo/UTC", join(root, "link"));
  expect(await says(root, `holds_link ${root}/link /usr/share/zoneinfo/UTC`)).toBe("");
  expect(await says(root, `holds_link ${root}/link /other`)).toBe(
    `${root}/link is /usr/share/zoneinfo/UTC, not a link to /other\n`,
  );
  expect(await says(root, `holds_link ${root}/file /other`)).toBe(`${root}/file is no link, not a link to /other\n`);
});

test("a word in a file that others change", async () => {
  const root = makeDirectory({ "daemon.json": '{"registry-mirrors": ["http://m:5000/"], "debug": true}' });
  expect(await says(root, `holds_mentions ${root}/daemon.json http://m:5000`)).toBe("");
  expect(await says(root, `holds_mentions ${root}/daemon.json http://n`)).toBe(
    `${root}/daemon.json does not name http://n\n`,
  );
  expect(await says(root, `holds_mentions ${root}/none http://m`)).toBe(`${root}/none does not name http://m\n`);
});

test("a login's group", async () => {
  const root = makeDirectory();
  expect(await says(root, "holds_group ops docker", "ops sudo docker")).toBe("");
  expect(await says(root, "holds_group ops docker", "ops dockerless")).toBe("ops is not in the group docker\n");
});

test("the library", async () => {
  const root = makeDirectory();
  mkdirSync(join(root, "run/lock"), { recursive: true });
  const file = (path: string) => ({ path, content: "x\n", executable: true });
  await runProgram("bash", ["-s"], {
    stubs: { docker: { "ps -a": {} } },
    env: { WARREN_ROOT: root },
    input: installLibrary({ digest: "1111", files: [file("warren"), file("lib/a.sh")] }, "d", "s"),
  });
  expect(await says(root, "holds_library 1111")).toBe("");
  expect(await says(root, "holds_library 2222")).toBe("Warren's library is missing or another one\n");
  writeFileSync(join(root, "usr/local/lib/warren/1111/lib/a.sh"), "y\n");
  expect(await says(root, "holds_library 1111")).toBe("Warren's library was changed\n");
  expect(await says(makeDirectory(), "holds_library 1111")).toBe("Warren's library is missing or another one\n");
});
