/**
 * The history of an exchange: the order in which the operations of its handler, which are steps,
 * input requests and sleeps, started and ended. A replay must start the same operations in the same
 * order. They end in the recorded order too, so that parallel branches continue as they did before.
 *
 * An operation that starts out of order waits, because another branch may be about to start the one
 * that is missing. If none does so within `graceMs`, the handler has changed.
 */
import { inNextTurn } from "../../time/next-turn.ts";
import { HandlerError } from "./handler-error.ts";
import { QuietTimer } from "./quiet-timer.ts";
import type { StepFailure } from "./step-failure.ts";

/** The start of an operation. Its number is the number of starts before it. */
export interface OperationStart {
  /** The kind and the name, such as `step load`. */
  readonly start: string;
  /** The time at which a sleep ends, in milliseconds since 1970. */
  readonly until?: number;
}

/** The end of the operation with the number `end`. */
interface OperationEnd {
  readonly end: number;
  /** The error of a step that failed. */
  readonly error?: StepFailure;
}

export type HistoryEntry = OperationStart | OperationEnd;

/** The part of an operation that depends on its kind. One of its functions is called, once. */
export interface Operation {
  /** Called when an earlier round recorded the end, once it is the turn of that end. */
  readonly replay: (end: OperationEnd) => void;
  /** Called when no earlier round recorded the end. */
  readonly run: (number: number, start: OperationStart) => void;
  /** Called in place of the others when the handler has changed. */
  readonly refuse: (error: HandlerError) => void;
  /** True to call `run` in the order of the starts; false to call it after the whole replay. */
  readonly runsDuringReplay: boolean;
}

export class History {
  readonly #entries: HistoryEntry[];
  /** Number of entries of earlier rounds. */
  readonly #recorded: number;
  /** Numbers of recorded starts that this round has not reached, by kind and name. */
  readonly #expected = new Map<string, number[]>();
  readonly #ends = new Set<number>();
  /** Operations that started, in the order of their numbers, until one of their functions is called. */
  readonly #open = new Map<number, Operation>();
  /** New operations that started before the end of the replay. */
  readonly #held: { readonly start: OperationStart; readonly operation: Operation }[] = [];
  /** Ends of this round that wait for their turn. */
  readonly #undelivered: (() => void)[] = [];
  readonly #graceMs: number;
  #timer: QuietTimer | undefined;
  /** True while an end waits for the next turn of the event loop. */
  #isDelivering = false;
  /** Number of operations that run, or whose end was not delivered. */
  #running = 0;
  /** The next recorded entry to be replayed, and the number of starts before it. */
  #position = 0;
  #passed = 0;
  #starts = 0;
  /** Number of starts and ends that the handler has seen in this round. */
  #place = 0;
  #mistake: HandlerError | undefined;

  constructor(recorded: readonly HistoryEntry[], graceMs: number) {
    this.#entries = [...recorded];
    this.#recorded = recorded.length;
    this.#graceMs = graceMs;
    for (const entry of recorded) {
      if ("end" in entry) this.#ends.add(entry.end);
      else {
        const numbers = this.#expected.get(entry.start) ?? [];
        this.#expected.set(entry.start, numbers);
        numbers.push(this.#starts);
        this.#starts += 1;
      }
    }
  }

  /** All entries, for the next round. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** The mistake of the handler. It takes precedence over its value and its errors. */
  get mistake(): HandlerError | undefined {
    return this.#mistake;
  }

  /** Number of starts and ends that the handler has seen, which is the same in each round. */
  get place(): number {
    return this.#place;
  }

  /** False until all recorded entries have been replayed. */
  get isLive(): boolean {
    return this.#position === this.#recorded;
  }

  /** Starts an operation. Its function may be called before this returns. */
  start(start: OperationStart, operation: Operation): void {
    if (this.#mistake !== undefined) operation.refuse(this.#mistake);
    else if (this.isLive) this.#begin(start, operation);
    else {
      const number = this.#expected.get(start.start)?.shift();
      if (number === undefined) this.#held.push({ start, operation });
      else this.#open.set(number, operation);
      this.#replay();
    }
  }

  /** Records the end of an operation that ran in this round. */
  end(number: number, error?: StepFailure): void {
    this.#entries.push(error === undefined ? { end: number } : { end: number, error });
  }

  /**
   * Calls `settle`, which lets the handler continue after the end of an operation. If several
   * operations run, each call has a turn of the event loop of its own, in the order of the ends and
   * after the replay. A race of two branches therefore has the same winner in every round.
   */
  deliver(settle: () => void): void {
    const isAlone = this.isLive && this.#running === 1 && !this.#isDelivering;
    if (isAlone) {
      this.#settle(settle);
    } else {
      this.#undelivered.push(settle);
      this.#deliverNext();
    }
  }

  /** Refuses all operations from now on, and those that wait for the replay. */
  fail(mistake: HandlerError): void {
    if (this.#mistake !== undefined) return;
    this.#mistake = mistake;
    this.close();
    const waiting = [...this.#open.values(), ...this.#held.map(({ operation }) => operation)];
    this.#open.clear();
    this.#held.length = 0;
    for (const { refuse } of waiting) refuse(mistake);
  }

  /** Called when the handler has returned a value: it must have started everything recorded. */
  finish(): void {
    if (!this.isLive) this.fail(this.#changed());
  }

  /** Stops the timer of a round that has ended. */
  close(): void {
    this.#timer?.stop();
  }

  #begin(start: OperationStart, operation: Operation): void {
    const number = this.#starts;
    this.#starts += 1;
    this.#place += 1;
    this.#entries.push(start);
    this.#run(operation, number, start);
  }

  #run(operation: Operation | undefined, number: number, start: OperationStart): void {
    if (operation === undefined) return;
    this.#running += 1;
    operation.run(number, start);
  }

  #settle(settle: () => void): void {
    this.#running -= 1;
    // The code that has just started the operation has not seen its end.
    queueMicrotask(() => {
      this.#place += 1;
    });
    settle();
  }

  /** Replays recorded entries until one of them has to wait. */
  #replay(): void {
    const before = this.#position;
    while (!this.isLive && this.#replayNext());
    if (this.#position !== before) this.close();
    const isBlocked = this.#open.size + this.#held.length > 0 && !this.#isDelivering;
    if (this.isLive) this.#goLive();
    else if (isBlocked) this.#startTimer();
  }

  /** Replays one entry. Returns false when that has to wait. */
  #replayNext(): boolean {
    const entry = this.#entries[this.#position] as HistoryEntry;
    if ("end" in entry) {
      this.#inOwnTurn(() => {
        this.#position += 1;
        this.#place += 1;
        this.#take(entry.end)?.replay(entry);
        this.#replay();
      });
      return false;
    }
    const number = this.#passed;
    const operation = this.#open.get(number);
    if (operation === undefined) return false;
    this.#position += 1;
    this.#place += 1;
    this.#passed += 1;
    if (operation.runsDuringReplay && !this.#ends.has(number)) {
      this.#run(this.#take(number), number, entry);
    }
    return true;
  }

  #startTimer(): void {
    this.#timer ??= new QuietTimer(this.#graceMs, () => this.fail(this.#changed()));
    this.#timer.start();
  }

  #take(number: number): Operation | undefined {
    const operation = this.#open.get(number);
    this.#open.delete(number);
    return operation;
  }

  #inOwnTurn(settle: () => void): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    inNextTurn(() => {
      this.#isDelivering = false;
      settle();
    });
  }

  #deliverNext(): void {
    if (!this.isLive || this.#undelivered.length === 0) return;
    this.#inOwnTurn(() => {
      const next = this.#undelivered.shift();
      if (next !== undefined) this.#settle(next);
      this.#deliverNext();
    });
  }

  /** Lets everything run that waited for the end of the replay. */
  #goLive(): void {
    const starts = this.#entries.filter((entry): entry is OperationStart => "start" in entry);
    const open = [...this.#open.keys()].sort((a, b) => a - b);
    for (const number of open) {
      this.#run(this.#take(number), number, starts[number] as OperationStart);
    }
    for (const { start, operation } of this.#held.splice(0)) this.#begin(start, operation);
    this.#deliverNext();
  }

  /** Returns the error for the first recorded operation that this round did not start. */
  #changed(): HandlerError {
    const next = this.#entries[this.#position] as OperationStart;
    const [first] = this.#held.map(({ start }) => start.start);
    const expected = kindAndName(next.start);
    const found = first ?? this.#outOfOrder();
    if (found === undefined) {
      return new HandlerError(`${titleOf(expected)} of an earlier round is missing`);
    }
    const actual = kindAndName(found);
    const was = actual.kind === expected.kind ? `"${expected.name}"` : titleOf(expected);
    return new HandlerError(`${titleOf(actual)} was ${was} in an earlier round`);
  }

  /** Returns the first operation that started although its turn has not come. */
  #outOfOrder(): string | undefined {
    const starts = this.#entries.filter((entry): entry is OperationStart => "start" in entry);
    const early = [...this.#open.keys()].filter((number) => number > this.#passed);
    return early.length === 0 ? undefined : starts[Math.min(...early)]?.start;
  }
}

interface KindAndName {
  readonly kind: string;
  readonly name: string;
}

const kinds: { readonly [kind: string]: string } = { input: "input request" };

function kindAndName(start: string): KindAndName {
  const space = start.indexOf(" ");
  const kind = start.slice(0, space);
  return { kind: kinds[kind] ?? kind, name: start.slice(space + 1) };
}

function titleOf({ kind, name }: KindAndName): string {
  return `${kind} "${name}"`;
}
