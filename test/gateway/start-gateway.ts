/** Runs `lutra gateway` with a temporary configuration file. */
import type { ConfigInput } from "@lutra/gateway";
import { onTestFinished } from "vitest";
import { type RunningLutra, runLutra, untilListening } from "../cli/run-lutra.ts";
import { type ConfigFile, writeConfig } from "./config-file.ts";

export interface RunningGateway extends RunningLutra {
  readonly url: string;
  readonly file: ConfigFile;
}

/** Starts a gateway and waits until it listens. It ends with the test at the latest. */
export async function startGatewayCommand(
  config: ConfigInput,
  ...options: readonly string[]
): Promise<RunningGateway> {
  const file = await writeConfig(config);
  const lutra = runLutra("gateway", file.path, ...options);
  onTestFinished(async () => {
    lutra.child.kill("SIGKILL");
    await lutra.closed;
    await file.remove();
  });
  return { ...(await untilListening(lutra)), file };
}
