/** The schema of the settings of several processes. */
import { z } from "zod";
import { ms } from "./schema-values.ts";

export const processes = z
  .strictObject({
    startMs: ms(
      "Maximum time that a process may take to start, after which it is killed and started again",
    ).default(60_000),
    silentMs: ms(
      "Time after which a process that does not answer its supervisor is killed and replaced",
    ).default(15_000),
  })
  .describe("The processes of a gateway with `--processes`");
