import { X509Certificate, createPrivateKey } from "node:crypto";

/*
 * What can be wrong with certificates that a user gives. A fault is the rule that was broken; nothing where all is well.
 */

/** A certificate, or a chain of them, with the first one's private key, in one PEM text. */
export function certificateFault(pem: string | undefined): string | undefined {
  if (pem === undefined) return "must be a file that can be read";
  try {
    if (new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem))) return undefined;
    return "must hold the private key of its first certificate";
  } catch {
    return "must hold, as PEM, a certificate and its private key without a passphrase";
  }
}

/** The certificates in a PEM text, in its order. Throws where one cannot be read. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** One or more authorities' certificates. */
export function authorityFault(pem: string | undefined): string | undefined {
  if (pem === undefined) return "must be a file that can be read";
  try {
    const found = certificatesIn(pem);
    if (found.length > 0 && found.every(({ ca }) => ca)) return undefined;
  } catch {
    // Said below.
  }
  return "must hold, as PEM, certificates of authorities alone";
}

/** Whether one certificate bears the other's signature, and says so. */
const signedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/**
 * A node's certificate, which has no other fault: balancers and other nodes must be able to check it against the authority,
 * and to see the node's name in it.
 *
 * @param now the time at which it has to be valid
 */
export function nodeCertificateFault(pem: string, node: string, authority: string, now: Date): string | undefined {
  const chain = certificatesIn(pem);
  const [own] = chain;
  if (own === undefined) return "must hold, as PEM, a certificate and its private key without a passphrase";
  if (new Date(own.validTo) < now || new Date(own.validFrom) > now) {
    return `must be valid now: it is from ${own.validFrom} to ${own.validTo}`;
  }
  if (own.checkHost(node, { subject: "never" }) === undefined) {
    return `must have ${node} among its DNS names (subjectAltName): balancers and other nodes look for it`;
  }
  // Each of the chain signs the one before it; an authority signs the last one that counts.
  let link = own;
  for (const issuer of chain.slice(1)) {
    if (signedBy(link, issuer)) link = issuer;
  }
  if (certificatesIn(authority).some((root) => signedBy(link, root) || root.raw.equals(link.raw))) return undefined;
  return "must be signed by the authority in warren:tls.certificates, or hold the chain that leads to it";
}
