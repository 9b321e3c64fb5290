/** `lutra gateway`: serves one endpoint for the servers in a configuration. */
import { type Gateway, type LoadedConfig, startGateway } from "@lutra/gateway";
import { listenError } from "./address.ts";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";
import { createModuleRunner } from "./module-runner.ts";
import { filesImported } from "./modules/import-module.ts";
import { reportOutputError } from "./output.ts";
import { reloadOnChange } from "./reload.ts";
import { stopSignal } from "./stop-signal.ts";
import { hasLostTerminal } from "./terminal.ts";

const notice = (line: string) => console.error(`lutra: ${line}`);

/** The settings that error messages about addresses name. */
const settings = { host: "listen.host", port: "listen.port", admin: "admin.port" };

export async function gateway({ values: [file = ""] }: CommandLine): Promise<number> {
  const loaded = await loadGatewayConfig(file);
  for (const note of loaded.notes) notice(note);
  const { runModule, failed } = createModuleRunner((line, upstream) =>
    notice(`${upstream}: ${line}`),
  );
  const options = { modules: runModule, notice, onOutputError: reportOutputError };
  const gateway = await startGateway(loaded, options).catch((error: unknown) => {
    throw listenError(error, loaded.config.listen, settings);
  });
  const reloading = reloadOnChange(
    () => [loaded.file, ...filesImported()],
    () => reload(gateway, file),
  );
  // SIGHUP requests a reload, except when the terminal was closed.
  const stopped = stopSignal((signal) => signal !== "SIGHUP" || hasLostTerminal());
  try {
    const allReady = Promise.race([gateway.ready(), stopped.then(() => true)]);
    // The endpoint is announced once the modules are ready. Other upstreams may start later.
    const ready = gateway.ready(modulesOf(loaded)).then(() => undefined);
    const code = await Promise.race([ready, stopped, failed]);
    if (code !== undefined) return code;
    announce(gateway, loaded);
    void allReady.then((isReady) => isReady || reportUnavailable(gateway));
    return await Promise.race([stopped, failed]);
  } finally {
    reloading.close();
    await gateway.close();
  }
}

function announce(gateway: Gateway, { config }: LoadedConfig): void {
  if (gateway.adminUrl !== undefined) notice(`health and metrics on ${gateway.adminUrl}`);
  if (config.keys === undefined && config.routes.some(({ merge }) => merge !== undefined)) {
    notice(
      "keys: not configured; values that clients send back become invalid when this process ends",
    );
  }
  console.log(`listening on ${gateway.url}`);
}

function modulesOf({ config }: LoadedConfig): readonly string[] {
  const upstreams = Object.entries(config.upstreams);
  return upstreams.filter(([, { module }]) => module !== undefined).map(([name]) => name);
}

function reportUnavailable(gateway: Gateway): void {
  const unavailable = gateway.upstreams().filter(({ replicas }) => replicas.every(isUnavailable));
  for (const { name } of unavailable) notice(`upstream ${name} is not available yet`);
}

function isUnavailable({ state }: { readonly state: string }): boolean {
  return state === "out" || state === "starting";
}

/** Reloads the file. If it has errors, reports them and keeps the current configuration. */
async function reload(gateway: Gateway, file: string): Promise<void> {
  try {
    await gateway.reload(await loadGatewayConfig(file));
    notice(`${file}: reloaded`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notice(`${reason}\nlutra: the previous configuration remains active`);
  }
}
