import { step } from "./step";

/** Data of `host/prepare.sh`. */
export interface PrepareData {
  /** The host's name in the stack. */
  host: string;
  /** The login; one that is not root is put into the `docker` group, which the Docker provider's SSH session needs. */
  user: string;
  /** Install the distribution's own package where Docker is missing. */
  installDocker: boolean;
  registryMirrors: readonly string[];
  insecureRegistries: readonly string[];
  /** Ports and ranges that connections of the host's own must not get: a container whose port is taken does not start. */
  reservedPorts: readonly string[];
  /** IANA name; the host's clock is left alone without it. */
  timezone?: string | undefined;
  /** Digest of the library, which a hook brings to the host first. */
  libraryDigest: string;
}

/** What a host needs before anything is built on it. */
export const prepare = step<PrepareData>("prepare", {
  create: "is prepared (Docker, kernel settings, clock)",
  update: "is prepared again",
  delete: "is released: what Warren wrote there is removed",
});
