import { readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { render, type HostFile } from "../../../commands/step";
import { makeDirectory } from "../../unit/support/directory";
import { runLibrary } from "../support/library";

/* Files come as lines among a step's data, and are swapped in whole. */

const { uid, gid } = userInfo();
const mine = { owner: `${uid}:${gid}` };
const write = (files: HostFile[], before = "") => runLibrary(`${before}${render({ files })}write_files "\${files[@]}"`);

test("each has its content to the byte, its mode and its owner", async () => {
  const directory = makeDirectory();
  const texts = ["", "one line\n", "no end", "it's $HOME `x` \\ \"\n\n\n", `${"é€\u0001".repeat(5000)}\n`];
  const files = texts.map((content, index) => ({
    ...mine,
    path: join(directory, String(index)),
    mode: "0440",
    content,
  }));
  expect(await write(files)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(texts.map((_, index) => readFileSync(join(directory, String(index)), "utf8"))).toEqual(texts);
  expect(statSync(join(directory, "1")).mode & 0o7777).toBe(0o440);
});

test("one takes an old one's place, and none is left beside it", async () => {
  const directory = makeDirectory({ a: "old" });
  const path = join(directory, "a");
  const former = statSync(path).ino;
  await write([{ ...mine, path, mode: "0600", content: "new" }]);
  expect([readFileSync(path, "utf8"), readdirSync(directory)]).toEqual(["new", ["a"]]);
  expect(statSync(path).ino).not.toBe(former);
});

test("the owner `container` is the image's user", async () => {
  const directory = makeDirectory();
  const file = { path: join(directory, "a"), mode: "0400", owner: "container", content: "x" };
  expect((await write([file], `container_owner=${uid}:${gid}\n`)).code).toBe(0);
  expect((await write([file])).stderr).toContain("container_owner: unbound variable");
});

test("no files are no fault", async () => {
  expect((await write([])).code).toBe(0);
});

test("one that cannot be written is a fault, and those after it are not written", async () => {
  const directory = makeDirectory();
  const at = (path: string) => ({ ...mine, path: join(directory, path), mode: "0600", content: "x" });
  expect((await write([at("missing/a"), at("b")])).code).not.toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

test("paths_of prints their paths", async () => {
  const files = ["/a", "/b/c"].map((path) => ({ path, mode: "0600", content: "x y" }));
  expect((await runLibrary(`${render({ files })}paths_of "\${files[@]}"`)).stdout).toBe("/a\n/b/c\n");
});
