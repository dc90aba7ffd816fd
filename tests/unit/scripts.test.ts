import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { syntaxFaults } from "./support/bash";

const directory = join(__dirname, "../../scripts");

describe("shell scripts", () => {
  test.each(readdirSync(directory).filter((name) => name.endsWith(".sh")))(
    "%s is read by bash without a fault",
    (name) => {
      expect(syntaxFaults(readFileSync(join(directory, name), "utf8"))).toBe("");
    },
  );
});

describe("summary.mjs", () => {
  const summary = (outputs: object) =>
    spawnSync(process.execPath, [join(directory, "summary.mjs")], { input: JSON.stringify(outputs), encoding: "utf8" });

  const outputs = {
    vip: "198.18.66.100",
    ports: { amqp: 15670, management: 15672, metrics: 15692, stats: 8100 },
    amqpUrl: "[secret]",
    managementUrl: "http://198.18.66.100:15672/",
    statsUrl: "http://198.18.66.100:8100/",
    username: "admin",
    password: "[secret]",
    members: {
      disc: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"],
      ram: ["rabbit@rabbitmq3"],
      running: ["rabbit@rabbitmq1", "rabbit@rabbitmq3"],
      versions: {
        "rabbit@rabbitmq1": "3.8.9 on Erlang 23.2.6",
        "rabbit@rabbitmq2": "3.8.9 on Erlang 23.2.6",
        "rabbit@rabbitmq3": "3.8.9 on Erlang 23.2.6",
      },
    },
  };

  test("prints members, virtual IP, ports and where to look next", () => {
    expect(summary(outputs)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: `  rabbit@rabbitmq1     disc  running, RabbitMQ 3.8.9 on Erlang 23.2.6
  rabbit@rabbitmq2     disc  not running, RabbitMQ 3.8.9 on Erlang 23.2.6
  rabbit@rabbitmq3     RAM   running, RabbitMQ 3.8.9 on Erlang 23.2.6

  AMQP             198.18.66.100:15670
  Management page  http://198.18.66.100:15672/ (user admin)
  Statistics page  http://198.18.66.100:8100/

Where to look next:
  npm run pulumi -- stack output -s dev --show-secrets     the passwords and URLs
  npm run lab -- ssh host1 docker exec rabbitmq rabbitmqctl cluster_status
  npm run pulumi -- preview -s dev                         what a change of Pulumi.dev.yaml would do
`,
    });
  });

  test("fails on what is no stack's output", () => {
    expect(summary({}).status).not.toBe(0);
  });
});
