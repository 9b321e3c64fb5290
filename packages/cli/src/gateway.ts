/** `lutra gateway`: one endpoint over the servers that a configuration names. */
import { type Gateway, type LoadedConfig, startGateway } from "@lutra/gateway";
import { listenError } from "./address.ts";
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";
import { createModuleRunner } from "./module-runner.ts";
import { noteOutputError } from "./output.ts";
import { reloadOnChange } from "./reload.ts";
import { stopSignal } from "./stop-signal.ts";
import { hasLostTerminal } from "./terminal.ts";

const notice = (line: string) => console.error(`lutra: ${line}`);

export const gateway: Command = {
  name: "gateway",
  summary: "Serves one endpoint over many servers, by a configuration.",
  details:
    "Routes requests to the servers that <config> names, by their headers: balances replicas,\n" +
    "caches, limits, and makes one server of many. A change of the file is taken over without\n" +
    "dropping a request; so is SIGHUP. Ctrl-C ends it gracefully.",
  arguments: [configArgument],
  options: {},
  run: async ({ values: [file = ""] }) => {
    const loaded = await loadGatewayConfig(file);
    for (const note of loaded.notes) notice(note);
    const { modules, failed } = createModuleRunner((line, upstream) =>
      notice(`${upstream}: ${line}`),
    );
    const options = { modules, notice, onOutputError: noteOutputError };
    const gateway = await startGateway(loaded, options).catch((error: unknown) => {
      throw listenError(error, loaded.config.listen);
    });
    const reloading = reloadOnChange(loaded.file, () => reload(gateway, file));
    // SIGHUP also asks for a reload; from a terminal it says that its window was closed.
    const stopped = stopSignal((signal) => signal !== "SIGHUP" || hasLostTerminal());
    try {
      const isWhole = Promise.race([gateway.ready(), stopped.then(() => true)]);
      // Modules start with the gateway. What runs elsewhere is there or is not, and a check tells.
      const ready = gateway.ready(modulesOf(loaded)).then(() => undefined);
      const code = await Promise.race([ready, stopped, failed]);
      if (code !== undefined) return code;
      announce(gateway, loaded);
      void isWhole.then((is) => is || tellSilent(gateway));
      return await Promise.race([stopped, failed]);
    } finally {
      reloading.close();
      await gateway.close();
    }
  },
};

function announce(gateway: Gateway, { config }: LoadedConfig): void {
  if (gateway.adminUrl !== undefined) notice(`health and metrics on ${gateway.adminUrl}`);
  if (config.keys === undefined && config.routes.some(({ merge }) => merge !== undefined)) {
    notice("keys: none are configured, so what clients bring back is lost with this process");
  }
  console.log(`listening on ${gateway.url}`);
}

function modulesOf({ config }: LoadedConfig): readonly string[] {
  const upstreams = Object.entries(config.upstreams);
  return upstreams.filter(([, { module }]) => module !== undefined).map(([name]) => name);
}

function tellSilent(gateway: Gateway): void {
  const silent = gateway.upstreams().filter(({ replicas }) => replicas.every(isSilent));
  for (const { name } of silent) notice(`upstream ${name} does not answer yet`);
}

function isSilent({ state }: { readonly state: string }): boolean {
  return state === "out" || state === "starting";
}

/** What is wrong with the new file is said, and the old configuration stays. */
async function reload(gateway: Gateway, file: string): Promise<void> {
  try {
    await gateway.reload(await loadGatewayConfig(file));
    notice(`${file}: taken over`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notice(`${reason}\nlutra: the configuration before it stays in force`);
  }
}
