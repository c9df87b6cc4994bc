// What a team may say about its deployment: every value of an intent, in the order in which one
// thinks about it, with the place where the specification holds it.

import type {
  DeploymentModel,
  Domain,
  ErrorReport,
  ExperienceClass,
  IntentInput,
  LicencePolicy,
  Priority,
  Quantile,
  Sizing,
  UseCase,
} from 'sizewell-wasm';

export type Choices = readonly (readonly [value: string, label: string])[];

/** A value of the intent. `path` is its place there, `at` its place in the specification. */
export interface Field {
  path: string;
  at: string;
  label: string;
  kind: 'number' | 'choice' | 'level' | 'names' | 'text';
  unit?: string;
  choices?: Choices;
  /** What the value is when nothing is said, for those that have no template. */
  otherwise?: string;
  list?: 'gpus' | 'models' | 'providers' | 'regions';
  help?: string;
  /** Only of interest for these ways to get GPUs. */
  only?: readonly DeploymentModel[];
}

export interface Group {
  title: string;
  fields: readonly Field[];
}

// As records, so that a name that the core adds or renames does not compile here until it has a label.
const USE_CASES: Record<UseCase, string> = {
  chatbot_conversational: 'Conversational chatbot',
  code_completion: 'Code completion',
  code_generation_detailed: 'Detailed code generation',
  translation: 'Translation',
  content_generation: 'Content generation',
  summarization_short: 'Short summaries',
  document_analysis_rag: 'Document analysis (RAG)',
  long_document_summarization: 'Long-document summaries',
  research_legal_analysis: 'Research and legal analysis',
};
const CLASSES: Record<ExperienceClass, string> = {
  instant: 'Instant',
  conversational: 'Conversational',
  interactive: 'Interactive',
  deferred: 'Deferred',
  batch: 'Batch',
};
const DOMAINS: Record<Domain, string> = {
  general: 'General',
  code: 'Code',
  multilingual: 'Multilingual',
  enterprise: 'Enterprise',
  finance: 'Finance',
  legal: 'Legal',
  medical: 'Medical',
  science: 'Science',
  vision: 'Vision',
};
const QUANTILES: Record<Quantile, string> = {
  p50: 'p50, the median',
  p90: 'p90',
  p95: 'p95',
  p99: 'p99',
  mean: 'Mean',
};
const LEVELS: Record<Priority, string> = { low: 'Low', medium: 'Medium', high: 'High' };
const WAYS: Record<DeploymentModel, string> = {
  cloud: 'Rent from a cloud',
  owned: 'Use what is there',
  purchase: 'Buy',
};
const SIZINGS: Record<Sizing, string> = {
  prediction: 'By prediction, any lengths',
  headroom: 'By benchmarks of these lengths',
};
const LICENCES: Record<LicencePolicy, string> = {
  commercial: 'Commercial use allowed',
  open_source: 'Open source only',
  any: 'Any',
};

const choices = (names: Record<string, string>): Choices => Object.entries(names);
const field = (
  kind: Field['kind'],
  path: string,
  label: string,
  more: Partial<Field> = {},
): Field => ({ kind, path, at: path, label, ...more });

const hardware: readonly DeploymentModel[] = ['owned', 'purchase'];

export const GROUPS: readonly Group[] = [
  {
    title: 'Use',
    fields: [
      field('choice', 'use_case', 'Use case', { choices: choices(USE_CASES), otherwise: 'None of these' }),
      field('choice', 'experience_class', 'Experience', {
        choices: choices(CLASSES),
        otherwise: 'As the use case',
        help: 'What the people who wait expect.',
      }),
      field('choice', 'domain', 'Subject', { choices: choices(DOMAINS), otherwise: 'Any' }),
    ],
  },
  {
    title: 'Traffic',
    fields: [
      field('number', 'users', 'Users', {
        at: 'traffic.users',
        help: 'People who have access, not those active at once.',
      }),
      field('number', 'load.active_fraction', 'Active at once', {
        at: 'traffic.active_fraction',
        unit: '0–1',
      }),
      field('number', 'load.requests_per_user_minute', 'Requests each', {
        at: 'traffic.requests_per_user_minute',
        unit: '/min',
      }),
      field('number', 'load.peak_factor', 'Peak factor', { at: 'traffic.peak_factor', unit: '×', help: 'Peak rate over mean rate.' }),
      field('number', 'qps', 'Peak rate', {
        at: 'traffic.peak_qps',
        unit: 'req/s',
        help: 'Requests per second at the peak. When given, it counts in place of the users.',
      }),
      field('number', 'input_tokens', 'Prompt', { at: 'traffic.input_tokens', unit: 'tokens' }),
      field('number', 'output_tokens', 'Answer', { at: 'traffic.output_tokens', unit: 'tokens' }),
    ],
  },
  {
    title: 'Targets',
    fields: [
      field('choice', 'percentile', 'Percentile', {
        at: 'slo.percentile',
        choices: choices(QUANTILES),
        otherwise: 'Default',
      }),
      field('number', 'ttft_ms', 'TTFT', {
        at: 'slo.ttft_ms',
        unit: 'ms',
        help: 'Time to the first token.',
      }),
      field('number', 'itl_ms', 'ITL', {
        at: 'slo.itl_ms',
        unit: 'ms',
        help: 'Inter-token latency: time between two tokens.',
      }),
      field('number', 'e2e_ms', 'Whole request', {
        at: 'slo.e2e_ms',
        unit: 'ms',
        help: 'From the request to its last token (E2E).',
      }),
    ],
  },
  {
    title: 'What matters',
    fields: [
      field('level', 'priorities.latency', 'Latency', { choices: choices(LEVELS) }),
      field('level', 'priorities.cost', 'Cost', { choices: choices(LEVELS) }),
      field('level', 'priorities.quality', 'Quality', { choices: choices(LEVELS) }),
    ],
  },
  {
    title: 'Limits',
    fields: [
      field('number', 'budget.usd_per_month', 'Budget', { unit: '$/month', otherwise: 'none' }),
      field('number', 'budget.usd_per_hour', 'Budget', { unit: '$/h', otherwise: 'none' }),
      field('choice', 'budget.strict', 'Above budget', {
        choices: [
          ['true', 'Never'],
          ['false', 'May exceed a little'],
        ],
      }),
      field('number', 'max_gpus', 'Most GPUs', { otherwise: 'any' }),
      field('choice', 'sizing', 'Sized', { choices: choices(SIZINGS) }),
      field('number', 'headroom_fraction', 'Headroom', {
        unit: '0.2 = 20%',
        otherwise: 'usual',
        help: 'Capacity kept free above the peak, as a fraction: unless given 0.2 by benchmarks and 0 by prediction, which keeps a reserve of its own.',
      }),
    ],
  },
  {
    title: 'Hardware and models',
    fields: [
      field('choice', 'deployment_model', 'GPUs', { choices: choices(WAYS) }),
      field('text', 'provider', 'Provider', { otherwise: 'cheapest', list: 'providers', only: ['cloud'] }),
      field('text', 'region', 'Region', { otherwise: 'any', list: 'regions', only: ['cloud'] }),
      field('number', 'datacenter.power_usd_per_kwh', 'Electricity', {
        unit: '$/kWh',
        otherwise: 'paid for',
        only: hardware,
      }),
      field('number', 'datacenter.pue', 'PUE', {
        help: 'Power of the whole site over that of the machines.',
        only: hardware,
      }),
      field('number', 'datacenter.rack_usd_per_month', 'Rack', {
        unit: '$/month',
        otherwise: 'not counted',
        only: hardware,
      }),
      field('number', 'datacenter.amortization_months', 'Written off in', {
        unit: 'months',
        only: ['purchase'],
      }),
      field('names', 'gpus.preferred', 'Only GPUs', { otherwise: 'any', list: 'gpus' }),
      field('names', 'gpus.excluded', 'Not GPUs', { otherwise: 'none', list: 'gpus' }),
      field('names', 'models.preferred', 'Only models', { otherwise: 'any', list: 'models' }),
      field('names', 'models.excluded', 'Not models', { otherwise: 'none', list: 'models' }),
      field('choice', 'licence', 'Licence', { choices: choices(LICENCES) }),
    ],
  },
];

export const FIELDS: readonly Field[] = GROUPS.flatMap((group) => group.fields);

/** Edited values by the path in the intent, as typed. An empty text takes the value away. */
export type Edits = Readonly<Record<string, string>>;

const NUMBER = /^[+-]?(\d[\d, _]*)?(\.\d+)?(e[+-]?\d+)?$/i;

/** What was typed, as the core takes it. What is no number stays text, for the core to refuse. */
function read(field: Field, typed: string): unknown {
  const text = typed.trim();
  if (text === '') return undefined;
  if (field.kind === 'names') {
    return text.split(',').map((name) => name.trim()).filter(Boolean);
  }
  if (field.path === 'budget.strict') return text === 'true';
  if (field.kind !== 'number') return text;
  const number = Number(text.replaceAll(/[, _]/g, ''));
  return NUMBER.test(text) && Number.isFinite(number) ? number : text;
}

/** The value at a path such as `slo.ttft_ms`. */
export function valueAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
    object,
  );
}

/** The intent with the edits laid over it. */
export function edited(intent: IntentInput, edits: Edits): IntentInput {
  const result = structuredClone(intent) as Record<string, unknown>;
  for (const field of FIELDS) {
    const typed = edits[field.path];
    if (typed === undefined) continue;
    const value = read(field, typed);
    const keys = field.path.split('.');
    const last = keys.pop() as string;
    let parent = result;
    for (const key of keys) parent = (parent[key] ??= {}) as Record<string, unknown>;
    // Left out rather than null: then the core's own default counts.
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return result as IntentInput;
}

/** A value as one would type it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return String(value);
}

/** The label of a choice, or the value itself. */
export function named(field: Field, value: unknown): string {
  const text = shown(value);
  return field.choices?.find(([name]) => name === text)?.[1] ?? text;
}

const LOAD = ['users', 'load.active_fraction', 'load.requests_per_user_minute', 'load.peak_factor'];

/** The edits after one more. Users that are typed count, so a peak rate that was there goes. */
export function withEdit(edits: Edits, path: string, typed: string, said: IntentInput | null): Edits {
  const { qps, ...others } = { ...edits, [path]: typed };
  if (!LOAD.includes(path) || typed.trim() === '') return { ...edits, [path]: typed };
  return said?.qps == null ? others : { ...others, qps: '' };
}

/** The edits without one. */
export function withoutEdit(edits: Edits, path: string): Edits {
  return Object.fromEntries(Object.entries(edits).filter(([name]) => name !== path));
}

/** The id of a field's control in the page. */
export const controlId = (field: Field): string => `field-${field.path.replaceAll('.', '-')}`;

/** The field that an error is about. */
export function fieldOf(report: Pick<ErrorReport, 'path'> | null): Field | null {
  if (!report?.path) return null;
  const path = report.path.replace(/\[\d+\].*$/, '');
  const exact = FIELDS.find((field) => field.path === path || field.at === path);
  return exact ?? FIELDS.find((field) => field.path.startsWith(`${path}.`)) ?? null;
}

/** The edit that puts a known name in the place of one that is not. */
export function corrected(field: Field, typed: string, report: ErrorReport, name: string): string {
  if (field.kind !== 'names') return name;
  const names = read(field, typed) as string[] | undefined ?? [];
  const place = Number(/\[(\d+)\]/.exec(report.path)?.[1] ?? 0);
  return names.map((old, index) => (index === place ? name : old)).join(', ');
}
