/** Waits for the user to sign in, outside of the time limits of requests. */
import type { TransportError } from "../../protocol/transport-error.ts";
import { linkAbort, unlessAborted } from "../../time/abort.ts";
import type { SignInWait } from "../../transport/http/authorization.ts";
import { isAuthorizationError, type SignInRequiredError } from "./authorization-error.ts";

/**
 * Maximum number of times that the user is asked to sign in for one request: at first, and for further
 * scopes.
 */
const maxSignIns = 3;

/**
 * Runs `work`, and again each time that the user has signed in because it needs that.
 *
 * @spec basic/authorization/index#step-up-authorization-flow
 */
export async function afterSignIn<T>(work: () => Promise<T>, wait: SignInWait): Promise<T> {
  for (let count = 0; ; count += 1) {
    try {
      return await work();
    } catch (error) {
      const signIn = signInOf(error);
      if (signIn === undefined || count >= maxSignIns) throw error;
      await signedIn(signIn, wait);
    }
  }
}

/** Returns the function with which a person can help, if there is one. */
function signInOf(error: unknown): SignInRequiredError["signIn"] {
  if (!isAuthorizationError(error) || !("signIn" in error)) return undefined;
  return (error as SignInRequiredError).signIn;
}

/** Resolves when the user has signed in. */
async function signedIn(
  signIn: NonNullable<SignInRequiredError["signIn"]>,
  { signal, open }: SignInWait,
): Promise<void> {
  const controller = signal === undefined ? new AbortController() : linkAbort(signal);
  const stop = (error: TransportError): void => controller.abort(error);
  const entry = open.add(stop);
  try {
    await unlessAborted(signIn(controller.signal), controller.signal);
  } finally {
    open.delete(entry);
  }
}
