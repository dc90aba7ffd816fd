import type { WarrenPolicy } from "./lib/policy";
import { balancerTimeouts } from "./rules/balancerTimeouts";
import { credentials } from "./rules/credentials";
import { dataDirectory } from "./rules/dataDirectory";
import { hostKeys } from "./rules/hostKeys";
import { imageDigests } from "./rules/imageDigests";
import { mirroring } from "./rules/mirroring";
import { oddMembers } from "./rules/oddMembers";
import { oneMemberPerHost } from "./rules/oneMemberPerHost";
import { pinnedImages } from "./rules/pinnedImages";
import { privatePorts } from "./rules/privatePorts";
import { quietCommands } from "./rules/quietCommands";
import { ramNodes } from "./rules/ramNodes";
import { restartPolicy } from "./rules/restartPolicy";
import { secretsInCommands } from "./rules/secretsInCommands";
import { secretsMarked } from "./rules/secretsMarked";
import { stopGrace } from "./rules/stopGrace";
import { twoDiscNodes } from "./rules/twoDiscNodes";
import { vipRouterId } from "./rules/vipRouterId";
import { vipWeight } from "./rules/vipWeight";

/** All of them, as docs/policies.md lists them. */
export const policies: readonly WarrenPolicy[] = [
  // The cluster
  twoDiscNodes,
  oddMembers,
  oneMemberPerHost,
  ramNodes,
  mirroring,
  // Containers
  pinnedImages,
  imageDigests,
  dataDirectory,
  stopGrace,
  restartPolicy,
  privatePorts,
  // Secrets and logins
  credentials,
  secretsMarked,
  secretsInCommands,
  quietCommands,
  hostKeys,
  // The balancers and their virtual IP
  balancerTimeouts,
  vipWeight,
  vipRouterId,
];
