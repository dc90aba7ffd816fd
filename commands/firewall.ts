import { writeFiles } from "./files";
import { installPackages } from "./prepareHost";

const directory = "/etc/warren";
export const rulesFile = `${directory}/firewall.nft`;
const stagedFile = `${rulesFile}.staged`;
const unit = "warren-firewall.service";
const unitFile = `/etc/systemd/system/${unit}`;

/**
 * The unit that puts the rules in place when the host starts, before Docker publishes a port. Whoever restarts the
 * distribution's own nftables service, which empties everything, gets these rules back with it.
 */
const unitText = `# Written by Warren.
[Unit]
Description=Warren's firewall rules
After=nftables.service
PartOf=nftables.service
Before=docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${rulesFile}
ExecStop=/usr/sbin/nft delete table inet warren
[Install]
WantedBy=multi-user.target nftables.service
`;

/** Script: has nft check the rules, then puts them in place of the old ones, all at once, now and at every start of the host. */
export function raise(rules: string): string {
  return `if ! command -v nft > /dev/null; then
${installPackages({ apt: "nftables", dnf: "nftables" })}
fi
mkdir -p ${directory}
${writeFiles([
  { path: stagedFile, mode: "0644", content: rules },
  { path: unitFile, mode: "0644", content: unitText },
])}
nft -c -f ${stagedFile}
mv -f ${stagedFile} ${rulesFile}
nft -f ${rulesFile}
systemctl daemon-reload
systemctl enable -q ${unit}
systemctl start ${unit}`;
}

/** Script: takes the rules away, and nothing else. */
export function lower(): string {
  return `[ -e ${unitFile} ] || exit 0
systemctl disable -q --now ${unit}
rm -f ${unitFile} ${rulesFile} ${stagedFile}
rmdir ${directory} 2> /dev/null || true
systemctl daemon-reload
if nft list table inet warren > /dev/null 2>&1; then nft delete table inet warren; fi`;
}
