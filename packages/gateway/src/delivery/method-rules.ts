/** What the columns of the methods and the annotations of tools mean for retries and time limits. */
import { callTool, coreMethods, type Method, type Tool } from "lutra/protocol";

export interface MethodRules {
  /** Whether the response stays open: such exchanges are not counted, and have no total time. */
  readonly isLongLived: (method: string | undefined) => boolean;
  /** Whether a second execution does no harm. */
  readonly isRepeatable: (method: string | undefined, name: string | undefined) => boolean;
}

export interface MethodRulesOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[] | undefined;
  /** What is known of a tool; absent when its annotations are not to be trusted. */
  readonly tool?: ((name: string) => Tool | undefined) | undefined;
}

/**
 * Compiles the rules. Without trust in annotations no tool is repeatable: they are hints from the
 * server, and a wrong one would run a tool twice.
 *
 * @spec server/tools#tool
 */
export function createMethodRules({ methods = [], tool }: MethodRulesOptions): MethodRules {
  const all = [...coreMethods, ...methods];
  const named = (rows: readonly Method[]) => new Set<unknown>(rows.map(({ name }) => name));
  const safe = named(all.filter((method) => method.safe));
  const longLived = named(all.filter((method) => method.longLived));
  return {
    isLongLived: (method) => longLived.has(method),
    isRepeatable: (method, name) => {
      if (safe.has(method)) return true;
      if (tool === undefined || name === undefined || method !== callTool.name) return false;
      const annotations = tool(name)?.annotations;
      return annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
    },
  };
}
