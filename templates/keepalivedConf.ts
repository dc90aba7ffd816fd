/** One VRRP instance, as one host has it. */
export interface VrrpInstance {
  interface: string;
  virtualRouterId: number;
  /** The host with the highest priority is the MASTER of the outset, unless who holds the addresses may keep them. */
  role: "MASTER" | "BACKUP";
  priority: number;
  advertisementSeconds: number;
  /** In CIDR form. */
  addresses: readonly string[];
  /** Counts eight characters. */
  password: string;
  /** False: a host that comes back leaves the addresses where they are. Needs BACKUP everywhere. */
  preempt: boolean;
  /** How long a host that comes back waits before it takes the addresses. Needs BACKUP everywhere. */
  preemptDelaySeconds?: number;
  /** Advertisements go to these peers instead of VRRP's multicast group. */
  unicast?: { self: string; peers: readonly string[] };
}

/** What `keepalived.conf` is made of, for one host. Source: keepalived.conf(5). */
export interface KeepalivedConf {
  /** Shown in keepalived's log and mail: the host's name. */
  routerId: string;
  instances: readonly VrrpInstance[];
  check: {
    script: string;
    intervalSeconds: number;
    rise: number;
    fall: number;
    /** Subtracted while the check fails. Without it a failed check is FAULT, and the other host takes over sooner. */
    weight?: number;
  };
  /** Path of a script that is run as root at each change of an instance's state. */
  notifyScript?: string;
  /** Mail at each change of an instance's state. */
  mail?: { to: readonly string[]; from: string; server: string; port: number; timeoutSeconds: number };
  /** Gratuitous ARP, by which a new holder tells the network; keepalived's own defaults where a number is absent. */
  gratuitousArp?: { delaySeconds?: number; repeat?: number; refreshSeconds?: number };
}

const block = (title: string, lines: readonly string[]): string[] => [
  `${title} {`,
  ...lines.map((line) => `    ${line}`),
  "}",
];

const optional = (keyword: string, value: number | undefined): string[] =>
  value === undefined ? [] : [`${keyword} ${value}`];

function globals({ routerId, mail }: KeepalivedConf): string[] {
  const post =
    mail === undefined
      ? []
      : [
          ...block("notification_email", mail.to),
          `notification_email_from ${mail.from}`,
          `smtp_server ${mail.server} ${mail.port}`,
          `smtp_connect_timeout ${mail.timeoutSeconds}`,
        ];
  return block("global_defs", [`router_id ${routerId}`, "enable_script_security", "script_user nobody", ...post]);
}

function checkScript({ check }: KeepalivedConf): string[] {
  return block("vrrp_script chk_haproxy", [
    `script "${check.script}"`,
    `interval ${check.intervalSeconds}`,
    `timeout ${Math.max(2, check.intervalSeconds)}`,
    `rise ${check.rise}`,
    `fall ${check.fall}`,
    ...optional("weight", check.weight),
  ]);
}

function instance(vrrp: VrrpInstance, { gratuitousArp = {}, notifyScript, mail }: KeepalivedConf): string[] {
  const { unicast } = vrrp;
  return block(`vrrp_instance VI_${vrrp.virtualRouterId}`, [
    `state ${vrrp.role}`,
    `interface ${vrrp.interface}`,
    `virtual_router_id ${vrrp.virtualRouterId}`,
    `priority ${vrrp.priority}`,
    `advert_int ${vrrp.advertisementSeconds}`,
    ...(vrrp.preempt ? [] : ["nopreempt"]),
    ...optional("preempt_delay", vrrp.preemptDelaySeconds),
    ...optional("garp_master_delay", gratuitousArp.delaySeconds),
    ...optional("garp_master_repeat", gratuitousArp.repeat),
    ...optional("garp_master_refresh", gratuitousArp.refreshSeconds),
    ...(unicast === undefined ? [] : [`unicast_src_ip ${unicast.self}`, ...block("unicast_peer", unicast.peers)]),
    ...block("authentication", ["auth_type PASS", `auth_pass ${vrrp.password}`]),
    ...block("virtual_ipaddress", vrrp.addresses),
    ...block("track_script", ["chk_haproxy"]),
    ...(notifyScript === undefined ? [] : [`notify "${notifyScript}" root`]),
    ...(mail === undefined ? [] : ["smtp_alert"]),
  ]);
}

/** keepalived's configuration on one host. */
export function keepalivedConf(conf: KeepalivedConf): string {
  const lines = [
    `# Written by Warren for ${conf.routerId}.`,
    "# Change the stack's config instead: the next `pulumi up` overwrites this file.",
    ...globals(conf),
    "",
    ...checkScript(conf),
    ...conf.instances.flatMap((vrrp) => ["", ...instance(vrrp, conf)]),
  ];
  return `${lines.join("\n")}\n`;
}
