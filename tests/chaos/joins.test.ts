import { joinCluster, startApp } from "../../commands/rabbitmq";
import { render, runStep } from "../../commands/step";
import { enabledPlugins } from "../../templates/rabbitmqConf";
import { clusterStatus, onHost, resetLab } from "../lab/support/hosts";
import { Stack } from "../lab/support/stack";

/** `WARREN_ROUNDS=8` for a proof of a version that is new to the table. */
const rounds = Number(process.env["WARREN_ROUNDS"] ?? 3);
const directory = (name: string): string => `/var/lib/warren/rabbitmq/${name}`;

/** The proof behind `parallelJoins` in config/versions.ts: two blank nodes join the same root at the same moment. */
describe.each(["3.10.8"])("RabbitMQ %s", (version) => {
  const stack = new Stack("joins", (config) => {
    config["warren:rabbitmq"].image = `rabbitmq:${version}-management`;
  });

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test(`bears joins side by side, ${rounds} times of ${rounds}`, async () => {
    const joiners = [
      { host: "host2", name: "rabbitmq2", type: "disc" },
      { host: "host3", name: "rabbitmq3", type: "ram" },
    ] as const;
    for (let round = 1; round <= rounds; round++) {
      const rabbitmqctl = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q";
      for (const { host } of joiners) await onHost(host, `${rabbitmqctl} stop_app && ${rabbitmqctl} reset`);
      expect((await clusterStatus("host1")).disk_nodes).toEqual(["rabbit@rabbitmq1"]);
      await Promise.all(
        joiners.map(async ({ host, name, type }) => {
          const deployment = await onHost(host, "head -n 1 /etc/warren/owner");
          const place = { deployment, name, container: "rabbitmq", directory: directory(name) };
          const plugins = enabledPlugins(["rabbitmq_management", "rabbitmq_prometheus"]);
          const steps = [
            { step: joinCluster, data: { ...place, type, seed: "rabbitmq1", others: [] } },
            { step: startApp, data: { ...place, joins: true, plugins } },
          ];
          for (const { step, data } of steps) {
            const command = runStep("root", "create", step.name, "joins");
            await onHost(host, `${command} <<'DATA'\n${render(data)}DATA`);
          }
        }),
      );
      for (const host of ["host1", "host2", "host3"]) {
        const status = await clusterStatus(host);
        expect(status.disk_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2"]);
        expect(status.ram_nodes).toEqual(["rabbit@rabbitmq3"]);
        expect(status.running_nodes).toHaveLength(3);
      }
    }
  }, 600_000);
});
