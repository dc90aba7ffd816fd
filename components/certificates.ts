import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** Who a certificate is for. */
export interface Holder {
  name: string;
  dnsNames: string[];
  ipAddresses: string[];
}

export interface CertificatesArgs {
  /** Name of the stack, which the authority gets. */
  stack: string;
  nodes: Holder[];
  /** All balancers have the same one. Absent: they need none. */
  balancers?: Holder;
  validityDays: number;
  /** Days before the end of a certificate from which on an update makes a new one. */
  renewDays: number;
  /** Which keys in a row are in use. */
  rotation: number;
}

/** An authority's certificate, and others' with their keys. */
export interface StackCertificates {
  /** PEM; no secret. */
  authority: pulumi.Output<string>;
  /** By the node's name: PEM with certificate and key; a secret. */
  nodes: Record<string, pulumi.Output<string>>;
  /** The same for the balancers; absent where they have their own. */
  balancers?: pulumi.Output<string>;
}

/**
 * Days for which the authority is valid. Its certificate is renewed, with the same key and name, before one that it signs
 * would outlive it: whoever trusts the old certificate trusts the new one, too.
 */
const authorityDays = 3650;

const hours = (days: number): number => days * 24;

/** Elliptic keys: a handshake costs the broker a fraction of what an RSA key of the same strength does. */
const algorithm = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** An authority that is made for the stack alone, and the certificates that it signs. */
export class Certificates extends pulumi.ComponentResource implements StackCertificates {
  readonly authority: pulumi.Output<string>;
  readonly nodes: Record<string, pulumi.Output<string>>;
  readonly balancers?: pulumi.Output<string>;

  private readonly args: CertificatesArgs;
  private readonly authorityKey: tls.PrivateKey;

  constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { nodes, balancers, validityDays, renewDays } = args;
    super("warren:index:Certificates", name, { nodes: nodes.map((node) => node.name), validityDays, renewDays }, opts);
    this.args = args;
    this.authorityKey = new tls.PrivateKey(`${name}-authority-key`, algorithm, { parent: this });
    this.authority = new tls.SelfSignedCert(
      `${name}-authority`,
      {
        privateKeyPem: this.authorityKey.privateKeyPem,
        // X.509 allows a common name of 64 characters.
        subject: { commonName: args.stack.slice(-64), organization: "Warren" },
        isCaCertificate: true,
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: hours(authorityDays),
        earlyRenewalHours: hours(validityDays + 1),
      },
      { parent: this },
    ).certPem;
    this.nodes = Object.fromEntries(
      nodes.map((node) => [node.name, this.certificate(`${name}-node-${node.name}`, node)]),
    );
    if (balancers !== undefined) {
      this.balancers = this.certificate(`${name}-balancers`, balancers);
    }
    this.registerOutputs({ authority: this.authority });
  }

  /** A certificate and its key. Another rotation is another key, and thus another certificate. */
  private certificate(name: string, { name: commonName, dnsNames, ipAddresses }: Holder): pulumi.Output<string> {
    const { validityDays, renewDays, rotation } = this.args;
    const number = rotation === 1 ? "" : `.${rotation}`;
    const key = new tls.PrivateKey(`${name}-key${number}`, algorithm, { parent: this });
    const request = new tls.CertRequest(
      `${name}-request`,
      { privateKeyPem: key.privateKeyPem, subject: { commonName }, dnsNames, ipAddresses },
      { parent: this },
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: this.authority,
        caPrivateKeyPem: this.authorityKey.privateKeyPem,
        // A node is a server for clients, and a client of other nodes.
        allowedUses: ["digital_signature", "server_auth", "client_auth"],
        setSubjectKeyId: true,
        validityPeriodHours: hours(validityDays),
        earlyRenewalHours: hours(renewDays),
      },
      { parent: this },
    );
    return pulumi.secret(pulumi.concat(certificate.certPem, key.privateKeyPemPkcs8));
  }
}
