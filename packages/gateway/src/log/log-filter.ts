/** Chooses the exchanges for the access log, and reads the fields that the configuration adds. */
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { compilePatterns } from "../subjects/patterns.ts";

type LogConfig = Exclude<Config["log"], false>;
type Rule = NonNullable<LogConfig["only"]>[number];

/** An exchange that has ended, with its HTTP status. */
interface Ended {
  readonly record: ExchangeRecord;
  readonly status: number;
}

type Condition = (ended: Ended) => boolean;

/** Returns a test for the exchanges that are logged. By default, all are. */
export function createLogFilter({ only }: Pick<LogConfig, "only">): Condition {
  if (only === undefined) return () => true;
  const rules = only.map(conditionsOf);
  return (ended) => rules.some((conditions) => conditions.every((holds) => holds(ended)));
}

function conditionsOf({ slowerThanMs, ...patterns }: Rule): readonly Condition[] {
  const texts: { readonly [key in keyof typeof patterns]-?: (ended: Ended) => string | undefined } =
    {
      method: ({ record }) => record.head.method,
      name: ({ record }) => record.subject?.name ?? record.head.name,
      upstream: ({ record }) => record.upstream,
      principal: ({ record }) => record.principal,
      endpoint: ({ record }) => record.endpoint,
      status: ({ status }) => String(status),
      reason: ({ record }) => record.reason,
    };
  const conditions = Object.entries(texts).flatMap(([key, read]): Condition[] => {
    const wanted = patterns[key as keyof typeof patterns];
    if (wanted === undefined) return [];
    const fits = compilePatterns([wanted].flat());
    return [
      (ended) => {
        const text = read(ended);
        return text !== undefined && fits(text);
      },
    ];
  });
  if (slowerThanMs !== undefined) conditions.push(({ record }) => record.ms > slowerThanMs);
  return conditions;
}

/** Maximum length of a configured field; longer ones are cut off. */
const maxFieldLength = 256;

/** Reads the values of the configured fields from the headers of a request. */
export function createLogFields({
  fields = {},
}: Pick<LogConfig, "fields">): (record: ExchangeRecord) => string {
  const all = Object.entries(fields).map(
    ([field, header]) => [JSON.stringify(field), header.toLowerCase()] as const,
  );
  if (all.length === 0) return () => "";
  return ({ head: { sent } }) =>
    all
      .map(([field, header]) => {
        const value = sent?.[header];
        if (value === undefined) return "";
        const text = typeof value === "string" ? value : value.join(", ");
        return `,${field}:${JSON.stringify(text.slice(0, maxFieldLength))}`;
      })
      .join("");
}
