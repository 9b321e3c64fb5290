/** A client and `lutra serve` over stdio: the server exports, and continues the client's trace. */
import { fileURLToPath } from "node:url";
import { trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { createClient } from "lutra/client";
import { traceClient } from "lutra/otel";
import { expect, it, onTestFinished } from "vitest";
import { compiled } from "../compiled.ts";
import { startReceiver } from "./otlp-receiver.ts";

const server = compiled(new URL("fixtures/traced-server.ts", import.meta.url));
const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

it("continues the trace of a client over stdio", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  onTestFinished(() => {
    trace.disable();
    return provider.shutdown();
  });
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  const args = [program, "serve", server, "--stdio"];
  const client = createClient(
    { command: process.execPath, args, env: receiver.env },
    { middleware: [traceClient()] },
  );
  await client.callTool("add", { a: 1, b: 2 });
  await client.close();
  await receiver.until((spans) => spans.some(({ name }) => name === "tools/call add"));
  const sent = exporter.getFinishedSpans().find(({ name }) => name === "tools/call add");
  const received = receiver.spans.find(({ name }) => name === "tools/call add");
  expect(received).toMatchObject({
    kind: "SERVER",
    service: "traced-fixture",
    traceId: sent?.spanContext().traceId,
    parentId: sent?.spanContext().spanId,
  });
});
