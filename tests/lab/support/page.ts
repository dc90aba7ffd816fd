/** Who asks for a page. */
export interface Login {
  username: string;
  password: string;
}

/**
 * A page of the balancers or brokers. The connection is closed afterwards: HAProxy's statistics page may close one that it
 * said it would keep, and the next request on it would fail.
 */
export async function page(url: string, login?: Login): Promise<Response> {
  const headers: Record<string, string> = { connection: "close" };
  if (login !== undefined) {
    headers["authorization"] = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  }
  return fetch(url, { headers });
}

/** State of each broker, as a balancer's statistics page has it: `UP`, `DOWN` and the like. */
export async function brokerStates(balancer: string, login: Login): Promise<Record<string, string>> {
  const csv = await page(`http://${balancer}:8100/;csv`, login);
  if (csv.status !== 200) throw new Error(`the statistics page of ${balancer} answers ${csv.status}`);
  const rows = (await csv.text()).split("\n").map((row) => row.split(","));
  return Object.fromEntries(
    rows
      .filter(([proxy, server]) => proxy === "rabbitmq" && server?.startsWith("rabbitmq"))
      .map((row) => [row[1] ?? "", row[17] ?? ""]),
  );
}
