import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import {
  answerWith,
  context,
  done,
  event,
  opener,
  progress,
  request,
  serveHttp,
  transports,
} from "./fixtures/scripted-endpoint.ts";

describe.each(transports)("the %s transport", (_name, createHttpTransport) => {
  const open = opener(createHttpTransport);

  it.each([
    ["without an answer", (response: ServerResponse) => response.destroy()],
    [
      "within the body",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "99" });
        response.write("{", () => response.destroy());
      },
    ],
    [
      "before the response on the stream",
      (response: ServerResponse) =>
        response.writeHead(200, { "content-type": "text/event-stream" }).end(event(progress(1))),
    ],
  ])("rejects with closed when the connection ends %s", async (_what, end) => {
    const url = await serveHttp((_request, response) => void end(response));
    const answer = open(url).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ name: "TransportError", reason: "closed" });
  });

  it("rejects with closed when no server listens", async () => {
    const answer = open("http://127.0.0.1:1/mcp").serve(request(), context());
    await expect(answer).rejects.toMatchObject({ name: "TransportError", reason: "closed" });
  });

  it.each([
    ["before the headers", () => {}],
    [
      "within the stream",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(event(progress(1)));
      },
    ],
  ])("an abort closes the response stream %s", async (_what, begin) => {
    let closed: Promise<unknown> | undefined;
    const controller = new AbortController();
    const url = await serveHttp((_request, response) => {
      closed = once(response, "close");
      begin(response);
      controller.abort("enough");
    });
    const answer = open(url).serve(request(), context({ signal: controller.signal }));
    await expect(answer).rejects.toMatchObject({ reason: "aborted", cause: "enough" });
    await closed;
  });

  it("sends nothing for a signal that is already aborted", async () => {
    let requests = 0;
    const url = await serveHttp(() => {
      requests += 1;
    });
    const signal = AbortSignal.abort();
    await expect(open(url).serve(request(), context({ signal }))).rejects.toMatchObject({
      reason: "aborted",
    });
    expect(requests).toBe(0);
  });

  it("ends the requests in flight when it is closed, and sends no further request", async () => {
    let received = () => {};
    const inFlight = new Promise<void>((resolve) => {
      received = resolve;
    });
    const transport = open(await serveHttp(() => received()));
    const answer = transport.serve(request(), context());
    const rejected = expect(answer).rejects.toMatchObject({ reason: "closed" });
    await inFlight;
    await transport.close();
    await rejected;
    await expect(transport.serve(request(), context())).rejects.toMatchObject({ reason: "closed" });
  });

  it("leaves no listener on the caller's signal", async () => {
    const url = await serveHttp(answerWith(done));
    const transport = open(url);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await transport.serve(request(), context({ signal }));
    expect(listeners).toBe(0);
  });
});
