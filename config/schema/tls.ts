import { filePath, hostName, list, mapOf, rotation, secret, section, text, wholeNumber, yesOrNo } from "./fields";

const certificate = section({
  certificateFile: filePath()
    .exactOptional()
    .describe("A PEM file on your machine: the node's certificate, its chain and its private key."),
  certificate: secret("must be PEM text with a certificate and its private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/)
    .exactOptional()
    .describe("What would stand in that file, as a secret in the config instead."),
}).describe("One node's certificate.");

const certificates = section({
  authorityFile: filePath()
    .exactOptional()
    .describe("A PEM file on your machine: the certificate of the authority that signed the nodes', or several."),
  authority: text("must be PEM text with a certificate", /-----BEGIN CERTIFICATE-----/)
    .exactOptional()
    .describe("What would stand in that file, in the config instead."),
  nodes: mapOf(hostName(), certificate).describe("Each node's certificate, by the node's name."),
}).describe("Certificates of your own. Absent: an authority and certificates are made for the stack.");

export const tlsSection = section({
  clients: yesOrNo().default(true).describe("The brokers speak AMQP over TLS, with clients and with the balancers."),
  management: yesOrNo()
    .default(true)
    .describe("The brokers' management page and HTTP API are on the network by HTTPS alone."),
  nodes: yesOrNo()
    .default(false)
    .describe("Nodes and their CLI speak to each other over TLS. It changes only while the cluster is stopped."),
  names: list(
    text(
      "must be a DNS name, such as mq.example.com or *.example.com",
      /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    ),
  )
    .default([])
    .describe("Further DNS names in the made certificates: the names that clients connect to."),
  validityDays: wholeNumber(2, 1825).default(825).describe("Days for which a made certificate is valid."),
  renewDays: wholeNumber(1, 1824)
    .default(365)
    .describe("Days before its end from which on an update renews a made certificate."),
  rotation: rotation().describe("Raise it by one to have new keys and certificates made, under the same authority."),
  certificates: certificates.exactOptional(),
}).describe("TLS of the brokers. Absent: none.");
