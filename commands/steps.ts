import { firewall } from "./firewall";
import * as haproxy from "./haproxy";
import * as keepalived from "./keepalived";
import { prepare } from "./prepare";
import * as rabbitmq from "./rabbitmq";
import { service } from "./service";
import type { Step } from "./step";

/** Every step that a resource runs, for what reads a plan. */
export const steps: readonly Step<unknown>[] = [
  prepare,
  firewall,
  rabbitmq.adoptable,
  rabbitmq.trial,
  rabbitmq.files,
  rabbitmq.tls,
  rabbitmq.gate,
  rabbitmq.configuration,
  rabbitmq.adopt,
  rabbitmq.boot,
  rabbitmq.stopApp,
  rabbitmq.reset,
  rabbitmq.joinCluster,
  rabbitmq.startApp,
  rabbitmq.member,
  rabbitmq.formed,
  rabbitmq.name,
  rabbitmq.administrator,
  rabbitmq.user,
  haproxy.haproxyConfig,
  haproxy.haproxyLog,
  haproxy.haproxyGate,
  haproxy.haproxyAdopt,
  haproxy.haproxyReady,
  keepalived.keepalivedPackage,
  keepalived.keepalivedConfig,
  keepalived.keepalivedService,
  keepalived.keepalivedRunning,
  keepalived.holds,
  keepalived.standsBy,
  keepalived.held,
  service,
];
