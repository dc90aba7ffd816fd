import type { Path, Report } from "../errors";
import type { Readable } from "./placement";

/** A number that would change nothing is refused: a secret that is given does not become another one by it. */
export function checkRotations({ rabbitmq, haproxy, vip }: Readable, report: Report): void {
  const refuse = (path: Path, given: unknown, rotation: number | undefined, key: string): void => {
    if (given === undefined || rotation === undefined || rotation === 1) return;
    report(path, rotation, `must be left out, as ${key} is given: change that, or leave it out to have one generated`);
  };
  refuse(["rabbitmq", "rotation", "cookie"], rabbitmq?.cookie, rabbitmq?.rotation.cookie, "rabbitmq.cookie");
  refuse(["haproxy", "stats", "rotation"], haproxy?.stats.password, haproxy?.stats.rotation, "haproxy.stats.password");
  refuse(["vip", "rotation"], vip?.password, vip?.rotation, "vip.password");
}
