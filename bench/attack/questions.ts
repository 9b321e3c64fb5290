/** The questions about its memory and its event loop that an attacked process answers. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { watchProcess } from "./watch-process.ts";

/** `begin` starts a measurement, `report` ends it, and `heap` collects garbage first. */
export type Question = "begin" | "report" | "heap";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Answers questions over IPC: `report` with `Watched`, and `heap` with the used bytes. */
export function answerQuestions(): void {
  let watched = watchProcess();
  process.on("message", (question: Question) => {
    if (question === "begin") {
      watched();
      watched = watchProcess();
      process.send?.("begun");
    } else if (question === "report") process.send?.(watched());
    else if (question === "heap") process.send?.(usedBytes());
  });
}

/** Collects twice, because the first collection runs finalizers whose memory only the second frees. */
function usedBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
