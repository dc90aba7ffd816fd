import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runLibrary } from "../support/library";

/* Containers, and what their labels say of them. */

describe("find_container_owner", () => {
  const passwd = makeDirectory({
    passwd: "root:x:0:0::/root:/bin/sh\nrabbitmq:x:999:998::/var/lib/rabbitmq:/bin/sh\n",
  });
  const docker = {
    create: { stdout: "a1b2\n" },
    "cp a1b2:/etc/passwd -": { run: `tar -C ${passwd} -c passwd` },
    "rm -f a1b2": { stdout: "a1b2\n" },
  };
  const run = (image: string, user: string, differences: Stubs[string] = {}) =>
    runLibrary(`find_container_owner '${image}' ${user}\necho "owner $container_owner"`, {
      stubs: { docker: { ...docker, ...differences } },
    });

  test("finds the user's and its group's number, and leaves no container behind", async () => {
    expect(await run("rabbitmq:4", "rabbitmq")).toEqual({
      code: 0,
      stdout: "owner 999:998\n",
      stderr: "",
      calls: ["docker create rabbitmq:4", "docker cp a1b2:/etc/passwd -", "docker rm -f a1b2"],
    });
  });

  test("takes an image's name as it is", async () => {
    expect((await run("a&b $c", "rabbitmq")).calls[0]).toBe("docker create a&b $c");
  });

  test("refuses an image without that user, and leaves no container behind", async () => {
    const { code, stdout, stderr, calls } = await run("busybox", "rabbit");
    expect([code, stdout, stderr]).toEqual([1, "", "the image busybox has no user rabbit\n"]);
    expect(calls.at(-1)).toBe("docker rm -f a1b2");
  });

  test("fails when the image's files cannot be read", async () => {
    const { code, stdout, calls } = await run("busybox", "rabbitmq", { "cp a1b2:/etc/passwd -": { code: 1 } });
    expect([code === 0, stdout, calls.at(-1)]).toEqual([false, "", "docker rm -f a1b2"]);
  });
});

describe("refuse_foreign", () => {
  const format = `{{index .Config.Labels "io.warren.stack"}} {{index .Config.Labels "io.warren.part"}}`;
  const run = (inspect: Stubs[string][string], expected = "") =>
    runLibrary(`refuse_foreign rabbitmq acme/warren/dev rabbitmq1 ${expected}\necho after`, {
      stubs: { docker: { inspect } },
    });

  test.each([
    ["there is no such container", { code: 1 }, ""],
    ["it is this stack's own", { stdout: "acme/warren/dev rabbitmq1\n" }, ""],
    ["it is this stack's own, and one made by hand is expected", { stdout: "acme/warren/dev rabbitmq1\n" }, "by-hand"],
    ["it is made by hand, as expected", { stdout: " \n" }, "by-hand"],
  ])("goes on where %s", async (_title, inspect, expected) => {
    const outcome = await run(inspect, expected);
    expect(outcome).toMatchObject({ code: 0, stdout: "after\n", calls: [`docker inspect -f ${format} rabbitmq`] });
  });

  test.each([
    ["made by hand", " ", "", "no Warren stack"],
    ["another stack's", "acme/warren/prod rabbitmq1", "", "stack acme/warren/prod (its part rabbitmq1)"],
    ["another part's", "acme/warren/dev rabbitmq2", "", "stack acme/warren/dev (its part rabbitmq2)"],
    ["another stack's, where one made by hand is expected", "a/b/c d", "by-hand", "stack a/b/c (its part d)"],
  ])("refuses one that is %s", async (_title, found, expected, whose) => {
    expect(await run({ stdout: `${found}\n` }, expected)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `the container rabbitmq on this host belongs to ${whose}, not to rabbitmq1 of stack acme/warren/dev. Choose another host, or remove that container. Nothing was changed on this host\n`,
    });
  });
});

test("a container without labels is made by hand; one of Warren's, and none at all, are not", async () => {
  const run = async (reply: Stubs[string][string]) =>
    (
      await runLibrary("made_by_hand my-haproxy && echo yes; kept_name my-haproxy", {
        stubs: { docker: { inspect: reply } },
      })
    ).stdout;
  expect(await run({ stdout: "<>\n" })).toBe("yes\nmy-haproxy.before-warren\n");
  expect(await run({ stdout: "<acme/warren/dev>\n" })).toBe("my-haproxy.before-warren\n");
  expect(await run({ code: 1 })).toBe("my-haproxy.before-warren\n");
});
