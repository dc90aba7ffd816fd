import { cli, joinCluster, startApp } from "../../commands/rabbitmq";
import { enabledPlugins } from "../../templates/rabbitmqConf";
import { scriptInput } from "../../commands/shell";
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
      for (const { host, name } of joiners) {
        const place = { name, container: "rabbitmq", directory: directory(name) };
        await onHost(host, `${cli(place, "rabbitmqctl", "stop_app")} && ${cli(place, "rabbitmqctl", "reset")}`);
      }
      expect((await clusterStatus("host1")).disk_nodes).toEqual(["rabbit@rabbitmq1"]);
      await Promise.all(
        joiners.map(async ({ host, name, type }) => {
          const place = { name, container: "rabbitmq", directory: directory(name) };
          const steps = [
            joinCluster(place, "rabbitmq1", [], type),
            startApp(place, enabledPlugins(["rabbitmq_management", "rabbitmq_prometheus"])),
          ];
          // Each ends its own shell, as the steps of an update do.
          for (const create of steps) {
            await onHost(host, `bash -s create join <<'SCRIPT'\n${scriptInput({ create })}\nSCRIPT`);
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
