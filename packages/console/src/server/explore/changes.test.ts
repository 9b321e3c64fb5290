import type { Client } from "lutra/client";
import { expect, it, vi } from "vitest";
import { createChanges } from "./changes.ts";

/** A client whose subscriptions end at once. */
function fakeClient() {
  const listen = vi.fn((_filter: object) => Promise.resolve([]));
  return { listen, client: { listen } as unknown as Client };
}

it("asks only for the changes that the server announces", () => {
  const { listen, client } = fakeClient();
  const changes = createChanges(
    () => {},
    () => {},
  );
  changes.open(client, { tools: { listChanged: true }, prompts: {} });
  expect(listen.mock.lastCall?.[0]).toEqual({ toolsListChanged: true });
  changes.subscribe("a://b", true);
  const resourceSubscriptions = ["a://b"];
  expect(listen.mock.lastCall?.[0]).toEqual({ toolsListChanged: true, resourceSubscriptions });
});

it("subscribes to nothing at a server that announces no changes", () => {
  const { listen, client } = fakeClient();
  createChanges(
    () => {},
    () => {},
  ).open(client, {});
  expect(listen).not.toHaveBeenCalled();
});
