import { policy } from "../lib/policy";
import { number, sections } from "../lib/read";
import { types } from "../lib/types";

/** Ids that stand in what people copy from, and where. */
const copied: Readonly<Record<number, string>> = {
  1: "the one that routers begin with",
  50: "a common tutorial's",
  51: "the one in keepalived's sample configuration",
  60: "a common tutorial's",
  100: "a common tutorial's",
  101: "a common tutorial's",
  111: "a common tutorial's",
};

export const vipRouterId = policy(
  {
    name: "vip-router-id",
    level: "advisory",
    levelReason: "which ids a network has in use already, no resource shows",
    asks: "The virtual router id is chosen for its network, not copied.",
    why: "Two virtual IPs with the same id on one network fight for the mastership, and the copied ids are those that others have copied too.",
    mend: "Choose an id from 1 to 255 that `tcpdump -ni INTERFACE vrrp` does not show, and note it with the network.",
    source: "https://www.rfc-editor.org/rfc/rfc9568#section-5.2.3",
  },
  {
    types: [types.vip],
    resource: ({ name, inputs }, report) => {
      for (const instance of [inputs, ...sections(inputs.instances)]) {
        const id = number(instance.virtualRouterId);
        const origin = id === undefined ? undefined : copied[id];
        if (origin !== undefined) report(`The virtual router id of ${name} is ${id}, ${origin}.`);
      }
    },
  },
);
