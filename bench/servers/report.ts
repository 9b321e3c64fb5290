import type { AddressInfo } from "node:net";
import type { Question, Ready } from "../messages.ts";
import { usage } from "../messages.ts";

/** Reports to the bench that this server listens, and its resource usage on request. */
export function report(port: number, authorization?: string): void {
  process.send?.({ port, authorization } satisfies Ready);
  process.on("message", (question: Question) => {
    if (question.ask === "usage") process.send?.(usage(question.collectGarbage));
  });
  process.on("disconnect", () => process.exit());
}

/** The port of a listening server. */
export function portOf(server: { readonly address: () => unknown }): number {
  return (server.address() as AddressInfo).port;
}
