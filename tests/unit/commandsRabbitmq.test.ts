import { erlangName } from "../../commands/rabbitmq";

test("a node's Erlang name", () => {
  expect(erlangName("rabbitmq2")).toBe("rabbit@rabbitmq2");
});
