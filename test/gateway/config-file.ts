/** Writes a gateway configuration to a file in its own temporary folder. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";

export interface ConfigFile {
  readonly path: string;
  /** Replaces the file atomically with another configuration or text, as editors do. */
  readonly replace: (config: ConfigInput | string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function writeConfig(config: ConfigInput): Promise<ConfigFile> {
  const folder = await mkdtemp(join(tmpdir(), "lutra-gateway-"));
  const path = join(folder, "gateway.json");
  const replace = async (next: ConfigInput | string) => {
    const text = typeof next === "string" ? next : JSON.stringify(next, null, 2);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await replace(config);
  return { path, replace, remove: () => rm(folder, { recursive: true, force: true }) };
}
