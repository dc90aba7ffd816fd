import { PolicyPack } from "@pulumi/policy";
import { secretsWatch } from "./lib/marks";
import { policies } from "./policies";

new PolicyPack("warren", { policies: [secretsWatch, ...policies] });
