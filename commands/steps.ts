import * as keepalived from "./keepalived";
import { administrator } from "./rabbitmq/administrator";
import { formed, name } from "./rabbitmq/formed";
import { gate } from "./rabbitmq/gate";
import { member } from "./rabbitmq/member";
import { user } from "./rabbitmq/user";
import { service } from "./service";
import type { Step } from "./step";

/** Every step that a resource runs, for what reads a plan. */
export const steps: readonly Step<unknown>[] = [
  service,
  gate,
  member,
  formed,
  name,
  administrator,
  user,
  keepalived.keepalivedPackage,
  keepalived.keepalivedConfig,
  keepalived.keepalivedService,
  keepalived.keepalivedRunning,
  keepalived.holds,
  keepalived.standsBy,
  keepalived.held,
];
