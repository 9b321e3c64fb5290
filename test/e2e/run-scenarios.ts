/** Runs all scenarios over one kind of connection to the fixture server. */
import type { Client, ClientOptions } from "lutra/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Harness, OwnServer, RunnerName } from "./scenario.ts";
import { legacyRunners } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { createUser, type User } from "./user.ts";

/** A running fixture server, and functions to connect to it. */
export interface Opened {
  readonly createClient: (options: ClientOptions) => Client;
  /** Shuts the server down as an operator does. Called once. */
  readonly end: () => Promise<void>;
  /** Releases remaining resources after the server has ended and the clients are closed. */
  readonly close?: () => Promise<void>;
  /** Sends an HTTP request. Absent if the runner does not use HTTP. */
  readonly http?: Harness["http"];
}

/** Describes the scenarios that `runner` can run. `open` starts a fixture server. */
export function runScenarios(runner: RunnerName, open: () => Promise<Opened>): void {
  describe(`over ${runner}`, () => {
    const user = createUser();
    let opened: Opened;
    let client: Client;

    beforeAll(async () => {
      opened = await open();
      client = opened.createClient(user.options);
    });

    afterAll(async () => {
      await opened.end();
      await client.close();
      await opened.close?.();
    });

    const own = scenarios.filter(({ only, isModern }) =>
      isModern && legacyRunners.includes(runner) ? false : (only?.includes(runner) ?? true),
    );
    for (const { name, run } of own) {
      it(name, async () => {
        const undo: (() => Promise<void>)[] = [];
        user.willAnswer();
        try {
          await run(client, harness({ opened, open, user, undo }));
        } finally {
          for (const step of undo.reverse()) await step();
        }
        expect(user.warnings.splice(0)).toEqual([]);
      });
    }
  });
}

interface Parts {
  readonly opened: Opened;
  readonly open: () => Promise<Opened>;
  readonly user: User;
  /** Called after the scenario, to clean up. */
  readonly undo: (() => Promise<void>)[];
}

function harness({ opened, open, user, undo }: Parts): Harness {
  return {
    user,
    connect: async (options = {}) => {
      const { onWarning } = user.options as Required<ClientOptions>;
      const client = opened.createClient({ onWarning, ...options });
      undo.push(client.close);
      return client;
    },
    start: async () => {
      const own = await open();
      const client = own.createClient(user.options);
      let ended: Promise<void> | undefined;
      const end: OwnServer["end"] = () => {
        ended ??= own.end();
        return ended;
      };
      undo.push(async () => own.close?.(), client.close, end);
      return { client, end };
    },
    http: (init) => {
      if (opened.http === undefined) throw new TypeError("http: this runner has none");
      return opened.http(init);
    },
  };
}
