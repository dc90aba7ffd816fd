import {
  compareVersions,
  isSupported,
  joinsInParallel,
  parseVersion,
  permitsMirroring,
  permitsRam,
  saysWhetherReady,
  startsOnKhepri,
  versionOfImage,
} from "../../config";

test.each([
  ["3.8.9", [3, 8, 9]],
  ["4.0", [4, 0, 0]],
  ["3.8.9-rc.1", undefined],
  ["latest", undefined],
])("%s is read as %p", (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

test("versions are compared by number, not by letter", () => {
  const versions = ["4.0.5", "3.10.8", "3.8.9", "3.8.10", "3.8"];
  expect(versions.sort(compareVersions)).toEqual(["3.8", "3.8.9", "3.8.10", "3.10.8", "4.0.5"]);
});

test("what is no version is not compared", () => {
  expect(() => compareVersions("3.8.9", "latest")).toThrow("not a version: latest");
});

test.each([
  ["3.7.28", { supported: false, ram: true, mirroring: true, khepri: false }],
  ["3.8.0", { supported: true, ram: true, mirroring: true, khepri: false }],
  ["3.13.7", { supported: true, ram: true, mirroring: true, khepri: false }],
  ["4.0.5", { supported: true, ram: true, mirroring: false, khepri: false }],
  ["4.2.0", { supported: true, ram: true, mirroring: false, khepri: true }],
  ["4.3.0", { supported: true, ram: false, mirroring: false, khepri: true }],
])("RabbitMQ %s", (version, facts) => {
  expect({
    supported: isSupported(version),
    ram: permitsRam(version),
    mirroring: permitsMirroring(version),
    khepri: startsOnKhepri(version),
  }).toEqual(facts);
});

test.each([
  ["4.0.5", false],
  ["4.1.0", false],
  ["4.1.1", true],
  ["4.2.0", true],
])("a broker of %s says over HTTP whether it is ready: %p", (version, says) => {
  expect(saysWhetherReady(version)).toBe(says);
});

test.each([
  ["3.10.8", true],
  ["3.8.9", false],
  ["3.1.0", false],
  ["4.0.5", false],
])("joins go side by side only where a test has proved it: %s", (version, parallel) => {
  expect(joinsInParallel(version)).toBe(parallel);
});

test.each([
  ["rabbitmq:3.8.9-management", "3.8.9"],
  ["rabbitmq:3.8.9", "3.8.9"],
  ["registry.example.com:5000/rabbitmq:v4.1.0-rc.1", "4.1.0"],
  [`rabbitmq:4.0.5@sha256:${"a".repeat(64)}`, "4.0.5"],
  ["rabbitmq:3-management", undefined],
  ["rabbitmq:3.8-management", undefined],
  ["rabbitmq:3.8.9.1", undefined],
  [`rabbitmq@sha256:${"1".repeat(64)}`, undefined],
])("the tag of %s says %p", (image, version) => {
  expect(versionOfImage(image)).toBe(version);
});
