/*
 * The resources that the policies judge, by type. What the components register as their inputs is their part of the
 * contract (components/*.ts); what the others have is their provider's schema.
 */
export const types = {
  /** Nothing: it groups the others. */
  service: "warren:index:RabbitService",
  /** `address`, `user`, `port`, `hostKey?` */
  host: "warren:index:Host",
  /** `image`, `version`, `nodes` (`name`, `host`, `type`), `username`, `partitionHandling`, `settings`, … */
  cluster: "warren:index:RabbitCluster",
  node: "warren:index:RabbitNode",
  /** `image`, `hosts`, `ports`, `check`, `timeouts`, `stats.username` */
  balancers: "warren:index:HaproxyPair",
  /** `address`, `interface`, `virtualRouterId`, `hosts`, `priorities`, `check`, `image?` */
  vip: "warren:index:KeepalivedVip",
  /** `hosts`: names of those that have rules */
  firewall: "warren:index:Firewall",
  command: "command:remote:Command",
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  password: "random:index/randomPassword:RandomPassword",
  queue: "rabbitmq:index/queue:Queue",
  queuePolicy: "rabbitmq:index/policy:Policy",
  user: "rabbitmq:index/user:User",
} as const;

/** Whether a resource belongs to a component of that type, or of any whose type begins so. */
export function isWithin(urn: string, component: string): boolean {
  return componentsOf(urn).some((type) => type.startsWith(component));
}

/** The types of the components that a resource belongs to, the outermost first. */
function componentsOf(urn: string): string[] {
  return urn.split("::")[2]?.split("$").slice(0, -1) ?? [];
}

/**
 * Whether one of Warren's own components made it. The component's inputs then say the same, once and not once a host; those of
 * the whole service say nothing.
 */
export function isWarrens(urn: string): boolean {
  return componentsOf(urn).some((type) => type.startsWith("warren:index:") && type !== types.service);
}
