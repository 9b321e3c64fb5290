/** `lutra watch`: prints change notifications. */
import type { JSONRPCNotification, ListChanged, SubscriptionFilter } from "lutra/protocol";
import { acknowledgedMethod, listChangedMethods, resourceUpdatedMethod } from "lutra/protocol";
import type { CommandLine } from "../command-line.ts";
import { notice } from "../notice.ts";
import { type Connected, withServer } from "./connect.ts";
import { restOf } from "./options.ts";
import { plainLine, plainText } from "./plain-text.ts";

export async function watch(line: CommandLine): Promise<number> {
  return withServer(line, async (server) => {
    const { client, request } = server;
    const { signal } = request;
    const uris = restOf(line);
    const filter: SubscriptionFilter = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    };
    try {
      const subscription = await client.listen(filter, { signal, relisten: "ended" });
      notice("watching for changes; Ctrl-C ends the command");
      for await (const notification of subscription) print(notification, server);
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      throw error;
    }
  });
}

function print(notification: JSONRPCNotification, { screen, isJSON }: Connected): void {
  const { method, params } = notification;
  if (isJSON) {
    screen.print(plainText(JSON.stringify({ method, ...(params !== undefined && { params }) })));
    return;
  }
  if (method === acknowledgedMethod) {
    notice("subscribed again; changes in the meantime are not known");
    return;
  }
  const time = new Date().toLocaleTimeString("en-GB");
  screen.print(`${screen.paint("grey", time)}  ${changeOf(method, params?.uri)}`);
}

const listNames: { readonly [member in ListChanged]: string } = {
  toolsListChanged: "the list of tools has changed",
  promptsListChanged: "the list of prompts has changed",
  resourcesListChanged: "the list of resources has changed",
};

function changeOf(method: string, uri: unknown): string {
  if (method === resourceUpdatedMethod) return `updated: ${plainLine(String(uri))}`;
  const lists = Object.entries(listChangedMethods) as [ListChanged, string][];
  const list = lists.find(([, name]) => name === method)?.[0];
  return list === undefined ? plainLine(method) : listNames[list];
}
