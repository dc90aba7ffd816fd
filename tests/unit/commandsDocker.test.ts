import { containerOwner, labels, refuseForeign, removeStray } from "../../commands/docker";
import { runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

test("labels have names that stay", () => {
  expect(labels).toEqual({
    stack: "io.warren.stack",
    part: "io.warren.part",
    settings: "io.warren.settings",
  });
});

describe("containerOwner", () => {
  test("reads the image's own list of users", () => {
    expect(containerOwner("rabbitmq:3.8.9-management", "rabbitmq"))
      .toBe(`scratch=$(docker create rabbitmq:3.8.9-management)
trap 'docker rm -f "$scratch" > /dev/null' EXIT
container_owner=$(docker cp "$scratch:/etc/passwd" - | tar -xO | awk -F: -v user=rabbitmq '$1 == user { print $3 ":" $4 }')
if [ -z "$container_owner" ]; then
  echo "the image rabbitmq:3.8.9-management has no user rabbitmq" >&2
  exit 1
fi`);
  });

  test("quotes what a shell would read otherwise", () => {
    const script = containerOwner("a&b", "us er");
    expect(script).toContain("docker create 'a&b')");
    expect(script).toContain("-v user='us er' ");
  });

  const passwd = makeDirectory({
    passwd: "root:x:0:0::/root:/bin/sh\nrabbitmq:x:999:998::/var/lib/rabbitmq:/bin/sh\n",
  });
  const docker = {
    create: { stdout: "a1b2\n" },
    "cp a1b2:/etc/passwd -": { run: `tar -C ${passwd} -c passwd` },
    "rm -f a1b2": { stdout: "a1b2\n" },
  };

  test("finds the user's and its group's number, and leaves no container behind", async () => {
    const outcome = await runOnHost(`${containerOwner("rabbitmq:4", "rabbitmq")}\necho "owner $container_owner"`, {
      stubs: { docker },
    });
    expect(outcome).toEqual({
      code: 0,
      stdout: "owner 999:998\n",
      stderr: "",
      calls: ["docker create rabbitmq:4", "docker cp a1b2:/etc/passwd -", "docker rm -f a1b2"],
    });
  });

  test("refuses an image without that user, and leaves no container behind", async () => {
    const { code, stderr, calls } = await runOnHost(`${containerOwner("busybox", "rabbit")}\necho after`, {
      stubs: { docker },
    });
    expect([code, stderr]).toEqual([1, "the image busybox has no user rabbit\n"]);
    expect(calls.at(-1)).toBe("docker rm -f a1b2");
  });

  test("fails when the image's files cannot be read", async () => {
    const outcome = await runOnHost(`${containerOwner("busybox", "rabbitmq")}\necho after`, {
      stubs: { docker: { ...docker, "cp a1b2:/etc/passwd -": { code: 1 } } },
    });
    expect([outcome.code === 0, outcome.stdout, outcome.calls.at(-1)]).toEqual([false, "", "docker rm -f a1b2"]);
  });
});

describe("refuseForeign", () => {
  const script = refuseForeign("rabbitmq", "acme/warren/dev", "rabbitmq1");
  const format = `{{index .Config.Labels "io.warren.stack"}} {{index .Config.Labels "io.warren.part"}}`;

  test("by its text", () => {
    expect(script)
      .toBe(`if found=$(docker inspect -f '${format}' rabbitmq 2> /dev/null) && [ "$found" != "acme/warren/dev rabbitmq1" ]; then
  echo "this host has a container rabbitmq already that is not rabbitmq1 of acme/warren/dev (its labels say: $found). Nothing was changed" >&2
  exit 1
fi`);
  });

  test.each([
    ["there is no such container", { code: 1 }],
    ["it is this stack's own", { stdout: "acme/warren/dev rabbitmq1\n" }],
  ])("goes on where %s", async (_title, inspect) => {
    const outcome = await runOnHost(`${script}\necho after`, { stubs: { docker: { inspect } } });
    expect(outcome).toMatchObject({ code: 0, stdout: "after\n", calls: [`docker inspect -f ${format} rabbitmq`] });
  });

  test.each([
    ["made by hand", " "],
    ["another stack's", "acme/warren/prod rabbitmq1"],
    ["another part's", "acme/warren/dev rabbitmq2"],
  ])("refuses one that is %s", async (_title, found) => {
    expect(
      await runOnHost(`${script}\necho after`, { stubs: { docker: { inspect: { stdout: `${found}\n` } } } }),
    ).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `this host has a container rabbitmq already that is not rabbitmq1 of acme/warren/dev (its labels say: ${found}). Nothing was changed\n`,
    });
  });
});

describe("removeStray", () => {
  const script = removeStray("rabbitmq", "acme/warren/dev", "rabbitmq1", 120);

  test("asks for a container by its exact name and both labels", () => {
    expect(script).toBe(
      `stray=$(docker ps -aq --filter 'name=^/rabbitmq$' --filter label=io.warren.stack=acme/warren/dev --filter label=io.warren.part=rabbitmq1) && if [ -n "$stray" ]; then docker stop -t 120 $stray && docker rm $stray; fi`,
    );
  });

  const run = (docker: Parameters<typeof runOnHost>[1]) => runOnHost(script, docker);
  const found =
    "docker ps -aq --filter name=^/rabbitmq$ --filter label=io.warren.stack=acme/warren/dev --filter label=io.warren.part=rabbitmq1";

  test("touches nothing where there is none", async () => {
    expect(await run({ stubs: { docker: { "ps -aq": {} } } })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
      calls: [found],
    });
  });

  test("stops a stray with its grace, then removes it", async () => {
    const { code, calls } = await run({
      stubs: { docker: { "ps -aq": { stdout: "c1\n" }, "stop -t 120 c1": {}, "rm c1": {} } },
    });
    expect([code, calls]).toEqual([0, [found, "docker stop -t 120 c1", "docker rm c1"]]);
  });

  test.each([
    ["Docker does not answer", { "ps -aq": { code: 1 } }, 1],
    ["it does not stop", { "ps -aq": { stdout: "c1\n" }, "stop -t 120": { code: 1 } }, 2],
  ])("fails when %s", async (_title, docker, count) => {
    const { code, stdout, calls } = await run({ stubs: { docker } });
    expect([code, stdout, calls.length]).toEqual([1, "", count]);
  });
});
