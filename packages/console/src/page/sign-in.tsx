/** Asks for the link of the program, when the page was opened without its token. */
import { useState } from "preact/hooks";
import { exchangeToken, tokenIn } from "./token.ts";

export interface SignInProps {
  /** The reason why the page has no access. */
  readonly message: string;
  /** True if the link would help. */
  readonly isKnown: boolean;
  readonly onDone: () => void;
}

export function SignIn({ message, isKnown, onDone }: SignInProps) {
  const [problem, setProblem] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get("link") ?? "").trim();
    exchangeToken(tokenIn(text) ?? text).then(onDone, (error: Error) => setProblem(error.message));
  };
  return (
    <main class="sign-in">
      <img src="icon.svg" alt="" width="48" height="48" />
      <h1>Lutra console</h1>
      {isKnown ? (
        <form onSubmit={submit}>
          <p>
            This page needs the link that the program printed when it started. Open that link, or
            paste it here.
          </p>
          <label for="link">Link or token</label>
          <div class="row">
            <input id="link" name="link" autocomplete="off" spellcheck={false} required />
            <button class="primary" type="submit">
              Open
            </button>
          </div>
          <p class="problem" role="alert">
            {problem}
          </p>
        </form>
      ) : (
        <p class="problem" role="alert">
          {message}
        </p>
      )}
    </main>
  );
}
