import type { ConfigData, ServiceData } from "../../../commands/keepalived";
import { capabilities, stagedFile } from "../../../commands/keepalived";

/** keepalived's directory on a host. */
export const directory = "/etc/keepalived";
export const unit = "/etc/systemd/system/keepalived.service.d/warren.conf";

/** The first line of what Warren writes for a host. */
export const marker = (host: string): string => `# Written by Warren for ${host}.\n`;

export const staged = `${marker("host4")}global_defs {\n    script_user nobody\n}\n`;

export const own = { stack: "o/p/s", part: "vip-host4" };

export const config: ConfigData = {
  ...own,
  capabilities,
  conf: [{ path: stagedFile, mode: "0400", content: staged }],
  instances: ["eth0 51 198.18.66.100 198.18.66.15"],
};

export const service: ServiceData = { ...own, host: "host4", digest: "abc", contained: false };
