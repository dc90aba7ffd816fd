import { Connection } from "rabbitmq-client";

import { until } from "./hosts";
import type { Outputs } from "./stack";

/** Connects through the service's own front door, as an application would. */
export async function connect(outputs: Outputs, host = outputs.vip, port = outputs.ports.amqp): Promise<Connection> {
  const connection = new Connection({
    hostname: host ?? "",
    port,
    username: outputs.username,
    password: outputs.password,
    vhost: outputs.vhost,
    connectionTimeout: 5000,
    retryLow: 100,
    retryHigh: 500,
  });
  // Without a listener an error event ends the process; the calls below report what matters.
  connection.on("error", () => undefined);
  await connection.onConnect(10_000);
  return connection;
}

/** Publishes with confirms to a durable queue and consumes; gives what arrived, in order. */
export async function roundTrip(outputs: Outputs, queue: string, bodies: string[], host?: string): Promise<string[]> {
  const connection = await connect(outputs, host);
  try {
    const publisher = connection.createPublisher({ confirm: true, queues: [{ queue, durable: true }] });
    for (const body of bodies) {
      await publisher.send({ routingKey: queue, durable: true }, body);
    }
    const received: string[] = [];
    const consumer = connection.createConsumer({ queue, queueOptions: { durable: true } }, (message) => {
      received.push(String(message.body));
    });
    await until(`${bodies.length} messages from ${queue}`, () => Promise.resolve(received.length >= bodies.length), 20);
    await consumer.close();
    // A connection waits for its channels, and a publisher keeps its own open.
    await publisher.close();
    return received;
  } finally {
    await connection.close();
  }
}
