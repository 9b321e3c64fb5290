/**
 * The load generator: each socket sends prepared bytes, waits for the response and sends the next.
 * It learns the length of all responses from the first one, so that it does not parse responses under
 * load, except for occasional checks.
 */
import { connect, type Socket } from "node:net";
import { awake } from "./awake.ts";
import { isPinned } from "./contender.ts";
import type { Exchange } from "./exchanges.ts";
import { readResponse } from "./read-response.ts";

/** The end of a round: a duration or a number of responses. */
export type Until = { readonly durationMs: number } | { readonly count: number };

/** The result of one round of load. */
export interface Sample {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const checkEvery = 499;

let busiest = 0;

/** Maximum busy share of this process in a round; near 1, the generator itself would be the limit. */
export function busiestGenerator(): number {
  return busiest;
}

const ok = Buffer.from("HTTP/1.1 200");

export interface LoadOptions {
  /** True when this process may sleep while it waits, because others need its core. */
  readonly maySleep?: boolean;
}

export class Load {
  readonly #port: number;
  readonly #exchanges: readonly Exchange[];
  readonly #maySleep: boolean;
  #responseBytes = 0;
  /** The first response. */
  body = "";

  constructor(
    port: number,
    exchanges: readonly Exchange[],
    { maySleep = false }: LoadOptions = {},
  ) {
    this.#port = port;
    this.#exchanges = exchanges;
    this.#maySleep = maySleep || !isPinned;
  }

  /** Sends one request and checks its response. */
  async learn(): Promise<void> {
    const [exchange] = this.#exchanges as [Exchange];
    const { bytes, body } = await new Promise<{ bytes: number; body: string }>((resolve, fail) => {
      const chunks: Buffer[] = [];
      const socket = connect(this.#port, "127.0.0.1", () => socket.write(exchange.request));
      socket.on("error", fail);
      socket.on("data", (chunk) => {
        chunks.push(chunk);
        const response = readResponse(Buffer.concat(chunks));
        if (response === undefined) return;
        socket.destroy();
        resolve(response);
      });
    });
    exchange.check(body);
    this.#responseBytes = bytes;
    this.body = body;
  }

  /** Keeps as many requests in flight as there are connections. */
  async run(connections: number, until: Until): Promise<Sample> {
    const drive = async () => {
      const round = new Round(this.#exchanges, this.#responseBytes, until);
      const sockets = Array.from({ length: connections }, (_, index) => index);
      await Promise.all(sockets.map((index) => round.open(this.#port, index)));
      return round;
    };
    const [round, busyShare] = await (this.#maySleep ? asleep(drive) : awake(drive));
    const elapsedMs = performance.now() - round.start;
    busiest = Math.max(busiest, busyShare);
    const latencies = Float64Array.from(round.latencies).sort();
    const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
    return {
      count: latencies.length,
      perSecond: (latencies.length / elapsedMs) * 1000,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  }
}

/** Returns the outcome of `work`, and the share of its time in which this process ran. */
async function asleep<T>(work: () => Promise<T>): Promise<readonly [T, busyShare: number]> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const outcome = await work();
  const { user, system } = process.cpuUsage(cpu);
  return [outcome, (user + system) / 1000 / (performance.now() - start)];
}

/** A round of load over several sockets. */
class Round {
  readonly start: number = performance.now();
  readonly latencies: number[] = [];
  readonly #exchanges: readonly Exchange[];
  readonly #responseBytes: number;
  readonly #endAt: number;
  readonly #maxCount: number;
  #sent = 0;

  constructor(exchanges: readonly Exchange[], responseBytes: number, until: Until) {
    this.#exchanges = exchanges;
    this.#responseBytes = responseBytes;
    this.#endAt = "durationMs" in until ? this.start + until.durationMs : Number.POSITIVE_INFINITY;
    this.#maxCount = "count" in until ? until.count : Number.POSITIVE_INFINITY;
  }

  /** Runs one socket; the promise resolves at the end of the round. */
  open(port: number, index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let turn = index;
      let sentAt = 0;
      let received = 0;
      let kept: Buffer[] | undefined;
      const current = () => this.#exchanges[turn % this.#exchanges.length] as Exchange;
      const send = () => {
        sentAt = performance.now();
        if (sentAt >= this.#endAt || this.#sent >= this.#maxCount) {
          socket.destroy();
          return resolve();
        }
        received = 0;
        turn += 1;
        this.#sent += 1;
        kept = turn % checkEvery === 0 ? [] : undefined;
        socket.write(current().request);
      };
      const receive = (length: number, buffer: Uint8Array): boolean => {
        const isFirst = received === 0;
        received += length;
        try {
          if (isFirst) requireOk(buffer);
          kept?.push(Buffer.from(buffer.subarray(0, length)));
          if (received < this.#responseBytes) return true;
          this.latencies.push(performance.now() - sentAt);
          requireLength(received, this.#responseBytes);
          if (kept) current().check(readResponse(Buffer.concat(kept))?.body ?? "");
          send();
        } catch (error) {
          socket.destroy();
          reject(error);
        }
        return true;
      };
      const onread = { buffer: Buffer.allocUnsafe(65_536), callback: receive };
      const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true, onread }, send);
      socket.on("error", reject);
      socket.on("end", () => reject(new Error("the server closed a connection")));
    });
  }
}

function requireOk(buffer: Uint8Array): void {
  if (ok.compare(buffer, 0, ok.length) === 0) return;
  throw new Error(`not answered with 200: ${Buffer.from(buffer.subarray(0, 500)).toString()}`);
}

function requireLength(received: number, expected: number): void {
  if (received !== expected) throw new Error(`answers of different length: ${received} bytes`);
}
