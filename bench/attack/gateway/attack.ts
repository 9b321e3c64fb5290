/** One attack on a gateway, as data: the input, the expectation, and a run that observes the outcome. */
import { type Form, measureAll, type Outcome, type Part, withoutBars } from "../part.ts";

export interface GatewayAttack {
  readonly name: string;
  /** A description of the input. */
  readonly sent: string;
  /** The expectation, in words. */
  readonly holds: string;
  /** True for an attack that the short form leaves out. */
  readonly isOnlyWhole?: true;
  /** Runs the attack. An error counts as an outcome that does not hold. */
  readonly run: (form: Form) => Promise<Observation>;
}

export interface Observation {
  readonly observed: string;
  /** True when the expectation held. */
  readonly isHeld: boolean;
}

/** A part of the page, whose table has one row for each attack. */
export function partOf(name: string, title: string, attacks: readonly GatewayAttack[]): Part {
  return {
    name,
    title,
    columns: ["attack", "sent", "must hold", "observed", "verdict"],
    isText: true,
    run: (form, onOutcome) => {
      const sent = attacks.filter(({ isOnlyWhole }) => form === "whole" || !isOnlyWhole);
      return measureAll(
        sent.map((attack) => () => outcomeOf(attack, form)),
        onOutcome,
      );
    },
  };
}

async function outcomeOf(attack: GatewayAttack, form: Form): Promise<Outcome> {
  const { name, sent, holds } = attack;
  const { observed, isHeld } = await attack.run(form).catch(
    (error: unknown): Observation => ({
      observed:
        error instanceof Error ? error.message.split("\n", 1)[0] || error.name : String(error),
      isHeld: false,
    }),
  );
  const cells = [name, sent, holds, observed, isHeld ? "held" : "**broken**"].map(withoutBars);
  return { cells, isHeld };
}

/** Counts equal texts: `200 x 3, 502`. */
export function tally(texts: readonly (string | number)[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(String(text), (counts.get(String(text)) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([text, count]) => (count === 1 ? text : `${text} x ${count}`)).join(", ");
}
