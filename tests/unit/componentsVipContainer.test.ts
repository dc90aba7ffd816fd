import { deployDev } from "./support/devStack";
import { imageId, type Deployment } from "./support/mocks";
import { inputOf, stepOf } from "./support/steps";

import { capabilities } from "../../commands/keepalived";
import { render } from "../../commands/step";

/* keepalived in a container: what its hosts are asked for, and in which order. */

let other: Deployment;
beforeAll(async () => {
  other = await deployDev({ "vip.image": "keepalived:2.2", "vip.notify": { logFile: "/var/log/vip.log" } });
});

const data = (name: string): string => inputOf(other.resource(name));

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

test("the steps are told that it is a container", () => {
  const own = render({ stack: "acme/warren/dev", part: "vip-host4" });
  expect(data("vip-host4-package")).toContain(render({ contained: true }));
  const config = data("vip-host4-config");
  expect(config).toContain(`${own}${render({ image: "keepalived:2.2", capabilities })}`);
  expect(config).toContain(render({ logFile: "/var/log/vip.log" }));
  const [, staged = ""] = /^'0400 \S+ \/etc\/keepalived\/keepalived\.conf\.staged (\S+)'$/m.exec(config) ?? [];
  expect(Buffer.from(staged, "base64").toString()).toContain("script_user nobody\n");
  expect(data("vip-host4-service")).toContain(own);
  expect(data("vip-host4-service")).toContain(render({ contained: true }));
  expect(stepOf(other.resource("vip-host4-running"))).toBe("keepalived/running");
  expect(data("vip-host4-running")).toContain(render({ containerId: "id of vip-host4-container" }));
});

test("before a container is made, a stray one goes and the host's own keepalived gives way", () => {
  expect(other.resource("vip-host4-container").hooks["beforeCreateList"]).toEqual([
    "vip-host4-remove-stray",
    "vip-host4-make-room",
  ]);
});
