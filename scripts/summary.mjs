// What a user wants to know of a stack that serves: reads `pulumi stack output --json` from standard input.
import { text } from "node:stream/consumers";

const {
  vip = "the balancers",
  ports,
  members,
  managementUrl,
  statsUrl,
  username,
} = JSON.parse(await text(process.stdin));

for (const node of [...members.disc, ...members.ram]) {
  const type = members.ram.includes(node) ? "RAM" : "disc";
  const state = members.running.includes(node) ? "running" : "not running";
  console.log(`  ${node.padEnd(20)} ${type.padEnd(5)} ${state}, RabbitMQ ${members.versions[node]}`);
}
console.log(`
  AMQP             ${vip}:${ports.amqp}
  Management page  ${managementUrl} (user ${username})
  Statistics page  ${statsUrl}

Where to look next:
  npm run pulumi -- stack output -s dev --show-secrets     the passwords and URLs
  npm run lab -- ssh host1 docker exec rabbitmq rabbitmqctl cluster_status
  npm run pulumi -- preview -s dev                         what a change of Pulumi.dev.yaml would do`);
