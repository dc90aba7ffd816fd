import { dataDirectory } from "../rules/dataDirectory";
import { check, container, faults, other } from "./resources";
import { unknownList, unknownText } from "./wire";

const containerPath = "/var/lib/rabbitmq";
const none = "The broker's container rabbitmq1-container has nothing mounted at /var/lib/rabbitmq.";
const memory =
  "The broker's container rabbitmq1-container has memory, or a volume without a name, at /var/lib/rabbitmq.";

test.each<[string, Record<string, unknown>, string]>([
  ["no volumes", { volumes: [] }, none],
  ["volumes elsewhere", { volumes: [{ hostPath: "/etc/rabbitmq", containerPath: "/etc/rabbitmq" }] }, none],
  ["a nameless volume", { volumes: [{ containerPath }] }, memory],
  ["tmpfs", { volumes: [], tmpfs: { [containerPath]: "size=1g" } }, memory],
  ["a mount in memory", { volumes: [], mounts: [{ type: "tmpfs", target: containerPath }] }, memory],
  [
    "a directory that is swept",
    { volumes: [{ hostPath: "/tmp/rabbitmq", containerPath }] },
    "The data of rabbitmq1-container are in /tmp/rabbitmq, which does not last.",
  ],
])("%s", async (_name, inputs, fault) => {
  expect(await faults(dataDirectory, ...container(inputs))).toEqual([fault]);
});

test("a broker's container of nobody's component", async () => {
  const alone = other("docker:index/container:Container", "mq", { image: "docker.io/library/rabbitmq:3.13.7" });
  expect(await faults(dataDirectory, alone)).toEqual([
    "The broker's container mq has nothing mounted at /var/lib/rabbitmq.",
  ]);
});

test.each<[string, Record<string, unknown>]>([
  ["a directory of the host", {}],
  ["a named volume", { volumes: [{ volumeName: "mq", containerPath }] }],
  ["a mount of a directory above", { volumes: [], mounts: [{ type: "bind", source: "/srv/mq", target: "/var/lib" }] }],
  ["a source that is not known yet", { volumes: [{ hostPath: unknownText, containerPath }] }],
  ["a target that is not known yet", { volumes: [{ hostPath: "/srv/mq", containerPath: unknownText }] }],
  ["volumes that are not known yet", { volumes: unknownList }],
])("passes %s", async (_name, inputs) => {
  expect(await check(dataDirectory, ...container(inputs))).toEqual([]);
});

test("passes a container that is no broker's", async () => {
  const haproxy = other("docker:index/container:Container", "haproxy", { image: "haproxy:2.6" });
  expect(await check(dataDirectory, haproxy)).toEqual([]);
});
