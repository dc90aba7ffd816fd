import * as keepalived from "./keepalived";
import { gate } from "./rabbitmq/gate";
import { service } from "./service";
import type { Step } from "./step";

/** Every step that a resource runs, for what reads a plan. */
export const steps: readonly Step<unknown>[] = [
  service,
  gate,
  keepalived.keepalivedPackage,
  keepalived.keepalivedConfig,
  keepalived.keepalivedService,
  keepalived.keepalivedRunning,
  keepalived.holds,
  keepalived.standsBy,
  keepalived.held,
];
