/** Opens the store for the counts of the era report of a gateway. */
import { createMemoryHandleStore, type HandleStore } from "lutra/stores";
import { openStores } from "./open-stores.ts";

/**
 * Opens the handle store at a URL.
 *
 * @throws {StoreError} for a store that can't be opened; the message contains no password
 */
export async function openEraStore(url: string): Promise<HandleStore> {
  const { shared, close } = await openStores({ store: url });
  const { handles = createMemoryHandleStore() } = shared;
  return { ...handles, close };
}
