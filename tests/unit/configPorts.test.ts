import { contestedPorts } from "../../config/ports";
import { parsed } from "./configFixture";

test("the CLI's ports are where the host's own connections are", () => {
  expect(contestedPorts(parsed())).toEqual(["35672-35682"]);
});

test("so are others of the config, each once and in order; lower ones are not", () => {
  const ports = {
    "rabbitmq.ports": { amqp: 45_672, distribution: 20_000 },
    "haproxy.ports": { amqp: 32_768, stats: 45_671 },
  };
  expect(contestedPorts(parsed(ports))).toEqual(["32768", "45671", "45672"]);
});
