/** Secrets as files, as Docker, Kubernetes and systemd provide them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns the content of a secret's file, in the folder that `SECRETS` names. */
export function secret(name: string): string {
  return readFileSync(join(process.env.SECRETS ?? "/run/secrets", name), "utf8").trim();
}

/** The keys that seal the values which clients send back. All replicas and gateways need the same. */
export const keys = [{ id: "1", secret: secret("lutra_key") }];
