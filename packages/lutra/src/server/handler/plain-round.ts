/** The execution of a handler that asks its client for nothing, and runs once. */
import { chainCall } from "../../protocol/chain.ts";
import { invalidParams } from "../../protocol/errors.ts";
import { InputRequired } from "../results.ts";
import type { HandlerContext } from "./handler-context.ts";
import { RequestContextMembers } from "./request-members.ts";
import type { InputMemory, RequestStates } from "./request-state.ts";
import type { Execute } from "./round.ts";

export const executeOnce: Execute = (init, handler) => {
  const context = new PlainContext(init);
  return chainCall(
    () => handler(context),
    (value) => {
      context.done();
      return value instanceof InputRequired ? refuse("inputRequired") : value;
    },
    async (error) => {
      context.done();
      throw error;
    },
  );
};

/** Refuses the state of an exchange, because no exchange has further rounds. */
export function createNoStates(): RequestStates {
  const memory: InputMemory = Object.freeze({ answers: {}, steps: {}, state: undefined });
  return {
    open: async () => {
      throw invalidParams("params.requestState: not valid for this request");
    },
    start: () => memory,
    seal: () => refuse("inputRequired"),
  };
}

/** The context of a handler without exchanges. Outside of a task, `status` has no effect. */
class PlainContext extends RequestContextMembers implements HandlerContext {
  get elicit(): HandlerContext["elicit"] {
    return absent("context.elicit");
  }

  get sample(): HandlerContext["sample"] {
    return absent("context.sample");
  }

  get roots(): HandlerContext["roots"] {
    return absent("context.roots");
  }

  get step(): HandlerContext["step"] {
    return absent("context.step");
  }

  get sleep(): HandlerContext["sleep"] {
    return absent("context.sleep");
  }

  get status(): HandlerContext["status"] {
    return () => {};
  }

  get startTask(): HandlerContext["startTask"] {
    return () => {};
  }
}

async function refuse(name: string): Promise<never> {
  absent(name);
}

function absent(name: string): never {
  throw absentFromTools(name);
}

/** Creates the error for a part that only servers of `lutra/server` have. */
export function absentFromTools(name: string): TypeError {
  return new TypeError(
    `${name}: not part of lutra/server/tools; import createServer from lutra/server`,
  );
}
