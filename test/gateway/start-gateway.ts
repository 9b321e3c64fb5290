/** Runs `lutra gateway` on a configuration file of its own. */
import type { ConfigInput } from "@lutra/gateway";
import { onTestFinished } from "vitest";
import { type RunningLutra, runLutra, untilListening } from "../cli/run-lutra.ts";
import { type ConfigFile, writeConfig } from "./config-file.ts";

export interface RunningGateway extends RunningLutra {
  readonly url: string;
  readonly file: ConfigFile;
}

/** Starts it and waits until it listens. Ends with the test at the latest. */
export async function startGatewayCommand(config: ConfigInput): Promise<RunningGateway> {
  const file = await writeConfig(config);
  const lutra = runLutra("gateway", file.path);
  onTestFinished(async () => {
    lutra.child.kill("SIGKILL");
    await lutra.closed;
    await file.remove();
  });
  return { ...(await untilListening(lutra)), file };
}
