import { linkSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";

import { writeFiles, type HostFile } from "../../commands/files";
import { runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

const { uid, gid } = userInfo();
const owner = `${uid}:${gid}`;

test("files stand in the script in base64, with mode and owner", () => {
  const script = writeFiles([
    { path: "/var/lib/warren/hosts", mode: "0644", content: "127.0.0.1 localhost\n" },
    { path: "/var/lib/warren/cookie", mode: "0400", owner: "container", content: "it's $secret" },
  ]);
  expect(script).toBe(`umask 077
while read -r mode owner path data; do
  [ "$owner" != container ] || owner=$container_owner
  printf %s "$data" | base64 -d > "$path.new"
  chmod "$mode" "$path.new"
  chown "$owner" "$path.new"
  mv -f "$path.new" "$path"
done <<'END'
0644 root:root /var/lib/warren/hosts MTI3LjAuMC4xIGxvY2FsaG9zdAo=
0400 container /var/lib/warren/cookie aXQncyAkc2VjcmV0
END`);
});

describe("the script, run", () => {
  const write = async (directory: string, files: (Partial<HostFile> & { path: string })[], before = "") => {
    const complete = files.map((file) => ({
      mode: "0640",
      owner,
      content: "",
      ...file,
      path: join(directory, file.path),
    }));
    expect(await runOnHost(writeFiles(complete), { before })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  };

  test("writes what was given, byte for byte, with its permissions", async () => {
    const directory = makeDirectory();
    const contents = {
      plain: "a\nb\n",
      open: "no newline at the end",
      END: "END\nEND\n",
      quotes: "'\"$(id)`\\\n",
      empty: "",
      umlaut: "Häschen",
    };
    await write(
      directory,
      Object.entries(contents).map(([path, content]) => ({ path, content, mode: "0440" })),
    );
    for (const [path, content] of Object.entries(contents)) {
      expect(readFileSync(join(directory, path), "utf8")).toBe(content);
      expect(statSync(join(directory, path)).mode & 0o7777).toBe(0o440);
    }
    expect(readdirSync(directory).sort()).toEqual(Object.keys(contents).sort());
  });

  test("gives a file to the container's user, whom the script before it has found out", async () => {
    const directory = makeDirectory();
    await write(directory, [{ path: "cookie", owner: "container" }], `container_owner=${owner}`);
    expect(statSync(join(directory, "cookie"))).toMatchObject({ uid, gid });
    const unknown = await runOnHost(
      writeFiles([{ path: join(directory, "x"), mode: "0400", owner: "container", content: "" }]),
    );
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("container_owner: unbound variable");
  });

  test("moves a file over the old one, which a reader goes on seeing whole", async () => {
    const directory = makeDirectory({ conf: "old" });
    linkSync(join(directory, "conf"), join(directory, "reader"));
    await write(directory, [{ path: "conf", content: "new" }]);
    expect(readFileSync(join(directory, "conf"), "utf8")).toBe("new");
    expect(readFileSync(join(directory, "reader"), "utf8")).toBe("old");
  });

  test("run again, and after a run that was cut off, comes to the same", async () => {
    const directory = makeDirectory();
    const files = [
      { path: "conf", content: "new" },
      { path: "hosts", content: "new" },
    ];
    await write(directory, files);
    writeFileSync(join(directory, "conf.new"), "half of i");
    await write(directory, files);
    expect(readdirSync(directory).sort()).toEqual(["conf", "hosts"]);
    expect(readFileSync(join(directory, "conf"), "utf8")).toBe("new");
  });
});
