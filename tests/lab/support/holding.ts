import { onHost, vip } from "./hosts";

const unit = "warren-test-arp";
const file = `/run/${unit}`;

/** Requests in a second. `arping` sends one, so there are as many of them, one after the other. */
const requests = 10;
/** A host that leaves so many seconds without an answer has given the address up in between. */
const patience = 0.35;

/** An answer to an ARP request: when, and whose. */
export interface Answer {
  /** Seconds. */
  time: number;
  mac: string;
}

/** The longest time for which two hosts answered, in seconds. */
export function longestTwice(answers: readonly Answer[]): number {
  const spans = new Map<string, [first: number, last: number][]>();
  for (const { time, mac } of [...answers].sort((a, b) => a.time - b.time)) {
    const own = spans.get(mac) ?? [];
    const last = own.at(-1);
    if (last !== undefined && time - last[1] <= patience) last[1] = time;
    else own.push([time, time]);
    spans.set(mac, own);
  }
  const all = [...spans].flatMap(([mac, own]) => own.map(([first, last]) => ({ mac, first, last })));
  const overlaps = all.flatMap((one) =>
    all
      .filter(({ mac }) => mac < one.mac)
      .map((other) => Math.min(one.last, other.last) - Math.max(one.first, other.first)),
  );
  return Math.max(0, ...overlaps);
}

/** The longest time between two answers, in seconds. */
export function longestSilence(answers: readonly Answer[]): number {
  const times = answers.map(({ time }) => time).sort((a, b) => a - b);
  return Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

/**
 * Who answers for the virtual IP, as a bystander on the same network sees it: that decides where clients go, whatever the
 * hosts think of themselves.
 */
export class HoldingWatch {
  constructor(private readonly bystander: string) {}

  async start(): Promise<void> {
    const ask = `for i in {0..${requests - 1}}; do (sleep 0.$i; exec arping -b -I eth0 ${vip}) & done`;
    const note = `while read -r line; do echo "$EPOCHREALTIME $line"; done > ${file}`;
    await onHost(this.bystander, `systemd-run -q --collect --unit ${unit} bash -c '{ ${ask}; wait; } | ${note}'`);
  }

  /** The longest time for which more than one host answered, and for which none did, in seconds. */
  async stop(): Promise<{ twice: number; silent: number }> {
    const text = await onHost(this.bystander, `systemctl stop ${unit}; cat ${file}`);
    const answers = [...text.matchAll(/^([\d.]+) .*reply from \S+ \[([0-9A-F:]+)\]/gim)].map(
      ([, time, mac = ""]): Answer => ({ time: Number(time), mac }),
    );
    if (answers.length === 0) throw new Error(`nobody answered for ${vip}: was it asked?\n${text}`);
    return { twice: longestTwice(answers), silent: longestSilence(answers) };
  }
}
