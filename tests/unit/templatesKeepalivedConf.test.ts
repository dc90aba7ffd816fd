import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../../templates/keepalivedConf";

const instance: VrrpInstance = {
  interface: "eth0",
  virtualRouterId: 51,
  role: "MASTER",
  priority: 101,
  advertisementSeconds: 1,
  addresses: ["198.18.66.100/24"],
  password: "s3cret78",
  preempt: true,
};

const conf: KeepalivedConf = {
  routerId: "host4",
  instances: [instance],
  check: { script: "/etc/keepalived/warren-check", intervalSeconds: 5, rise: 1, fall: 2 },
};

const whole = `# Written by Warren for host4.
# Change the stack's config instead: the next \`pulumi up\` overwrites this file.
global_defs {
    router_id host4
    enable_script_security
    script_user nobody
}

vrrp_script chk_haproxy {
    script "/etc/keepalived/warren-check"
    interval 5
    timeout 5
    rise 1
    fall 2
}

vrrp_instance VI_51 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 101
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass s3cret78
    }
    virtual_ipaddress {
        198.18.66.100/24
    }
    track_script {
        chk_haproxy
    }
}
`;

test("keepalived.conf of the preferred host, without a weight: a failed check is FAULT", () => {
  expect(keepalivedConf(conf)).toBe(whole);
});

test("of the host that stands by", () => {
  expect(
    keepalivedConf({ ...conf, routerId: "host5", instances: [{ ...instance, role: "BACKUP", priority: 100 }] }),
  ).toBe(whole.replaceAll("host4", "host5").replace("state MASTER", "state BACKUP").replace("101", "100"));
});

test("with a weight, a failed check costs priority", () => {
  expect(keepalivedConf({ ...conf, check: { ...conf.check, weight: -20 } })).toBe(
    whole.replace("    fall 2\n", "    fall 2\n    weight -20\n"),
  );
});

test.each([
  [1, 2],
  [2, 2],
  [3, 3],
])("a check every %i s gets %i s: the balancer's answer takes up to 2", (interval, timeout) => {
  const text = keepalivedConf({ ...conf, check: { ...conf.check, intervalSeconds: interval } });
  expect(text).toContain(`    interval ${interval}\n    timeout ${timeout}\n`);
});

/** The configuration with changes of its instance. */
const having = (changes: Partial<VrrpInstance>): string =>
  keepalivedConf({ ...conf, instances: [{ ...instance, ...changes }] });
const afterAdvertisements = (lines: string): string =>
  whole.replace("    advert_int 1\n", `    advert_int 1\n${lines}`);

test("who has the addresses may keep them, or for a while", () => {
  expect(having({ preempt: false })).toBe(afterAdvertisements("    nopreempt\n"));
  expect(having({ preemptDelaySeconds: 60 })).toBe(afterAdvertisements("    preempt_delay 60\n"));
});

test("unicast: to whom, and as whom", () => {
  expect(having({ unicast: { self: "192.0.2.4", peers: ["192.0.2.5", "192.0.2.6"] } })).toBe(
    afterAdvertisements(`    unicast_src_ip 192.0.2.4
    unicast_peer {
        192.0.2.5
        192.0.2.6
    }
`),
  );
});

test("gratuitous ARP, as far as it is said", () => {
  const gratuitousArp = { delaySeconds: 1, repeat: 3, refreshSeconds: 60 };
  expect(keepalivedConf({ ...conf, gratuitousArp })).toBe(
    afterAdvertisements("    garp_master_delay 1\n    garp_master_repeat 3\n    garp_master_refresh 60\n"),
  );
  expect(keepalivedConf({ ...conf, gratuitousArp: { repeat: 3 } })).toBe(
    afterAdvertisements("    garp_master_repeat 3\n"),
  );
});

test("changes are noted and told by mail", () => {
  const mail = {
    to: ["a@example.com", "b@example.com"],
    from: "mq@example.com",
    server: "192.0.2.25",
    port: 587,
    timeoutSeconds: 30,
  };
  const text = keepalivedConf({ ...conf, notifyScript: "/etc/keepalived/warren-notify", mail });
  expect(text).toBe(
    whole
      .replace(
        "    script_user nobody\n",
        `    script_user nobody
    notification_email {
        a@example.com
        b@example.com
    }
    notification_email_from mq@example.com
    smtp_server 192.0.2.25 587
    smtp_connect_timeout 30
`,
      )
      .replace(/}\n$/, '    notify "/etc/keepalived/warren-notify" root\n    smtp_alert\n}\n'),
  );
});

test("several instances with several addresses, under one check", () => {
  const other = { ...instance, virtualRouterId: 52, role: "BACKUP" as const, priority: 100 };
  const text = keepalivedConf({
    ...conf,
    instances: [instance, { ...other, addresses: ["192.0.2.1/24", "192.0.2.2/24"] }],
  });
  const added = whole
    .slice(whole.indexOf("vrrp_instance"))
    .replace("VI_51", "VI_52")
    .replace("_id 51", "_id 52")
    .replace("MASTER", "BACKUP")
    .replace("101", "100")
    .replace("        198.18.66.100/24\n", "        192.0.2.1/24\n        192.0.2.2/24\n");
  expect(text).toBe(`${whole}\n${added}`);
});
