/**
 * Sends hostile input to server and client, each in a process of its own, and measures the longest
 * pause of its event loop and its memory.
 *
 *     node --import tsx bench/attack/core.ts [parts] [--short] [--write]
 *
 * Exits with 1 when a bound was exceeded. `--short` sends less, and leaves out the schemas.
 */
import { parts } from "./parts.ts";
import { runParts } from "./run-parts.ts";

await runParts(parts, {
  name: "attack-core",
  title: "Server and client under attack",
  introduction:
    "Written by `npm run attack -- core --write`. The attacked server or client is a process of its own, for each schema a new one. A pause is the longest time that its thread ran without a turn of its event loop: it contains the garbage collector as far as the thread waits for it, and not the time in which the machine ran other programs, which the column with the time of the clock also contains. A pause above the bound is measured up to three times, and the last measurement counts. A part that takes longer than 60 to 90 s is given up, and counts as broken. Memory is the highest resident memory above that before the input, and for messages above that before the message.",
});
