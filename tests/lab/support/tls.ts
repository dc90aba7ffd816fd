import { execFile } from "node:child_process";
import { connect as tlsConnect } from "node:tls";

import { Connection } from "rabbitmq-client";

import { onHost } from "./hosts";
import type { Outputs } from "./stack";

/** The outputs of a stack with `warren:tls`. */
export type TlsOutputs = Outputs & {
  certificateAuthority: string;
  tls: { clients: boolean; management: boolean; nodes: boolean };
};

/** A client that trusts the stack's own authority alone. */
export async function connectTls({ certificateAuthority, ...outputs }: TlsOutputs): Promise<Connection> {
  const connection = new Connection({
    hostname: outputs.vip ?? "",
    port: outputs.ports.amqps ?? 0,
    username: outputs.username,
    password: outputs.password,
    vhost: outputs.vhost,
    connectionTimeout: 5000,
    tls: { ca: certificateAuthority },
  });
  connection.on("error", () => undefined);
  await connection.onConnect(10_000);
  return connection;
}

/** The serial number of the certificate that a port shows, which has to be good for the address, by this authority. */
export async function serialAt(host: string, port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port, ca, timeout: 10_000 }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(new Error("no handshake")));
    socket.once("error", reject);
  });
}

/** The versions of TLS that a port speaks, as OpenSSL sees them, which itself is allowed all of them. */
export async function versionsAt(host: string, port: number): Promise<string[]> {
  const spoken = await Promise.all(
    ["tls1", "tls1_1", "tls1_2", "tls1_3"].map(async (version) => {
      const args = ["s_client", "-connect", `${host}:${port}`, `-${version}`, "-cipher", "ALL:@SECLEVEL=0"];
      const said = await new Promise<string>((resolve) => {
        const child = execFile("openssl", args, { timeout: 10_000 }, (_, stdout) => {
          resolve(stdout);
        });
        child.stdin?.end();
      });
      return /^New, TLSv/m.test(said) ? [version] : [];
    }),
  );
  return spoken.flat();
}

/** What another member of the cluster is shown between nodes; with `certified`, it shows its own certificate, too. */
export async function betweenNodes(from: string, node: string, to: string, certified: boolean): Promise<string> {
  const files = `/var/lib/warren/rabbitmq/${node}/conf/tls`;
  const own = certified ? `-cert ${files}/node.pem -key ${files}/node.pem` : "";
  return onHost(
    from,
    `echo | timeout 10 openssl s_client -connect ${to}:25672 -tls1_2 -CAfile ${files}/authority.pem ${own} 2>&1 | tr -d '\\0' || true`,
  );
}
