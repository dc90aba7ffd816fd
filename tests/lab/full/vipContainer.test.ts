import { roundTrip } from "../support/client";
import { HoldingWatch } from "../support/holding";
import { holders, lab, onHost, resetLab, until, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

const balancers = ["host4", "host5"];
const image = "keepalived:2.2";

const onBalancers = (command: string): Promise<string[]> => Promise.all(balancers.map((host) => onHost(host, command)));
const isHeldBy = (host: string) => until(`${host} holds it alone`, async () => (await holders()).join() === host);

/** keepalived in a container, from one to the host's own and back, under the eyes of a bystander. */
describe("keepalived in a container", () => {
  const stack = new Stack("vipbox", (config) => {
    config["warren:rabbitmq"].nodes = [{ name: "rabbitmq1", host: "host1", type: "disc" }];
    Object.assign(config["warren:vip"]!, { image, notify: {} });
  });
  const watch = new HoldingWatch("host2");
  let outputs: Outputs;

  /**
   * Something is done, and two hosts are not seen with the virtual IP for longer than an advertisement's second. Returns the
   * longest time for which none was.
   */
  const withOneHolder = async (what: () => Promise<unknown>): Promise<number> => {
    await watch.start();
    await what();
    await isHeldBy("host4");
    const { twice, silent } = await watch.stop();
    expect(twice).toBeLessThanOrEqual(1.1);
    return silent;
  };

  beforeAll(async () => {
    await lab("images", image);
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
  }, 600_000);

  afterAll(() => {
    stack.remove();
  });

  test("runs with six capabilities, on the host's network, and its password shows nowhere but in its file", async () => {
    expect(await holders()).toEqual(["host4"]);
    expect(await roundTrip(outputs, "door", ["one"])).toEqual(["one"]);
    const { HostConfig: settings } = JSON.parse(await onHost("host4", "docker inspect -f '{{json .}}' keepalived")) as {
      HostConfig: { NetworkMode: string; Privileged: boolean; CapDrop: string[]; RestartPolicy: { Name: string } };
    };
    expect(settings).toMatchObject({ NetworkMode: "host", Privileged: false, CapDrop: ["ALL"] });
    expect(settings.RestartPolicy.Name).toBe("always");
    // Bits 5 (CAP_KILL), 6 and 7 (CAP_SETGID, CAP_SETUID), 11 to 13 (CAP_NET_BROADCAST, CAP_NET_ADMIN, CAP_NET_RAW).
    const pid = "$(docker inspect -f '{{.State.Pid}}' keepalived)";
    expect(await onHost("host4", `grep -E 'Cap(Eff|Bnd)' /proc/${pid}/status | cut -f2 | sort -u`)).toBe(
      "00000000000038e0",
    );
    const conf = "/etc/keepalived/keepalived.conf";
    expect(await onHost("host4", `stat -c '%a %U' ${conf}`)).toBe("400 root");
    const password = await onHost("host4", `sed -n 's/^ *auth_pass //p' ${conf}`);
    expect(password).toMatch(/^\w{8}$/);
    const shown = await onHost("host4", "docker inspect keepalived; docker logs keepalived 2>&1");
    expect(shown).not.toContain(password);
    expect(await onBalancers("systemctl is-active keepalived || true")).toEqual(["inactive", "inactive"]);
  }, 60_000);

  test("a second holder would be seen", async () => {
    await watch.start();
    await onHost("host3", `ip addr add ${vip}/32 dev eth0; sleep 2; ip addr del ${vip}/32 dev eth0`);
    const { twice } = await watch.stop();
    expect(twice).toBeGreaterThan(1);
    expect(twice).toBeLessThan(3);
  }, 60_000);

  test("up again has no step, and the check finds nothing", async () => {
    await stack.up("--expect-no-changes");
    expect((await stack.check()).output).toContain("vipbox: all is well.");
  }, 120_000);

  test("the balancer's own word decides: fail-over, and back; each is noted on the host", async () => {
    await withOneHolder(async () => {
      await onHost("host4", "docker stop haproxy");
      await isHeldBy("host5");
      expect(await roundTrip(outputs, "door", ["two"])).toEqual(["two"]);
      await onHost("host4", "docker start haproxy");
    });
    const noted = /^\S+ \S+ \+0800 VI_51 MASTER\n\S+ \S+ \+0800 VI_51 BACKUP$/;
    const log = () => onHost("host5", "tail -n 2 /var/log/warren-vip.log");
    await until("both changes are noted", async () => noted.test(await log()));
  }, 120_000);

  test("a keepalived that is killed is back, and so is one whose host lost its power", async () => {
    await withOneHolder(() => onHost("host4", "kill -9 $(docker inspect -f '{{.State.Pid}}' keepalived)"));
    await withOneHolder(async () => {
      await lab("stop", "host4");
      await until("host5 has it", async () => (await onHost("host5", "ip -4 -o addr")).includes(` ${vip}/`));
      await lab("start", "host4");
    });
  }, 240_000);

  test("a new password is taken up by both at once", async () => {
    stack.change((config) => {
      config["warren:vip"]!.password = "fresh123";
    });
    await withOneHolder(() => stack.up());
    expect(await onBalancers("grep -c fresh123 /etc/keepalived/keepalived.conf")).toEqual(["1", "1"]);
  }, 120_000);

  test("a balancer is replaced: the virtual IP leaves first, and has returned when the update ends", async () => {
    stack.change((config) => {
      config["warren:haproxy"].ports["stats"] = 8200;
    });
    await withOneHolder(async () => {
      await stack.up();
      expect(await holders()).toEqual(["host4"]);
    });
  }, 180_000);

  test("to the host's own and back: never two holders, and nothing of the other kind is left", async () => {
    stack.change((config) => {
      delete config["warren:vip"]!["image"];
    });
    const there = await withOneHolder(() => stack.up());
    expect(await onBalancers("systemctl is-active keepalived; docker ps -aq --filter name=keepalived")).toEqual([
      "active",
      "active",
    ]);
    await stack.up("--expect-no-changes");
    stack.change((config) => {
      config["warren:vip"]!["image"] = image;
    });
    const back = await withOneHolder(() => stack.up());
    console.log(`nobody held it for ${there.toFixed(1)} s and ${back.toFixed(1)} s`);
    // One that is told of its holder's end takes over within a second; one that is not would take four.
    expect(back).toBeLessThan(3);
    expect(
      await onBalancers("systemctl is-enabled keepalived; docker inspect -f '{{.State.Status}}' keepalived"),
    ).toEqual(["disabled\nrunning", "disabled\nrunning"]);
    await stack.up("--expect-no-changes");
  }, 300_000);

  test("destroy gives it up, and leaves nothing", async () => {
    await stack.destroy();
    expect(await holders()).toEqual([]);
    expect(await onBalancers("ls /etc/keepalived; docker ps -aq; nft list tables | grep warren || true")).toEqual(
      Array(2).fill("keepalived.conf.sample"),
    );
  }, 120_000);
});
