/** Opens what the sign-ins of users need. */
import { createMemoryHandleStore } from "lutra/stores";
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { loadAuthModules } from "./accounts.ts";
import type { SignInResources } from "./sign-in.ts";

export interface OpenSignIn extends SignInResources {
  readonly close: () => Promise<void>;
}

/**
 * Opens the store for the tokens of users; undefined for a gateway without sign-ins.
 *
 * @throws {TypeError} for a store other than `memory:` without the option `openStore`
 */
export async function openSignIn(
  { auth }: Pick<CompleteConfig, "auth">,
  { openStore }: Pick<GatewayOptions, "openStore">,
): Promise<OpenSignIn | undefined> {
  const { store } = auth?.signIn ?? {};
  if (store === undefined) return undefined;
  if (store !== "memory:" && openStore === undefined) {
    throw new TypeError("auth.signIn.store: expected the option openStore of startGateway");
  }
  const opened = store === "memory:" ? undefined : await openStore?.(store);
  const handles = opened ?? createMemoryHandleStore();
  return { handles, modules: await loadAuthModules(), close: () => handles.close() };
}
