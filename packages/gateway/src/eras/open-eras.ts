/** The counts of the era report: in memory, and in a store if the configuration names one. */
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { type EraCounted, EraTable } from "./era-table.ts";
import { KeptEras } from "./kept-eras.ts";

export interface Eras {
  /** Counts an exchange that has ended, with its HTTP status. */
  readonly observe: (record: ExchangeRecord, status: number) => void;
  readonly read: () => EraCounted | Promise<EraCounted>;
  /** Stores the last counts. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the store for the counts.
 *
 * @throws {TypeError} for a configured store without the option `openStore`
 */
export async function openEras(
  { eras, name }: Pick<Config, "eras" | "name">,
  { openStore, notice }: Required<Pick<GatewayOptions, "notice">> & GatewayOptions,
): Promise<Eras> {
  const table = new EraTable();
  const observe: Eras["observe"] = (record, status) => table.observe(record, status);
  if (eras === undefined) return { observe, read: () => table.read(), close: async () => {} };
  if (openStore === undefined) {
    throw new TypeError("eras.store: expected the option openStore of startGateway");
  }
  const onWarning = (message: string, cause?: unknown) => {
    notice?.(cause instanceof Error ? `${message}: ${cause.message}` : message);
  };
  const kept = new KeptEras(table, { store: await openStore(eras.store), name, onWarning });
  return { observe, read: () => kept.read(), close: () => kept.close() };
}
