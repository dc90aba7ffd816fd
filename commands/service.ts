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
  /** Another value for each change that reached a host: whatever that is, a client logs in after it. */
  after: string;
}

/** A client logs in through every virtual IP and every balancer. */
export const service = step<ServiceData>("service", looks("a client logs in through every way in"));
