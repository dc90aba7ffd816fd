import { cli, erlangName } from "../../commands/rabbitmq";

const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };

test("a node's Erlang name", () => {
  expect(erlangName("rabbitmq2")).toBe("rabbit@rabbitmq2");
});

test("a CLI call runs as the user that owns the cookie, and prints nothing but its answer", () => {
  expect(cli(place, "rabbitmqctl", "status")).toBe("docker exec -u rabbitmq rabbitmq rabbitmqctl -q status");
});
