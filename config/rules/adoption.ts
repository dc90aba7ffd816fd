import type { Report } from "../errors";
import type { Sections } from "../schema";

/** Nodes made by hand know each other by a cookie that Warren cannot make up. */
export function checkAdoption({ nodes, cookie }: Sections["rabbitmq"], report: Report): void {
  const adopting = nodes.find(({ adopt }) => adopt !== undefined);
  if (adopting === undefined || cookie !== undefined) return;
  report(
    ["rabbitmq", "cookie"],
    cookie,
    `must be given, as ${adopting.name} adopts a container: the cookie of that one`,
  );
}
