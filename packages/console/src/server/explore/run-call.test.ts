import { TransportError } from "lutra/protocol";
import { expect, it } from "vitest";
import { messageOf } from "./run-call.ts";

it("names the causes of a failed connection, each once", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:9");
  const cause = new TypeError("fetch failed", { cause: refused });
  const error = new TransportError("closed", "the connection failed: fetch failed", { cause });
  expect(messageOf(error)).toBe(
    "the connection failed: fetch failed: connect ECONNREFUSED 127.0.0.1:9",
  );
});

it("names the code of a cause without a message", () => {
  const cause = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
  expect(messageOf(new TransportError("closed", "failed", { cause }))).toBe("failed: ECONNREFUSED");
});
