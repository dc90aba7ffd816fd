import { list, network, section } from "./fields";

const networks = () => list(network()).default([]);

export const firewallSection = section({
  clients: networks().describe(
    "Who may reach the brokers' own AMQP, MQTT, STOMP and stream ports beside the balancers.",
  ),
  management: networks().describe("Who may reach the brokers' own management page beside the balancers."),
  metrics: networks().describe("Who may read the brokers' own metrics beside the balancers."),
}).describe("Rules that close the brokers' ports to strangers. Absent: none.");
