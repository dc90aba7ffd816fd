import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { bootBare, startApp } from "../../commands/rabbitmq";
import { runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

/* A joining node boots without plugins while it is blank, and gets them when it starts as a member. */

const at = (directory: string) => ({ name: "rabbitmq2", container: "rabbitmq", directory });
const plugins = "[rabbitmq_management,rabbitmq_prometheus].\n";
const file = "conf/enabled_plugins";
const read = (directory: string) => readFileSync(join(directory, file), "utf8");

describe("bootBare", () => {
  test("by its text", () => {
    expect(bootBare(at("/var/lib/warren/rabbitmq"))).toBe(`if [ ! -e /var/lib/warren/rabbitmq/data/mnesia ]; then
  echo "[]." > /var/lib/warren/rabbitmq/conf/enabled_plugins
fi`);
  });

  test("takes the plugins from a blank node", async () => {
    const directory = makeDirectory({ [file]: plugins, "data/.erlang.cookie": "x" });
    expect(await runOnHost(bootBare(at(directory)))).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
    expect(read(directory)).toBe("[].\n");
  });

  test("leaves a node that has booted its plugins", async () => {
    const directory = makeDirectory({ [file]: plugins });
    mkdirSync(join(directory, "data/mnesia"), { recursive: true });
    expect(await runOnHost(bootBare(at(directory)))).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
    expect(read(directory)).toBe(plugins);
  });
});

describe("startApp", () => {
  const calls = ["docker exec -u rabbitmq rabbitmq rabbitmqctl -q start_app"];
  /** The stand-in shows the plugins that the application would start with. */
  const start = (directory: string, code = 0) =>
    runOnHost(startApp(at(directory), plugins), {
      stubs: { docker: { start_app: { run: `cat ${join(directory, file)}`, code } } },
    });

  test("gives a node on its way its plugins before it starts, and takes the mark away", async () => {
    const directory = makeDirectory({ [file]: "[].\n", joining: "" });
    expect(await start(directory)).toEqual({ code: 0, stdout: plugins, stderr: "", calls });
    expect(read(directory)).toBe(plugins);
    expect(existsSync(join(directory, "joining"))).toBe(false);
  });

  test("leaves the plugins of any other node as they are", async () => {
    const directory = makeDirectory({ [file]: "[rabbitmq_shovel].\n" });
    expect(await start(directory)).toEqual({ code: 0, stdout: "[rabbitmq_shovel].\n", stderr: "", calls });
    expect(read(directory)).toBe("[rabbitmq_shovel].\n");
  });

  test("keeps the mark where the application does not start", async () => {
    const directory = makeDirectory({ [file]: "[].\n", joining: "" });
    expect(await start(directory, 69)).toMatchObject({ code: 69, calls });
    expect(existsSync(join(directory, "joining"))).toBe(true);
  });
});
