/** The error of a gateway that can't listen, for `lutra up` and `lutra gateway`. */
import { ListenError } from "@lutra/gateway";
import { type AddressSettings, explainListenError } from "lutra/internal";
import { CommandError } from "./command-error.ts";

/**
 * Replaces an error about an unavailable address with one that names the setting of the listener
 * that failed: the key of the configuration, or the given option. Returns other errors unchanged.
 */
export function gatewayListenError(
  error: unknown,
  options?: { readonly [key in ListenError["key"]]: AddressSettings },
): unknown {
  if (!(error instanceof ListenError)) return error;
  const explained = options ? explainListenError(error, error, options[error.key]) : error;
  return new CommandError(explained instanceof Error ? explained.message : error.message);
}
