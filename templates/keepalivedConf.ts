/** What `keepalived.conf` is made of, for one host. Source: keepalived.conf(5). */
export interface KeepalivedConf {
  /** Shown in keepalived's log and mail: the host's name. */
  routerId: string;
  interface: string;
  virtualRouterId: number;
  /** The host with the highest priority is the MASTER of the outset. */
  role: "MASTER" | "BACKUP";
  priority: number;
  advertisementSeconds: number;
  /** In CIDR form. */
  address: string;
  /** Counts eight characters. */
  password: string;
  check: {
    script: string;
    intervalSeconds: number;
    rise: number;
    fall: number;
    /** Subtracted while the check fails. Without it a failed check is FAULT, and the other host takes over sooner. */
    weight?: number;
  };
}

/** keepalived's configuration on one host. */
export function keepalivedConf(conf: KeepalivedConf): string {
  const { check } = conf;
  return `# Written by Warren for ${conf.routerId}.
# Change the stack's config instead: the next \`pulumi up\` overwrites this file.
global_defs {
    router_id ${conf.routerId}
    enable_script_security
    script_user nobody
}

vrrp_script chk_haproxy {
    script "${check.script}"
    interval ${check.intervalSeconds}
    timeout ${Math.max(2, check.intervalSeconds)}
    rise ${check.rise}
    fall ${check.fall}
${check.weight === undefined ? "" : `    weight ${check.weight}\n`}}

vrrp_instance VI_${conf.virtualRouterId} {
    state ${conf.role}
    interface ${conf.interface}
    virtual_router_id ${conf.virtualRouterId}
    priority ${conf.priority}
    advert_int ${conf.advertisementSeconds}
    authentication {
        auth_type PASS
        auth_pass ${conf.password}
    }
    virtual_ipaddress {
        ${conf.address}
    }
    track_script {
        chk_haproxy
    }
}
`;
}
