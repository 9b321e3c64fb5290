/** A machine without disk space, without file descriptors, or whose clock is set. */
import type { Part } from "../part.ts";
import { type GatewayAttack, partOf } from "./attack.ts";
import { fillDisk } from "./full-disk.ts";
import { openFiles, useUpFiles } from "./open-files.ts";
import { clockSteps, setClock } from "./set-clocks.ts";

/** The attacks on a gateway of one process, and on one of several. */
function attacksOn(processes?: number): readonly GatewayAttack[] {
  const options = processes === undefined ? {} : { processes };
  const of = processes === undefined ? "" : `, ${processes} processes`;
  // Several processes start slowly, and have the code of one.
  const form: Pick<GatewayAttack, "isOnlyWhole"> =
    processes === undefined ? {} : { isOnlyWhole: true };
  return [
    {
      name: `a full disk${of}`,
      sent: "2,000 requests while the file system of the access log is full, then SIGTERM",
      holds: "every request is answered, lost lines are counted, no line is torn, exit code 0",
      isOnlyWhole: true,
      run: (form) => fillDisk(form, options),
    },
    {
      name: `no file descriptors${of}`,
      sent: `400 idle clients, then 200 calls at once, at a gateway with ${openFiles} descriptors`,
      holds: "it is reported; clients get an answer or 503; no replica is ejected; it recovers",
      ...form,
      run: () => useUpFiles(options),
    },
    {
      name: `a clock that is set${of}`,
      sent: `the time of day set by ${clockSteps.join(", ")}, with a cached list`,
      holds: "the list is never fresher than the upstream said, and is fetched again in time",
      ...form,
      run: () => setClock(options),
    },
  ];
}

export const machinePart: Part = partOf("machine", "The machine", [
  ...attacksOn(),
  ...attacksOn(2),
]);
