import { randomUUID } from "node:crypto";

import { Connection, type Consumer } from "rabbitmq-client";

import { until } from "./hosts";

/** A queue that live traffic goes through. */
export interface TrafficQueue {
  name: string;
  /** A classic queue is mirrored if a policy says so: see `mirrorQueues`. */
  type: "classic" | "quorum";
  /** `live`: consumed all the while; `afterwards`: messages stay in the queue until the traffic ends. Default: live. */
  consumer?: "live" | "afterwards";
}

/** What came of the traffic through one queue, or through all of them. */
export interface TrafficReport {
  /** Messages that the broker has confirmed. */
  confirmed: number;
  /** Confirmed messages that never came out again. */
  lost: number;
  /** Longest time between two confirms that followed each other; over several queues, the worst one's. */
  longestGapSeconds: number;
  /** Deliveries beyond a message's first: at least once is what is promised. */
  duplicates: number;
  /** How often a client had to connect again. */
  reconnects: number;
}

/** Where clients connect, and as whom. */
export interface Door {
  hostname: string;
  port: number;
  vhost: string;
  username: string;
  password: string;
}

const publishEveryMs = 20;
/** A publisher that has no answer for so long takes the connection for dead. */
const confirmWithinMs = 5000;
/** The same for a consumer that gets nothing, though there is something. */
const deliverWithinMs = 10_000;

/** Numbered messages through one queue: a publisher with one message in flight, and a consumer, each on its connection. */
export class Flow {
  readonly confirmed = new Set<number>();
  /** Confirmed, and not yet consumed. What is left of it at the end is lost. */
  private readonly unseen = new Set<number>();
  private readonly consumed = new Set<number>();
  private duplicates = 0;
  private connections = 0;
  /** Of these, how many it took until the traffic flowed: making a queue may take longer than an answer should. */
  private connectionsToFlow = 0;
  /** Stands in each message: what an earlier traffic left in the same queue is not ours. */
  private readonly mark = randomUUID();
  private longestGapMs = 0;
  private lastConfirm = 0;
  private lastDelivery = 0;
  private consumingSince = 0;
  private stopping = false;
  private holding = false;
  private held: () => void = () => undefined;
  private readonly publishing: Promise<void>;
  private consumer: Connection | undefined;
  private subscription: Consumer | undefined;
  private readonly watch: NodeJS.Timeout;

  constructor(
    private readonly door: Door,
    readonly queue: TrafficQueue,
  ) {
    this.publishing = this.publish();
    if (queue.consumer !== "afterwards") {
      this.consume();
    }
    this.watch = setInterval(() => {
      const last = Math.max(this.lastDelivery, this.consumingSince);
      if (this.consumer !== undefined && this.unseen.size > 0 && Date.now() - last > deliverWithinMs) {
        this.consume();
      }
    }, 1000);
  }

  /** A connection that comes back by itself for as long as it is not destroyed. */
  private connect(): Connection {
    const connection = new Connection({
      ...this.door,
      connectionTimeout: 3000,
      acquireTimeout: confirmWithinMs,
      heartbeat: 5,
      retryLow: 100,
      retryHigh: 500,
    });
    connection.on("connection", () => {
      this.connections++;
    });
    // Without a listener an error event ends the process. What went wrong shows in the figures.
    connection.on("error", () => undefined);
    return connection;
  }

  private get declaration() {
    return { queue: this.queue.name, durable: true, arguments: { "x-queue-type": this.queue.type } };
  }

  private openPublisher(): { send: (number: number) => Promise<boolean>; destroy: () => void } {
    const connection = this.connect();
    const publisher = connection.createPublisher({ confirm: true, queues: [this.declaration] });
    const returned = new Set<number>();
    // Without a queue to go to, a message is returned, and then confirmed.
    publisher.on("basic.return", (message: { body: unknown }) => {
      returned.add(this.numberIn(message.body) ?? 0);
    });
    const send = async (number: number): Promise<boolean> => {
      const envelope = { routingKey: this.queue.name, durable: true, mandatory: true };
      const confirmed = await within(confirmWithinMs, publisher.send(envelope, `${this.mark} ${number}`));
      return confirmed && !returned.has(number);
    };
    return {
      send,
      destroy: () => {
        connection.unsafeDestroy();
      },
    };
  }

  /** A number stays the same until it is confirmed: each is published at least once. */
  private async publish(): Promise<void> {
    let publisher = this.openPublisher();
    for (let number = 1; !this.stopping;) {
      if (this.holding) {
        this.held();
      } else if (await publisher.send(number)) {
        this.confirm(number++);
      } else {
        publisher.destroy();
        publisher = this.openPublisher();
      }
      await pause(publishEveryMs);
    }
    publisher.destroy();
  }

  /** Publishes nothing, from when this returns until `resume`. */
  async hold(): Promise<void> {
    const held = new Promise<void>((resolve) => {
      this.held = resolve;
    });
    this.holding = true;
    await held;
  }

  resume(): void {
    this.holding = false;
  }

  private confirm(number: number): void {
    const now = Date.now();
    this.longestGapMs = Math.max(this.longestGapMs, this.lastConfirm === 0 ? 0 : now - this.lastConfirm);
    this.lastConfirm = now;
    this.confirmed.add(number);
    if (!this.consumed.has(number)) {
      this.unseen.add(number);
    }
  }

  private consume(): void {
    this.consumer?.unsafeDestroy();
    this.consumingSince = Date.now();
    this.consumer = this.connect();
    this.subscription = this.consumer.createConsumer(
      { queue: this.queue.name, queueOptions: this.declaration, qos: { prefetchCount: 50 } },
      (message) => {
        this.receive(message.body);
      },
    );
    this.subscription.on("error", () => undefined);
  }

  private numberIn(body: unknown): number | undefined {
    const [mark, number] = String(body).split(" ");
    return mark === this.mark ? Number(number) : undefined;
  }

  private receive(body: unknown): void {
    this.lastDelivery = Date.now();
    const number = this.numberIn(body);
    if (number === undefined) {
      return;
    }
    this.duplicates += this.consumed.has(number) ? 1 : 0;
    this.consumed.add(number);
    this.unseen.delete(number);
  }

  /** Waits until messages go all the way; from then on it counts how often a client has to connect again. */
  async flows(): Promise<void> {
    await this.serves(60);
    this.connectionsToFlow = this.connections;
  }

  /** Waits until one more message has gone all the way. */
  async serves(seconds: number): Promise<void> {
    const { size } = this.confirmed;
    await until(
      `a message is confirmed in ${this.queue.name}`,
      () => Promise.resolve(this.confirmed.size > size),
      seconds,
    );
    if (this.consumer !== undefined) {
      const last = Math.max(...this.confirmed);
      await until(`it is consumed`, () => Promise.resolve(this.consumed.has(last)), seconds);
    }
  }

  /** Ends the traffic once it flows, so that a gap at its end counts as well; reads what is left. */
  async stop(): Promise<TrafficReport> {
    let reconnects: number;
    try {
      await until(`a message is confirmed in ${this.queue.name}`, this.nextConfirm(), 120);
      this.stopping = true;
      await this.publishing;
      reconnects = this.connections - this.connectionsToFlow;
      if (this.consumer === undefined) {
        this.consume();
      }
      const ended = Date.now();
      // Long enough for another consumer, if the one there is gets nothing.
      const stalled = (): boolean => Date.now() - Math.max(this.lastDelivery, ended) > 2 * deliverWithinMs;
      await until("all is consumed", () => Promise.resolve(this.unseen.size === 0 || stalled()), 600);
      if (this.unseen.size > 0) {
        await this.readToTheEnd();
      }
    } finally {
      this.end();
      await this.publishing;
    }
    return {
      confirmed: this.confirmed.size,
      lost: this.unseen.size,
      longestGapSeconds: Math.round(this.longestGapMs / 100) / 10,
      duplicates: this.duplicates,
      reconnects,
    };
  }

  private nextConfirm(): () => Promise<boolean> {
    const { size } = this.confirmed;
    return () => Promise.resolve(this.confirmed.size > size);
  }

  /** Something is missing: without the consumer, what it held goes back into the queue, which is then read until empty. */
  private async readToTheEnd(): Promise<void> {
    // Closed in good order, the broker has taken them back when it answers; after a cut, a moment later.
    await within(deliverWithinMs, this.subscription?.close() ?? Promise.resolve());
    this.consumer?.unsafeDestroy();
    const connection = this.connect();
    let empty = 0;
    const emptied = async (): Promise<boolean> => {
      const message = await connection.basicGet({ queue: this.queue.name, noAck: true });
      if (message === undefined) {
        await pause(500);
        return this.unseen.size === 0 || ++empty >= 20;
      }
      empty = 0;
      this.receive(message.body);
      return false;
    };
    await until(`${this.queue.name} can be read until it is empty`, emptied, 120).finally(() => {
      connection.unsafeDestroy();
    });
  }

  /** Ends everything at once. */
  end(): void {
    this.stopping = true;
    clearInterval(this.watch);
    this.consumer?.unsafeDestroy();
  }
}

/** Whether something came to a good end, and in time. */
async function within(milliseconds: number, what: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const answer = what.then(
    () => true,
    () => false,
  );
  return Promise.race([answer, late]).finally(() => {
    clearTimeout(timer);
  });
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
