import { deployDev } from "./support/devStack";
import { imageId, unsealed, type Deployment } from "./support/mocks";

import { refuseForeign, removeStray } from "../../commands/docker";
import { check } from "../../commands/keepalived";
import * as inContainer from "../../commands/keepalivedContainer";
import { scriptInput } from "../../commands/shell";

/* keepalived in a container: what its hosts are asked for, and in which order. */

let other: Deployment;
beforeAll(async () => {
  other = await deployDev({ "vip.image": "keepalived:2.2", "vip.notify": { logFile: "/var/log/vip.log" } });
});

const stdin = (name: string): string => {
  const value = other.resource(name).inputs["stdin"];
  return String(unsealed(value) ?? value);
};

test("the container, whole: the host's network, six capabilities, files of the host, and no secret", () => {
  const mount = (path: string, readOnly = true) => ({ hostPath: path, containerPath: path, readOnly });
  expect(other.resource("vip-host4-container").inputs).toEqual({
    name: "keepalived",
    image: imageId,
    restart: "always",
    destroyGraceSeconds: 10,
    networkMode: "host",
    capabilities: {
      adds: ["CAP_KILL", "CAP_NET_ADMIN", "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID"],
      drops: ["ALL"],
    },
    entrypoints: ["keepalived"],
    command: ["--dont-fork", "--log-console"],
    envs: ["TZ=Asia/Shanghai"],
    tmpfs: { "/run": "" },
    logDriver: "json-file",
    logOpts: { "max-size": "50m", "max-file": "3" },
    volumes: [
      mount("/etc/keepalived"),
      mount("/run/warren"),
      mount("/var/lib/warren/haproxy/host4"),
      mount("/var/log/vip.log", false),
    ],
    labels: [
      { label: "io.warren.stack", value: "acme/warren/dev" },
      { label: "io.warren.part", value: "vip-host4" },
      { label: "io.warren.settings", value: expect.stringMatching(/^[0-9a-f]{16}$/) as string },
    ],
  });
});

test("all hosts are staged before one takes it up; then one container after the other, the preferred holder's last", () => {
  expect(other.resource("vip-host5-config").dependsOn).toContain("vip-host5-image");
  expect(other.resource("vip-host5-service").dependsOn).toEqual(
    expect.arrayContaining(["vip-host4-config", "vip-host5-config"]),
  );
  const services = ["vip-host4-service", "vip-host5-service"];
  expect(other.resource("vip-host5-container").dependsOn).toEqual(expect.arrayContaining(services));
  expect(other.resource("vip-host5-container").dependsOn).not.toContain("vip-host4-running");
  expect(other.resource("vip-host4-container").dependsOn).toEqual(
    expect.arrayContaining([...services, "vip-host5-running"]),
  );
  expect(other.resource("vip-host4-holds").dependsOn).toContain("vip-host4-running");
});

test("the scripts are those of a container", () => {
  const own = { stack: "acme/warren/dev", part: "vip-host4" };
  expect(stdin("vip-host4-package")).toBe(scriptInput({ create: inContainer.installTools() }));
  const config = stdin("vip-host4-config");
  for (const part of [
    refuseForeign("keepalived", own.stack, own.part),
    inContainer.requireTools("keepalived:2.2"),
    inContainer.makeLogFile("/var/log/vip.log"),
    check(inContainer.program("keepalived:2.2")),
  ]) {
    expect(config).toContain(part);
  }
  const [, staged = ""] = /^0400 \S+ \/etc\/keepalived\/keepalived\.conf\.staged (\S+)$/m.exec(config) ?? [];
  expect(Buffer.from(staged, "base64").toString()).toContain("script_user nobody\n");
  expect(config).not.toContain("keepalived.service.d");
  const service = stdin("vip-host4-service");
  expect(service).toContain(`docker kill -s HUP`);
  expect(service).toContain(inContainer.removeFiles("host4"));
  expect(stdin("vip-host4-running")).toBe(scriptInput({ create: inContainer.awaitRunning() }));
});

test("before a container is made, a stray one goes and the host's own keepalived gives way", () => {
  expect(other.resource("vip-host4-container").hooks["beforeCreateList"]).toEqual(["vip-host4-make-room"]);
  expect(removeStray("keepalived", "acme/warren/dev", "vip-host4", 10)).toContain("docker stop -t 10");
});
