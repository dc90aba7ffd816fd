import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { runProgram } from "../../unit/support/bash";
import { library } from "../support/step";

/*
 * Why a broker did not start, read from its log. The logs are recorded from the lab's brokers, some of them without lines of other levels
 * and without most of their crash reports.
 */

const directory = join(__dirname, "logs");
const log = (name: string) => readFileSync(join(directory, `${name}.txt`), "utf8");
const reasonOf = async (text: string) => {
  const { code, stdout, stderr } = await runProgram("awk", ["-f", join(library, "rabbitmq/boot-failure.awk")], {
    input: text,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.replace(/\n$/, "");
};

const unknownKey = "You've tried to set chanel_max, but there is no setting with that name. Did you mean channel_max?";
const wrongValue = 'heartbeat: "soon" cannot be converted to a(n) integer';
const plugins =
  '{cannot_read_enabled_plugins_file, "/etc/rabbitmq/enabled_plugins", {1,erl_parse,["syntax error before: ",[]]}}';
const portInUse =
  "Failed to start Ranch listener {acceptor,{0,0,0,0,0,0,0,0},5672}: eaddrinuse (address already in use)";
const noNumber = 'frame_max: "big" is not a number';
const listeners = "an exception: {case_clause,soon}, in rabbit_networking:boot_tcp/2";
const erlangOption = "bad number of processes abc";
const cookie = "Cookie file /var/lib/rabbitmq/.erlang.cookie must be accessible by owner only";

const reasons: Record<string, string> = {
  "3.8.9-unknown-key": unknownKey,
  "3.10.8-unknown-key": unknownKey,
  "4.0.5-unknown-key": unknownKey,
  "3.8.9-wrong-value": wrongValue,
  "3.10.8-wrong-value": wrongValue,
  "4.0.5-wrong-value": wrongValue,
  "3.8.9-syntax": "Syntax error in /etc/rabbitmq/rabbitmq.conf after line 4 column 1, parsing incomplete",
  // Several keys with wrong values: the reader itself fails at the last one.
  "3.10.8-two-values": noNumber,
  "4.0.5-two-values": noNumber,
  "3.8.9-memory-value": 'vm_memory_high_watermark.relative: "abc" cannot be converted to a(n) float',
  "3.8.9-definitions": "load_definitions invalid, file doesn't exist or isn't readable",
  "3.8.9-advanced-value": "an exception: function_clause, in rabbit_networking:boot_tcp/1",
  "3.10.8-advanced-value": listeners,
  "4.0.5-advanced-value": listeners,
  "4.0.5-advanced-syntax": 'Failed to load advanced configuration file "/etc/rabbitmq/advanced.config": {badfile,',
  "3.8.9-unknown-category": "an exception: {unknown_category,loud}, in rabbit_log:make_internal_sink_name/1",
  "3.8.9-erlang-option": erlangOption,
  "4.0.5-erlang-option": erlangOption,
  "4.0.5-unreadable-configuration": "Could not open file (/etc/rabbitmq/rabbitmq.conf) for Reason undefined",
  "3.10.8-unreadable-plugins": '{cannot_read_enabled_plugins_file, "/etc/rabbitmq/enabled_plugins",eacces}',
  "3.10.8-unreadable-certificate":
    "ssl_options.certfile invalid, file does not exist or cannot be read by the node\nssl_options.keyfile invalid, file does not exist or cannot be read by the node",
  "4.0.5-missing-certificate": "ssl_options.certfile invalid, file does not exist or cannot be read by the node",
  "3.8.9-plugins": plugins,
  "3.10.8-plugins": plugins,
  "4.0.5-plugins": plugins,
  "3.8.9-port-in-use": portInUse,
  "4.0.5-port-in-use": portInUse,
  "3.8.9-cookie": cookie,
  "4.0.5-cookie": cookie,
  "3.8.9-newer-data":
    "{schema_integrity_check_failed, [{table_attributes_mismatch,rabbit_user, [username,password_hash,tags, hashing_algorithm], [username,password_hash,tags, hashing_algorithm,limits]}]}",
  "3.10.8-newer-data": "{schema_integrity_check_failed, [{table_missing,rabbit_listener}]}",
  "4.0.5-refused-variable":
    "RABBITMQ_SSL_CERTFILE is set but deprecated\ndeprecated environment variables detected; use a configuration file instead",
};

test.each(Object.entries(reasons))("%s", async (name, reason) => {
  expect(await reasonOf(log(name))).toBe(reason);
});

test("every recorded log is one of these", () => {
  expect(readdirSync(directory).sort()).toEqual(
    Object.keys(reasons)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});

test("of several starts the last one that failed counts, be another one on its way", async () => {
  expect(await reasonOf(log("3.10.8-unknown-key") + log("3.10.8-wrong-value"))).toBe(wrongValue);
  expect(await reasonOf(log("3.10.8-wrong-value") + log("3.10.8-unknown-key"))).toBe(unknownKey);
  const another = "2026-11-26 21:31:59.681543+00:00 [info] <0.223.0> Feature flags: list of feature flags found:\n";
  expect(await reasonOf(log("3.10.8-plugins") + another)).toBe(plugins);
});

test("what went wrong while the broker served before is no reason", async () => {
  const served =
    "2026-11-26 20:00:00.000000+00:00 [error] <0.1000.0> closing AMQP connection <0.1000.0>\n" +
    "2026-11-26 20:00:00.000000+00:00 [info] <0.216.0>  Starting RabbitMQ 4.0.5 on Erlang 27.3.4.1 [jit]\n";
  expect(await reasonOf(served + log("4.0.5-port-in-use"))).toBe(portInUse);
});

test("a reason that would fill the screen is cut", async () => {
  const long = `2026-11-26 20:00:00.000000+00:00 [error] <0.1.0> ${"x".repeat(1000)}\n`;
  expect(await reasonOf(long)).toBe(`${"x".repeat(300)}...`);
});

test("a log without a reason gives none", async () => {
  expect(await reasonOf("")).toBe("");
  expect(await reasonOf("2026-11-26 20:00:00.000000+00:00 [info] <0.1.0> Server startup complete\n")).toBe("");
});
