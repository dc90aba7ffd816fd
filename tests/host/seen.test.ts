import { join } from "node:path";

import { observation } from "../../check/observe";
import { questionText, type Looks } from "../../facts/ask";
import { readFacts } from "../../facts/read";
import { nodePem } from "../unit/certificatesFixture";
import { runProgram, type Stubs } from "../unit/support/bash";
import { clusterStatus } from "../unit/support/clusterStatus";
import { makeDirectory } from "../unit/support/directory";
import { serve } from "../unit/support/web";

/* What `npm run check` asks a host for besides its facts, in the same answer. */

const nothing: Looks = { broker: false, keepalived: false, certificates: [] };
const ip: Stubs[string] = { "addr show": {} };
const nobody: Stubs[string] = { inspect: { code: 1 }, exec: { code: 1 } };

async function look(looks: Partial<Looks>, stubs: Stubs = {}) {
  const { code, stdout, stderr, calls } = await runProgram("bash", ["-s", "facts"], {
    stubs: { docker: nobody, ip, systemctl: { "is-active": { stdout: "inactive\n", code: 3 } }, ...stubs },
    input: questionText({ nodes: [], images: [] }, { ...nothing, ...looks }),
    env: { WARREN_ROOT: makeDirectory() },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return { ...readFacts(stdout), stdout, calls };
}

test("nothing is looked at where nothing is to be", async () => {
  const { seen, calls } = await look({});
  expect(seen).toEqual({ cluster: null, statistics: null, keepalived: null, certificates: {} });
  expect(calls.join("\n")).not.toMatch(/exec|systemctl/);
});

test("what cannot be told is null, and no fault of the answer's", async () => {
  const { seen } = await look({ broker: true, statsPort: 1, statsLogin: "a:b", certificates: ["/nowhere/*.pem"] });
  expect(seen).toEqual({ cluster: null, statistics: null, keepalived: null, certificates: {} });
});

test("the cluster as its broker sees it, whatever stands before it and within it", async () => {
  const status = `warning: "deprecated"\t\u001b[0m\n${clusterStatus()}`;
  const found = await look({ broker: true }, { docker: { inspect: { code: 1 }, exec: { stdout: status } } });
  expect(observation(found).cluster?.running_nodes).toHaveLength(3);
});

test("a balancer's table of brokers, with a login that stands in no command", async () => {
  const body = "# pxname,svname,status\nrabbitmq,rabbitmq1,UP\n";
  const port = await serve({ "/;csv": { status: 200, login: "admin:secret", body } });
  const found = await look({ statsPort: port, statsLogin: "admin:secret" });
  expect(observation(found).servers).toEqual({ rabbitmq1: "UP" });
  expect(found.calls.join("\n")).not.toContain("secret");
});

test.each<[string, Stubs, string]>([
  ["stopped", {}, "inactive"],
  ["on the host", { systemctl: { "is-active": { stdout: "active\n" } } }, "active"],
  ["in a container", { docker: { "State.Running": { stdout: "true" }, inspect: { code: 1 } } }, "active"],
])("keepalived %s", async (_title, stubs, expected) => {
  expect((await look({ keepalived: true }, stubs)).seen?.keepalived).toBe(expected);
});

test("certificates, and no keys", async () => {
  const directory = makeDirectory({ "node.pem": nodePem, "other.txt": "x" });
  const found = await look({ certificates: [`${directory}/*.pem`, `${directory}/none/*.pem`] });
  expect(found.stdout).not.toContain("PRIVATE KEY");
  expect(Object.keys(observation(found).certificates)).toEqual([join(directory, "node.pem")]);
});
