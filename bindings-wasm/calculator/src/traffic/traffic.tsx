// Traffic that was really seen: a log is read, its character shown, and planned for.

import { useRef, useState } from 'preact/hooks';
import type { DeploymentOption, TraceFormat } from 'sizewell-wasm';
import type { Edits } from '../fields';
import { count, figure, percent, plural, span } from '../format';
import { Columns } from './columns';
import type { LogReader } from './log';
import { Outlook } from './outlook';
import { planned } from './planned';
import { Rates } from './rates';
import type { Traffic as Read } from './reading';
import { Week } from './week';

const FORMATS: Record<TraceFormat, string> = {
  azure_llm: 'an Azure LLM trace',
  burst_gpt: 'BurstGPT',
  mooncake: 'a Mooncake trace',
  guide_llm: 'results of GuideLLM',
  vllm_benchmark: 'results of vLLM’s benchmark',
  open_telemetry: 'OpenTelemetry spans',
  csv: 'CSV',
};
const PERCENTILES = ['p50_qps', 'p90_qps', 'p95_qps', 'p99_qps', 'max_qps'] as const;
type Percentile = (typeof PERCENTILES)[number];
const NAMES: Record<Percentile, string> = {
  p50_qps: 'the median',
  p90_qps: 'p90',
  p95_qps: 'p95',
  p99_qps: 'p99',
  max_qps: 'the busiest',
};

/** What is taken from traffic into a plan, as typed; lengths only where they are known. */
export interface Taken extends Edits {
  qps: string;
}

const windowName = (seconds: number): string =>
  seconds === 60 ? 'minutes' : seconds === 1 ? 'seconds' : `windows of ${seconds} s`;

function Figures({ traffic }: { traffic: Read }) {
  const rates = planned(traffic);
  const { mean_qps: mean, growth } = traffic.rates;
  const rows: [label: string, text: string, help?: string][] = [['Mean rate', `${figure(mean)} req/s`]];
  if (rates) {
    const name = windowName(rates.window_seconds);
    rows.push(['p95 and busiest', `${figure(rates.p95_qps)}, ${figure(rates.max_qps)} req/s`, `Of its ${name}.`]);
    // Averages over a step say nothing of bursts.
    if (traffic.requests) {
      rows.push([
        'Burstiness',
        `${figure(rates.dispersion)} × Poisson`,
        `Variance over mean of the requests in its ${name}; 1 for independent requests at a steady rate.`,
      ]);
    }
  }
  if (traffic.requests) {
    const { input, output, classes, sessions, prefix } = traffic.requests;
    rows.push(['Prompt p50, p95', `${count(input.p50_tokens)}, ${count(input.p95_tokens)} tokens`]);
    rows.push(['Answer p50, p95', `${count(output.p50_tokens)}, ${count(output.p95_tokens)} tokens`]);
    if (classes && classes.classes.length > 1) {
      rows.push(['Kinds of requests', count(classes.classes.length), 'Found by their lengths.']);
    }
    if (sessions) rows.push(['Conversations', `${count(sessions.sessions)}, ${figure(sessions.requests_mean)} requests each`]);
    if (prefix) rows.push(['Shared prefixes', percent(prefix.hit_fraction), 'Of all tokens of prompts.']);
  }
  if (growth) {
    const interval = `${percent(growth.per_month_lower)} to ${percent(growth.per_month_upper)}`;
    rows.push(['Growth a month', growth.significant ? percent(growth.per_month) : 'not told from chance', `95% interval: ${interval}.`]);
  }
  return (
    <dl class="figures">
      {rows.map(([label, text, help]) => (
        <div key={label} title={help}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function Taking({ traffic, onTake }: { traffic: Read; onTake: (taken: Taken) => void }) {
  const [percentile, setPercentile] = useState<Percentile>('p95_qps');
  const rates = planned(traffic);
  if (!rates) return null;
  const rounded = (value: number) => String(Number(value.toPrecision(4)));
  const tokens = (mean: number) => String(Math.max(1, Math.round(mean)));
  const { requests } = traffic;
  const lengths = requests && {
    input_tokens: tokens(requests.input.mean_tokens),
    output_tokens: tokens(requests.output.mean_tokens),
  };
  return (
    <p class="taking">
      <button
        type="button"
        class="primary"
        onClick={() => onTake({ qps: rounded(rates[percentile]), ...lengths })}
      >
        Plan for this traffic
      </button>
      <label>
        at{' '}
        <select value={percentile} onChange={(event) => setPercentile(event.currentTarget.value as Percentile)}>
          {PERCENTILES.map((name) => <option key={name} value={name}>{NAMES[name]}</option>)}
        </select>{' '}
        of its {windowName(rates.window_seconds)}: {figure(rates[percentile])} req/s
      </label>
    </p>
  );
}

function Seen({ traffic, option, onTake, onForget }: {
  traffic: Read;
  option: DeploymentOption | null;
  onTake: (taken: Taken) => void;
  onForget: () => void;
}) {
  const { rates, requests, series, report, format, columns, outlook } = traffic;
  const left = report?.skipped ?? 0;
  return (
    <>
      <div class="log-head">
        <p>
          <strong>{traffic.name}</strong>: {requests ? plural(requests.requests, 'request') : 'rates'} in {span(rates.duration_seconds)}
          {!requests && <span class="quiet">, read as the answer of a Prometheus query; it should count requests per second</span>}
          {format && <span class="quiet">, read as {FORMATS[format]}</span>}
          {columns && (
            <span class="quiet">
              {' '}(<code>{columns.arrival}</code>, <code>{columns.input_tokens}</code>, <code>{columns.output_tokens}</code>)
            </span>
          )}
        </p>
        <button type="button" class="plain" onClick={onForget}>Forget it</button>
      </div>
      {left > 0 && (
        <p class="warn-text">
          {plural(left, 'row')} could not be read and {left === 1 ? 'is' : 'are'} left out
          {report?.errors[0] && <>: {report.errors[0].path} {report.errors[0].message}</>}.
        </p>
      )}
      <Figures traffic={traffic} />
      <div class="pictures">
        {series && (
          <Rates series={series} outlook={outlook} capacity={option?.capacity.capacity_qps ?? null} />
        )}
        {rates.calendar && rates.calendar.whole_hours >= 24 && <Week calendar={rates.calendar} />}
      </div>
      <Taking traffic={traffic} onTake={onTake} />
      {option && <Outlook traffic={traffic} option={option} />}
    </>
  );
}

interface TrafficProps {
  log: LogReader;
  /** The option that is looked at. */
  option: DeploymentOption | null;
  onTake: (taken: Taken) => void;
}

export function Traffic({ log, option, onTake }: TrafficProps) {
  const { state, read, forget } = log;
  const [isOver, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) read(file);
  };
  return (
    <section
      class={isOver ? 'traffic over' : 'traffic'}
      aria-labelledby="traffic"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <h2 id="traffic" class={state.kind === 'read' ? '' : 'unseen'}>Traffic</h2>
      {state.kind === 'read' ? (
        <Seen traffic={state.traffic} option={option} onTake={onTake} onForget={forget} />
      ) : (
        <div class="log-head">
          <p>
            {state.kind === 'none' && <>Have a log of requests? Plan for the traffic that you really have.</>}
            {state.kind === 'reading' && <span role="status">Reading {state.name}…</span>}
            {state.kind === 'refused' && (
              <span class="error" role="alert">
                {state.name}: {state.refusal.path} {state.refusal.message}
                {state.refusal.given && <> (<code>{state.refusal.given}</code>)</>}
                {state.refusal.allowed && <>; allowed: {state.refusal.allowed}</>}
                {state.refusal.help && <>. {state.refusal.help}</>}
              </span>
            )}
            <span class="quiet sub">
              CSV with time and tokens, OpenTelemetry spans, the answer of a Prometheus range query, results of
              GuideLLM and vLLM, traces of Azure, BurstGPT and Mooncake. It stays on this machine.
            </span>
          </p>
          <div class="tools">
            <input
              ref={chooser}
              type="file"
              class="unseen"
              tabIndex={-1}
              aria-label="A log of requests"
              accept=".csv,.tsv,.txt,.json,.jsonl"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                event.currentTarget.value = '';
                if (file) read(file);
              }}
            />
            <button type="button" class="plain" onClick={() => chooser.current?.click()}>Choose a log…</button>
            <button type="button" class="plain" onClick={() => read(null)}>Show an example</button>
          </div>
        </div>
      )}
      {state.kind === 'refused' && state.header && (
        <Columns
          key={state.header.names.join()}
          header={state.header}
          onRead={(columns) => read(state.file, columns)}
        />
      )}
    </section>
  );
}
