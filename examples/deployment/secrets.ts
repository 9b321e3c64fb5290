/** Secrets as files, as Docker, Kubernetes and systemd provide them. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.SECRETS ?? "/run/secrets";

/** Returns the content of a secret's file, in the folder that `SECRETS` names. */
export function secret(name: string): string {
  return readFileSync(join(folder, name), "utf8").trim();
}

/**
 * The keys that seal the values which clients send back. All replicas and gateways need the same. The
 * first one seals; `lutra_key_other`, if it exists, only opens, while keys are exchanged.
 */
export const keys = [secret("lutra_key"), ...optional("lutra_key_other")].map((text) => ({
  id: createHash("sha256").update(text).digest("base64url").slice(0, 8),
  secret: text,
}));

function optional(name: string): readonly string[] {
  return existsSync(join(folder, name)) ? [secret(name)] : [];
}
