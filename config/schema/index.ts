import type { z } from "zod";
import { firewallSection } from "./firewall";
import { haproxySection } from "./haproxy";
import { hostsSection, prepareSection, sshSection } from "./hosts";
import { rabbitmqSection } from "./rabbitmq";
import { tlsSection } from "./tls";
import { vipSection } from "./vip";

/** The keys of a stack's config (`warren:hosts`, `warren:ssh`, …). */
export const sections = {
  hosts: hostsSection,
  ssh: sshSection.prefault({}),
  prepare: prepareSection.prefault({}),
  rabbitmq: rabbitmqSection,
  haproxy: haproxySection,
  vip: vipSection.exactOptional(),
  firewall: firewallSection.exactOptional(),
  tls: tlsSection.exactOptional(),
};

/** A config as it is written, with the defaults that need no other section to be known. */
export type Sections = { [K in keyof typeof sections]: z.output<(typeof sections)[K]> };
