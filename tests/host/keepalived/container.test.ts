import { step } from "../../../commands/step";
import { keepalivedRunning } from "../../../commands/keepalived";
import { runStep } from "../support/step";
import { unit } from "./support";

/* keepalived in a container: what is done on its host before and after it is made. */

describe("making room", () => {
  // A hook runs it, so it is no resource's step.
  const makeRoom = step<object>("keepalived/make-room", { create: "" });

  test("stops the host's keepalived for good, and takes Warren's part of its unit away", async () => {
    const systemctl = { "is-enabled": {}, "disable -q --now keepalived": {}, "daemon-reload": {} };
    const { code, calls, read } = await runStep(makeRoom, {}, { stubs: { systemctl }, files: { [unit]: "x" } });
    expect([code, read(unit)]).toEqual([0, undefined]);
    expect(calls.slice(1)).toEqual(["systemctl disable -q --now keepalived", "systemctl daemon-reload"]);
  });

  test("leaves a host alone that has none", async () => {
    const systemctl = { "is-enabled": { code: 1 }, "is-active": { code: 3 } };
    const { code, calls } = await runStep(makeRoom, {}, { stubs: { systemctl } });
    expect([code, calls.length]).toEqual([0, 2]);
  });
});

describe("running", () => {
  const run = (logs: string) => {
    const docker = {
      "logs --tail 20 keepalived": { stdout: "why\n" },
      "logs keepalived": { stdout: logs },
      "{{json .HostConfig}}": { stdout: "all of it\n" },
    };
    return runStep(keepalivedRunning, { containerId: "c0ffee" }, { stubs: { docker } });
  };

  test.each(["BACKUP", "MASTER"])(
    "is to have reached %s, and how the container is then is recorded",
    async (reached) => {
      const { code, stderr, record } = await run(`(VI_51) Entering ${reached} STATE\n`);
      expect([code, stderr]).toEqual([0, ""]);
      expect(record().slice(2)).toEqual([
        "running keepalived",
        expect.stringMatching(/^container keepalived [0-9a-f]{64}$/),
      ]);
    },
  );

  test("a keepalived that reaches neither is an error with its log", async () => {
    expect(await run("Starting\n")).toMatchObject({
      code: 1,
      stderr: "keepalived does not reach BACKUP or MASTER in its container\nwhy\n",
    });
  });
});
