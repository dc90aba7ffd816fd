import { faults, refuses } from "./configFixture";

/* Numbers that would change nothing are refused, and adoptions that cannot be. */

describe("rotation", () => {
  refuses([
    [
      "of a cookie that is given",
      { "rabbitmq.cookie": "by-hand-by-hand", "rabbitmq.rotation": { cookie: 2 } },
      "warren:rabbitmq.rotation.cookie: [secret] - must be left out, as rabbitmq.cookie is given: change that, or leave it out to have one generated",
    ],
    [
      "of a statistics page's password that is given",
      { "haproxy.stats": { password: "given-stats-password", rotation: 2 } },
      "warren:haproxy.stats.rotation: 2 - must be left out, as haproxy.stats.password is given: change that, or leave it out to have one generated",
    ],
    [
      "of a VRRP password that is given",
      { "vip.password": "givenVip", "vip.rotation": 3 },
      "warren:vip.rotation: 3 - must be left out, as vip.password is given: change that, or leave it out to have one generated",
    ],
  ]);

  test("nothing is refused where no number was raised", () => {
    const given = { "rabbitmq.cookie": "by-hand-by-hand", "vip.password": "givenVip", "vip.rotation": 1 };
    expect(faults(given)).toEqual([]);
  });
});

describe("adoption", () => {
  refuses([
    [
      "without the cookie",
      { "rabbitmq.nodes.1.adopt": "my-rabbitmq" },
      "warren:rabbitmq.cookie: not given - must be given, as rabbit2 adopts a container: the cookie of that one",
    ],
    [
      "of what is no container's name",
      { "rabbitmq.cookie": "by-hand-by-hand", "rabbitmq.nodes.1.adopt": "-rm x" },
      'warren:rabbitmq.nodes[1].adopt: "-rm x" - must be a container\'s name, such as my-rabbitmq',
    ],
    [
      "of a balancer that is no container's name",
      { "haproxy.adopt": "my haproxy" },
      'warren:haproxy.adopt: "my haproxy" - must be a container\'s name, such as my-rabbitmq',
    ],
  ]);
});
