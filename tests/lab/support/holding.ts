import { onHost, vip } from "./hosts";

const file = "/run/warren-test-holding";

/** Who holds the virtual IP at which time, as the hosts themselves note it. They share one clock: the lab's machine. */
export class HoldingWatch {
  constructor(private readonly hosts: readonly string[]) {}

  async start(): Promise<void> {
    const loop = `while [ ! -e ${file}.stop ]; do [ -z "$(ip -4 -o addr show to ${vip})" ] || echo $EPOCHREALTIME; sleep 0.05; done >> ${file}`;
    const start = `rm -f ${file} ${file}.stop; nohup bash -c '${loop}' > /dev/null 2>&1 < /dev/null &`;
    await Promise.all(this.hosts.map((host) => onHost(host, start)));
  }

  /** The longest time for which more than one host held it, in seconds. */
  async stop(): Promise<number> {
    const slots = await Promise.all(
      this.hosts.map(async (host) => {
        const text = await onHost(host, `touch ${file}.stop; cat ${file} 2> /dev/null || true`);
        const times = text.split("\n").filter(Boolean).map(Number);
        return new Set(times.map((time) => Math.floor(time * 10)));
      }),
    );
    const all = slots.flatMap((own) => [...own]);
    const twice = new Set(all.filter((slot) => slots.filter((own) => own.has(slot)).length > 1));
    return longestRun([...twice]) / 10;
  }
}

/** The length of the longest run of whole numbers that follow each other. */
function longestRun(numbers: readonly number[]): number {
  let [longest, run] = [0, 0];
  const sorted = [...numbers].sort((a, b) => a - b);
  for (const [index, number] of sorted.entries()) {
    run = sorted[index - 1] === number - 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
