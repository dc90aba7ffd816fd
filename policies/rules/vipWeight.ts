import { policy } from "../lib/policy";
import { number, numbers, section, sections } from "../lib/read";
import { types } from "../lib/types";

export const vipWeight = policy(
  {
    name: "vip-weight",
    level: "mandatory",
    levelReason: "the failover would not happen",
    asks: "The weight of the virtual IP's check bridges the priorities.",
    why: "A master whose balancer fails would still outrank the others, and keep the address.",
    mend: "Make the weight larger than the gap, or leave it out: a failed check then gives the address up at once.",
    source: "https://www.keepalived.org/manpage.html",
  },
  {
    types: [types.vip],
    resource: ({ name, inputs }, report) => {
      const weight = number(section(inputs.check)?.weight);
      for (const instance of [inputs, ...sections(inputs.instances)]) {
        const priorities = numbers(instance.priorities);
        if (weight === undefined || priorities === undefined || priorities.length < 2) continue;
        const [highest, lowest] = [Math.max(...priorities), Math.min(...priorities)];
        if (Math.abs(weight) > highest - lowest) continue;
        const gap = `the gap between the priorities ${highest} and ${lowest} is ${highest - lowest}`;
        report(`The check of ${name} weighs ${weight}, and ${gap}.`);
      }
    },
  },
);
