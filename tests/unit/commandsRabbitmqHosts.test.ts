import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { writeHosts } from "../../commands/rabbitmq";
import { runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

/* A node's hosts file: the names of all members, and of those that are about to leave. */

const content = `# Written by Warren.
127.0.0.1 localhost rabbitmq1
::1 localhost ip6-localhost ip6-loopback
192.0.2.2 rabbitmq2
`;

const write = async (directory: string, text = content) => {
  const script = writeHosts({ name: "rabbitmq1", container: "rabbitmq", directory }, text);
  expect(await runOnHost(script)).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
  expect(readdirSync(directory)).toEqual(["hosts"]);
  return readFileSync(join(directory, "hosts"), "utf8");
};

test("by its text", () => {
  expect(writeHosts({ name: "rabbitmq1", container: "rabbitmq", directory: "/n" }, content)).toBe(`{
  cat <<'END'
${content}END
  if [ -e /n/hosts ]; then awk 'NR == FNR { known[$2]; next } NF == 2 && $1 ~ /^[0-9]/ && !($2 in known)' - /n/hosts <<'END'
${content}END
  fi
} > /n/hosts.new
cat /n/hosts.new > /n/hosts
rm /n/hosts.new
chmod 644 /n/hosts`);
});

test("is made where there is none", async () => {
  const directory = makeDirectory();
  expect(await write(directory)).toBe(content);
  expect(statSync(join(directory, "hosts")).mode & 0o7777).toBe(0o644);
});

test("keeps its inode, which a container has mounted, and its readers", async () => {
  const directory = makeDirectory({ hosts: "a longer old text, of which nothing is to stay in the file after this\n" });
  const { ino } = statSync(join(directory, "hosts"));
  expect(await write(directory)).toBe(content);
  expect(statSync(join(directory, "hosts"))).toMatchObject({ ino });
});

test("keeps the names of nodes that are not in it any more: one that leaves is needed until it has left", async () => {
  const directory = makeDirectory();
  await write(directory, `${content}192.0.2.3 rabbitmq3\n`);
  expect(await write(directory)).toBe(`${content}192.0.2.3 rabbitmq3\n`);
  // And of another one after it, and so on for every further run.
  expect(await write(directory, content.replace("192.0.2.2 rabbitmq2\n", ""))).toBe(
    `${content.replace("192.0.2.2 rabbitmq2\n", "")}192.0.2.2 rabbitmq2\n192.0.2.3 rabbitmq3\n`,
  );
});

test("has a node's new address alone where that has moved", async () => {
  const directory = makeDirectory();
  await write(directory, `${content}192.0.2.3 rabbitmq3\n`);
  const moved = content.replace("192.0.2.2 ", "192.0.2.22 ");
  expect(await write(directory, moved)).toBe(`${moved}192.0.2.3 rabbitmq3\n`);
});

test("run again, comes to the same", async () => {
  const directory = makeDirectory();
  await write(directory, `${content}192.0.2.3 rabbitmq3\n`);
  expect(await write(directory)).toBe(await write(directory));
});
