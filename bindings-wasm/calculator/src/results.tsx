// The answer: in a sentence, then the option that is looked at, then all of them.

import type { DeploymentOption, ErrorReport, Recommendation, Unmeasured } from 'sizewell-wasm';
import { Apart } from './apart';
import { Chart } from './chart';
import { Detail, Verdict } from './detail';
import { controlId, fieldOf } from './fields';
import { count, plural } from './format';
import { Manifests } from './manifests';
import type { Plan } from './plan';
import type { Scenario } from './state';
import { Table } from './table';

/** The option that is looked at: the chosen one, where it still is there, or the best. */
export function lookedAt({ options, near_misses }: Recommendation, id: string): DeploymentOption | null {
  const all = [...options, ...near_misses];
  return all.find((option) => option.id === id) ?? all[0] ?? null;
}

function Refused({ report }: { report: ErrorReport }) {
  const field = fieldOf(report);
  return (
    <div class="refused" role="alert">
      <p>
        <strong>{field ? `${field.label}: ` : ''}{report.message}</strong>
        {report.given && <> (<code>{report.given}</code>)</>}
        {report.help && <>. {report.help}</>}
      </p>
      {field && (
        <button type="button" class="plain" onClick={() => {
          const control = document.getElementById(controlId(field));
          control?.closest('details')?.setAttribute('open', '');
          control?.focus();
        }}>
          Go to the value
        </button>
      )}
    </div>
  );
}

function NotMeasured({ unmeasured, onLengths }: {
  unmeasured: Unmeasured;
  onLengths: (input: number, output: number) => void;
}) {
  return (
    <div class="unmeasured">
      <p>
        Nothing was measured at {count(unmeasured.asked.input_tokens)}→
        {count(unmeasured.asked.output_tokens)} tokens, and nothing is made up. Plan for lengths that were:
      </p>
      <div class="choices">
        {unmeasured.nearest.map(({ input_tokens, output_tokens, benchmarks }) => (
          <button
            key={`${input_tokens}-${output_tokens}`}
            type="button"
            class="choice"
            onClick={() => onLengths(input_tokens, output_tokens)}
          >
            {count(input_tokens)}→{count(output_tokens)} <span class="quiet">{plural(benchmarks, 'benchmark')}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function Welcome({ started }: { started: boolean }) {
  return (
    <div class="welcome">
      <h3>{started ? 'Almost there' : 'Options appear here'}</h3>
      <p>
        {started
          ? 'A plan needs a use case and a load. Answer the question above, or fill in the specification.'
          : 'Say in a sentence what you want to serve, or fill in the use case and the users of the specification.'}
      </p>
      <ol>
        <li><strong>Read.</strong> What was understood is shown with the words that it came from.</li>
        <li><strong>Specified.</strong> Each value says whether it was given, comes from a template or was derived.</li>
        <li><strong>Planned.</strong> Every deployment with benchmarks is sized for your peak, priced, and held against your targets.</li>
        <li><strong>Explained.</strong> The reasons, the evidence, and Kubernetes manifests to take away.</li>
      </ol>
    </div>
  );
}

interface ResultsProps {
  scenario: Scenario;
  plan: Plan;
  /** The option that is looked at. */
  option: DeploymentOption | null;
  /** The plan that is shown: this one, or the last that worked. */
  seen: Plan;
  incomplete: boolean;
  onOption: (id: string) => void;
  onLengths: (input: number, output: number) => void;
}

export function Results({ scenario, plan, option, seen, incomplete, onOption, onLengths }: ResultsProps) {
  const { recommendation } = seen;
  const stale = seen !== plan;
  const shown = recommendation ? recommendation.options.length + recommendation.near_misses.length : 0;
  return (
    <section class="results" id="results" aria-labelledby="results-title" tabIndex={-1}>
      <h2 class="unseen" id="results-title">Options</h2>
      {!incomplete && plan.refusal && <Refused report={plan.refusal} />}
      {!recommendation && incomplete && <Welcome started={scenario.ask.trim() !== ''} />}
      {recommendation && (
        <div class={stale ? 'answer stale' : 'answer'}>
          {stale && <p class="stale-note">Below: the last values that could be planned.</p>}
          <p class="summary">{recommendation.summary}</p>
          {recommendation.notes.length > 0 && (
            <ul class="notes">
              {recommendation.notes.map((note) => <li key={note}>{note}</li>)}
            </ul>
          )}
          {recommendation.unmeasured && (
            <NotMeasured unmeasured={recommendation.unmeasured} onLengths={onLengths} />
          )}
          {option && (
            <div class="overview">
              <Verdict option={option} isBest={option === recommendation.options[0]} />
              {shown > 1 && (
                <Chart recommendation={recommendation} selected={option.id} onOption={onOption} />
              )}
            </div>
          )}
          {recommendation.options.length > 0 && (
            <Table recommendation={recommendation} selected={option?.id ?? ''} onOption={onOption} />
          )}
          {option && <Detail option={option} />}
          {option && <Manifests option={option} />}
          <Apart recommendation={recommendation} selected={option?.id ?? ''} onOption={onOption} />
        </div>
      )}
    </section>
  );
}
