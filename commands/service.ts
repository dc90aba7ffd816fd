import { looks, step } from "./step";

/** Data of `host/service.sh`. */
export interface ServiceData {
  /** Every way in: `NAME ADDRESS PORT`, with ` tls` behind it where it is by TLS. */
  doors: readonly string[];
  /** A login of the broker's. */
  username: string;
  password: string;
  /** PEM of the authority that TLS is checked against. */
  authority?: string | undefined;
  /** Every balancer: `NAME ADDRESS`. */
  balancers: readonly string[];
  /** Port of their statistics pages, and the path at which one says that it runs by its newest configuration. */
  statsPort: number;
  configurationPath: string;
  /** Of the statistics pages, `user:password`. */
  statisticsLogin: string;
  /** Names of the brokers that each balancer has to use. */
  brokers: readonly string[];
  /** Longest wait for a balancer to use a broker, in seconds. */
  waitSeconds: number;
  /** Another value for each change that reached a host: whatever that is, a client logs in after it. */
  after: string;
}

/** A client logs in through every virtual IP and every balancer, and each balancer uses every broker. */
export const service = step<ServiceData>(
  "service",
  looks("a client logs in through every way in, and every balancer uses every broker"),
);
