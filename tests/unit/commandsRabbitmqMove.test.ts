import { dataMount, refuseMove } from "../../commands/rabbitmq";
import { runOnHost } from "./support/bash";

/* A node that exists keeps its data directory and its ports between nodes. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq/rabbitmq1" };
const script = refuseMove(place, ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"]);

test("by its text", () => {
  expect(dataMount).toBe("/var/lib/rabbitmq");
  expect(script)
    .toBe(`if found=$(docker inspect -f $'{{range .Mounts}}{{if eq .Destination "/var/lib/rabbitmq"}}{{.Source}}{{end}}{{end}}{{range .Config.Env}}\\n{{.}}{{end}}' rabbitmq 2> /dev/null); then
  for fixed in /var/lib/warren/rabbitmq/rabbitmq1/data ERL_EPMD_PORT=4369 RABBITMQ_DIST_PORT=25672; do
    if ! grep -qxF "$fixed" <<< "$found"; then
      echo "rabbitmq1 was made without $fixed: a node keeps its data directory and its ports epmd and distribution for life. Nothing was changed" >&2
      exit 1
    fi
  done
fi`);
});

/** As Docker fills in the format. */
const container = (data: string, ...environment: string[]) => ({ stdout: `${[data, ...environment].join("\n")}\n` });
const run = (inspect: object) => runOnHost(`${script}\necho after`, { stubs: { docker: { inspect } } });
const { directory } = place;

test("the format asks for lines of their own", async () => {
  const { calls } = await run({ code: 1 });
  expect(calls.join("\n")).toBe(
    `docker inspect -f {{range .Mounts}}{{if eq .Destination "/var/lib/rabbitmq"}}{{.Source}}{{end}}{{end}}{{range .Config.Env}}\n{{.}}{{end}} rabbitmq`,
  );
});

test.each([
  ["there is no container yet", { code: 1 }],
  ["all is as it was", container(`${directory}/data`, "PATH=/bin", "ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672")],
])("goes on where %s", async (_title, inspect) => {
  expect(await run(inspect)).toMatchObject({ code: 0, stdout: "after\n", stderr: "" });
});

test.each([
  [
    "another data directory",
    container("/srv/data", "ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"),
    `${directory}/data`,
  ],
  ["a data directory that begins alike", container(`${directory}/data2`, "ERL_EPMD_PORT=4369"), `${directory}/data`],
  [
    "another epmd",
    container(`${directory}/data`, "ERL_EPMD_PORT=43690", "RABBITMQ_DIST_PORT=25672"),
    "ERL_EPMD_PORT=4369",
  ],
  ["another distribution port", container(`${directory}/data`, "ERL_EPMD_PORT=4369"), "RABBITMQ_DIST_PORT=25672"],
])("refuses %s", async (_title, inspect, fixed) => {
  expect(await run(inspect)).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `rabbitmq1 was made without ${fixed}: a node keeps its data directory and its ports epmd and distribution for life. Nothing was changed\n`,
  });
});
