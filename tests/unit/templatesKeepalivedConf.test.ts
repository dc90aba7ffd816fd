import { keepalivedConf, type KeepalivedConf } from "../../templates/keepalivedConf";

const conf: KeepalivedConf = {
  routerId: "host4",
  interface: "eth0",
  virtualRouterId: 51,
  role: "MASTER",
  priority: 101,
  advertisementSeconds: 1,
  address: "198.18.66.100/24",
  password: "s3cret78",
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
  expect(keepalivedConf({ ...conf, routerId: "host5", role: "BACKUP", priority: 100 })).toBe(
    whole.replaceAll("host4", "host5").replace("state MASTER", "state BACKUP").replace("101", "100"),
  );
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
