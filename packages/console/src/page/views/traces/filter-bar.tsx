/** The fields of the filter. */
import { useMemo } from "preact/hooks";
import type { ListedExchange } from "../../../server/traces-api.ts";
import { navigate } from "../../router.ts";
import { type ExchangeFilter, kinds, queryOf, upstreamsOf } from "./filter.ts";

export interface FilterBarProps {
  readonly filter: ExchangeFilter;
  /** The exchanges whose methods, upstreams and callers are offered. */
  readonly exchanges: readonly ListedExchange[];
  /** The path after the view's name, which stays. */
  readonly path: readonly string[];
}

const durations = [
  [0, "any"],
  [10, "10 ms or more"],
  [100, "100 ms or more"],
  [1000, "1 s or more"],
] as const;

export function FilterBar({ filter, exchanges, path }: FilterBarProps) {
  const set = (change: Partial<ExchangeFilter>) => {
    navigate(["traces", ...path], queryOf({ ...filter, ...change }), { replace: true });
  };
  const offered = useMemo(() => offeredIn(exchanges), [exchanges]);
  return (
    <search class="filter">
      <fieldset class="kinds">
        <legend class="visually-hidden">Kind of exchange</legend>
        {kinds.map(({ kind, label }) => (
          <button
            key={kind}
            type="button"
            aria-pressed={filter.kind === kind}
            onClick={() => set({ kind })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      <Choice
        label="Method"
        value={filter.method}
        values={offered.methods}
        onChange={(method) => set({ method })}
      />
      <Choice
        label="Upstream"
        value={filter.upstream}
        values={offered.upstreams}
        onChange={(upstream) => set({ upstream })}
      />
      {(offered.principals.length > 0 || filter.principal !== "") && (
        <Choice
          label="Caller"
          value={filter.principal}
          values={offered.principals}
          onChange={(principal) => set({ principal })}
        />
      )}
      <label>
        <span>Duration</span>
        <select
          value={String(filter.slowMs)}
          onChange={(event) => set({ slowMs: Number(event.currentTarget.value) })}
        >
          {durations.map(([ms, text]) => (
            <option key={ms} value={String(ms)}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        <span>Search</span>
        <input
          type="search"
          placeholder="name, client, trace id, reason …"
          value={filter.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, values, onChange }: ChoiceProps) {
  const all = value === "" || values.includes(value) ? values : [value, ...values];
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">any</option>
        {all.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Maximum number of values that a field offers. */
const maxOffered = 100;

function offeredIn(exchanges: readonly ListedExchange[]) {
  const [methods, upstreams, principals] = [
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
  ];
  for (const exchange of exchanges) {
    if (exchange.method !== undefined) methods.add(exchange.method);
    if (exchange.principal !== undefined) principals.add(exchange.principal);
    for (const name of upstreamsOf(exchange)) upstreams.add(name);
  }
  const sorted = (values: Set<string>) => [...values].sort().slice(0, maxOffered);
  return { methods: sorted(methods), upstreams: sorted(upstreams), principals: sorted(principals) };
}
