import { refuseChanges } from "../../config/changes";
import { loginName, loginNumber, logins } from "../../config/logins";
import { faults, parsed, refuses } from "./configFixture";

/* Logins that are rotated in two steps: which there are, and which config is refused. */

test("number 1 has the user's own name, and a name tells its number", () => {
  expect([1, 2, 30].map((number) => loginName("orders", number))).toEqual(["orders", "orders.2", "orders.30"]);
  const names = ["orders", "orders.2", "orders.30", "orders.x", "orders.02", "orders.", "order.2", "my.orders"];
  expect(names.map((name) => loginNumber("orders", name))).toEqual([1, 2, 30, ...Array<undefined>(5).fill(undefined)]);
});

test.each([
  [1, undefined, { newest: 1 }],
  [2, undefined, { newest: 2, former: 1 }],
  [5, undefined, { newest: 5, former: 4 }],
  [2, 1, { newest: 2 }],
  [3, 1, { newest: 3, former: 2 }],
  [5, 0, { newest: 5, former: 4 }],
])("rotation %i, retired %s: two at most", (rotation, retired, expected) => {
  expect(logins(rotation, retired)).toEqual(expected);
});

describe("users", () => {
  test("have every permission in the administrator's virtual host, unless the config says otherwise", () => {
    const { users } = parsed({ "rabbitmq.vhost": "app", "rabbitmq.users": { orders: {} } }).rabbitmq;
    expect(users).toEqual({
      orders: { vhosts: ["app"], configure: ".*", write: ".*", read: ".*", tags: [], rotation: 1 },
    });
  });

  const user = (changes: Record<string, unknown>) => ({ "rabbitmq.users": { orders: changes } });

  refuses([
    [
      "a name that a login of another user may have",
      { "rabbitmq.users": { "orders.2": {} } },
      'warren:rabbitmq.users["orders.2"]: "orders.2" - must be a name of letters, digits and . _ - that is not guest and does not end in a full stop and a number',
    ],
    [
      "the administrator's name",
      { "rabbitmq.users": { admin: {} } },
      'warren:rabbitmq.users.admin: "admin" - must not be the administrator\'s name (admin)',
    ],
    [
      "a permission that is no pattern",
      user({ write: "(" }),
      'warren:rabbitmq.users.orders.write: "(" - must be a regular expression of up to 255 printable characters, or empty for none',
    ],
    [
      "an unknown tag",
      user({ tags: ["boss"] }),
      'warren:rabbitmq.users.orders.tags[0]: "boss" - must be one of management, policymaker, monitoring, administrator, impersonator',
    ],
    [
      "a retired newest login",
      user({ rotation: 2, retired: 2 }),
      "warren:rabbitmq.users.orders.retired: 2 - must be lower than 2: the newest login stays",
    ],
    [
      "a retired newest administrator",
      { "rabbitmq.rotation": { retiredAdministrator: 1 } },
      "warren:rabbitmq.rotation.retiredAdministrator: 1 - must be lower than 1: the newest login stays",
    ],
  ]);

  test("a user may be named like the administrator's beginning", () => {
    expect(faults({ "rabbitmq.users": { adm: {}, "admin-2": {} } })).toEqual([]);
  });
});

describe("steps", () => {
  const change = (
    changes: Record<string, unknown>,
    last: { administrator?: string; users: Record<string, string> },
  ) => {
    const config = parsed(changes);
    try {
      refuseChanges([], last, config);
    } catch (error) {
      return (error as Error).message.split("\n").slice(1);
    }
    return [];
  };
  const rotation = (number: number) => ({ "rabbitmq.users": { orders: { rotation: number } } });
  const last = { administrator: "admin.3", users: { orders: "orders.2" } };

  test.each([2, 3])("from 2 to %i is one", (number) => {
    expect(change({ ...rotation(number), "rabbitmq.rotation": { administrator: 4 } }, last)).toEqual([]);
  });

  test.each([1, 4])("from 2 to %i is refused: clients would be cut off", (number) => {
    expect(change({ ...rotation(number), "rabbitmq.rotation": { administrator: number + 1 } }, last)).toEqual([
      `  warren:rabbitmq.rotation.administrator: ${number + 1} - must be 3 or 4: admin.3 is in use, and one step is taken at a time`,
      `  warren:rabbitmq.users.orders.rotation: ${number} - must be 2 or 3: orders.2 is in use, and one step is taken at a time`,
    ]);
  });

  test("a new user, and an administrator of a new name, begin with any number", () => {
    const none = { administrator: "root", users: {} };
    expect(change({ ...rotation(7), "rabbitmq.rotation": { administrator: 5 } }, none)).toEqual([]);
    expect(change(rotation(7), { users: {} })).toEqual([]);
  });
});
