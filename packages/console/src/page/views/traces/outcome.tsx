/** The outcome of an exchange, as badges. */
import type { ListedExchange } from "../../../server/traces-api.ts";
import { Badge } from "../../components/badge.tsx";

type Shown = Pick<
  ListedExchange,
  "status" | "code" | "reason" | "cache" | "attempts" | "isError" | "isToolError"
>;

export function Outcome({ exchange }: { readonly exchange: Shown }) {
  const { status, code, reason, cache, attempts, isError, isToolError } = exchange;
  const failure = reason ?? (code === undefined ? undefined : String(code));
  return (
    <span class="outcome">
      {attempts > 1 && <Badge tone="warn">{attempts} attempts</Badge>}
      {cache !== undefined && cache !== "miss" && <Badge tone="info">{cache}</Badge>}
      {isError ? (
        <Badge tone="bad">
          {[status === 0 ? "no answer" : status, failure].filter(Boolean).join(" ")}
        </Badge>
      ) : (
        <Badge tone={isToolError ? "bad" : "good"}>
          {isToolError ? `${status} tool error` : status}
        </Badge>
      )}
    </span>
  );
}
