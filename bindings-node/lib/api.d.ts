// The functions that the Node and the WebAssembly package share. Types of data are generated from
// the Rust types: see types.d.ts.

import type {
  Benchmark,
  BenchmarkInput,
  CalibrateRequestInput,
  Calibration,
  CalibrationOptionsInput,
  CatalogDataInput,
  Comparison,
  DeploymentOptionInput,
  ErrorCode,
  ErrorReport,
  Estimate,
  EstimateColumnsInput,
  EstimateRequestInput,
  EstimateTable,
  FleetMaxRate,
  FleetPrediction,
  FleetSize,
  Gpu,
  HealthReport,
  Instance,
  Intent,
  IntentInput,
  IntentPrompt,
  JsonValue,
  LoggedRequestInput,
  Manifest,
  ManifestSettingsInput,
  MeasuredPointInput,
  MemoryPlan,
  MemoryRequestInput,
  Model,
  ParsedIntent,
  PredictRequestInput,
  Price,
  QualityScore,
  QueueRequestInput,
  QueueResult,
  Recommendation,
  ScenarioInput,
  Sensitivity,
  Specification,
  SpecificationInput,
  TraceSummary,
} from '../types.js';

export type * from '../types.js';

/**
 * Why an input was refused. `message` says all of it; the properties say it for programs.
 *
 * `JSON.stringify(error)` gives the {@link ErrorReport}.
 */
export class SizewellError extends Error {
  private constructor();
  readonly name: 'SizewellError';
  /** The kind of mistake; its spelling is stable. */
  readonly code: ErrorCode;
  /** The offending field, such as `slo.ttft_ms` or `benchmarks[3].gpu`. */
  readonly path: string;
  /** What was given, shortened to 80 characters. */
  readonly given: string | null;
  /** What is allowed. */
  readonly allowed: string | null;
  /** What to do about it. */
  readonly help: string | null;
  /** The nearest names that are known, nearest first; empty when no name is at fault. */
  readonly suggestions: string[];
  /** The error as plain data. */
  toJSON(): ErrorReport;
}

/**
 * Models, GPUs, prices, instances and benchmarks, indexed; made by {@link catalog} or
 * {@link Catalog.fromData}.
 *
 * The lists are read from the native half at first use, and frozen.
 */
export class Catalog {
  private constructor();

  /**
   * A catalog of rows of your own.
   *
   * @throws {SizewellError} `duplicate` for two models or GPUs with one id; whatever else is wrong
   *   with a row, with the row in the path (`models[3].context_tokens`)
   */
  static fromData(data: CatalogDataInput): Catalog;

  /** Models, in the catalog's order. */
  readonly models: readonly Model[];
  /** GPUs, in the catalog's order. */
  readonly gpus: readonly Gpu[];
  /** Prices of GPUs, in USD per GPU and hour. */
  readonly prices: readonly Price[];
  /** Rentable machines. */
  readonly instances: readonly Instance[];
  /** Quality of models by use case, 0 to 100. */
  readonly quality: readonly QualityScore[];
  /** The catalog's own benchmarks, impossible rows included; not those of {@link withBenchmarks}. */
  readonly benchmarks: readonly Benchmark[];

  /**
   * The model of any of its names, in any case, with or without the organisation.
   *
   * @throws {SizewellError} `unknown_name`, with the nearest names as suggestions
   */
  model(name: string): Model;

  /**
   * The GPU of any of its names: `H100`, `h100_sxm`, `NVIDIA-H100-80GB-HBM3`.
   *
   * @throws {SizewellError} `unknown_name`, with the nearest names as suggestions
   */
  gpu(name: string): Gpu;

  /**
   * Whether the catalog is in order: missing cross-references, prices older than 180 days,
   * benchmarks older than 365, duplicates, figures that cannot be true.
   *
   * @param asOf the day that ages are counted to: `2026-11-20`, or a Date, whose day in UTC counts
   * @throws {SizewellError} `invalid_value` for what is no day
   */
  health(asOf: string | Date): HealthReport;

  /**
   * This catalog with benchmarks of your own laid over it: where they know a deployment at the
   * asked token lengths, the catalog's are not asked about it.
   *
   * @throws {SizewellError} with the row in the path (`benchmarks[3].gpu`)
   */
  withBenchmarks(records: readonly BenchmarkInput[]): Catalog;

  /**
   * This catalog with rows of your own laid over it: models, GPUs, prices and the rest. A row about
   * the same thing as one of the catalog's takes its place.
   *
   * @throws {SizewellError} with the row in the path (`models[0].context_tokens`)
   */
  withRows(rows: CatalogDataInput): Catalog;
}

/**
 * The curated catalog that is part of the package; the same object at each call. The first call
 * reads and indexes it.
 */
export function catalog(): Catalog;

/**
 * Reads an intent from a sentence, offline: what was understood, from which words, what was
 * assumed, and what to ask next.
 *
 * @param text at most 65,536 bytes
 * @throws {SizewellError} `empty` for a text without words, `too_large` for one that is too long
 */
export function parseIntent(text: string): ParsedIntent;

/**
 * What to send to a language model of yours to get an intent from a text. Nothing is sent from here.
 *
 * @param text at most 65,536 bytes
 * @throws {SizewellError} `empty` for a text without words, `too_large` for one that is too long
 */
export function intentPrompt(text: string): IntentPrompt;

/**
 * Reads a language model's answer to {@link intentPrompt}: JSON, in a fenced block or inside prose
 * as well.
 *
 * @throws {SizewellError} `invalid_json` where there is no JSON object in it; otherwise what is
 *   wrong with the intent
 */
export function parseIntentAnswer(answer: string): Intent;

/**
 * Completes an intent: traffic, latency targets and constraints, each with its origin, free to be
 * edited.
 *
 * @throws {SizewellError} `missing_field` without `users` or `qps`, or without `use_case` and token
 *   lengths; `contradiction` for targets that contradict one another; `invalid_value` and others
 */
export function specify(intent: IntentInput): Specification;

/**
 * Finds the best deployments for a specification. That nothing fits is no error: `near_misses`
 * and `rejected` say why.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} `unknown_name` for a model, GPU or provider that the catalog does not
 *   have; what is wrong with the specification
 */
export function recommend(specification: SpecificationInput, catalog?: Catalog | null): Recommendation;

/**
 * Recommends for every scenario and says how each differs from the first.
 *
 * @param scenarios 1 to 100, the baseline first
 * @param catalog by default the curated one
 * @throws {SizewellError} with the scenario in the path (`scenarios[1].specification.slo.ttft_ms`)
 */
export function compare(scenarios: readonly ScenarioInput[], catalog?: Catalog | null): Comparison;

/**
 * Which input moves the cost of the cheapest deployment most: the specification planned again with
 * one value changed at a time.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} as {@link recommend}
 */
export function sensitivity(specification: SpecificationInput, catalog?: Catalog | null): Sensitivity;

/**
 * Kubernetes manifests of a deployment, as data and as YAML.
 *
 * @param catalog the one that the option is from; by default the curated one
 * @throws {SizewellError} `unknown_name` when the catalog does not have the option's model or GPU,
 *   `invalid_value` for names that Kubernetes refuses
 */
export function renderManifests(
  option: DeploymentOptionInput,
  settings?: ManifestSettingsInput | null,
  catalog?: Catalog | null,
): Manifest[];

/** Numbers: a list, or a typed array. */
export type Column =
  | readonly number[]
  | Float64Array
  | Float32Array
  | Uint32Array
  | Int32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array;

/**
 * Requests in order of arrival, as columns of equal length. `Float64Array` and `Uint32Array` cross
 * to the native half without a detour.
 */
export interface TraceColumns {
  /** Arrival of each request in milliseconds since the trace's start, ascending. */
  arrival_ms: Column;
  /** Tokens of each prompt. */
  input_tokens: Column;
  /** Tokens of each answer. */
  output_tokens: Column;
}

/**
 * A trace's character: request rates, burstiness, token lengths.
 *
 * @throws {SizewellError} `empty` for fewer than two requests, `contradiction` for columns of
 *   different lengths, `invalid_value` for times that descend
 */
export function summarizeTrace(trace: TraceColumns): TraceSummary;

/**
 * How a model on a GPU behaves under a load, with 90% prediction intervals, from the data sheet and
 * the model's configuration alone. What cannot run is no error: its `reason` says why.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} `unknown_name` for a model or GPU that the catalog does not have;
 *   `missing_field` or `contradiction` for neither or both of `qps` and `concurrency`; what is wrong
 *   with the request
 */
export function estimate(request: EstimateRequestInput, catalog?: Catalog | null): Estimate;

/** Columns of requests in which a typed array may stand for a list of numbers, NaN for none. */
export type TypedEstimateColumns = {
  [Name in keyof EstimateColumnsInput]: EstimateColumnsInput[Name] | Column;
};

/** Columns of estimates, the numbers in typed arrays: NaN where a row has none. */
export type TypedEstimateTable = {
  [Name in keyof EstimateTable]: EstimateTable[Name] extends (number | null)[] ? Float64Array : EstimateTable[Name];
};

/**
 * {@link estimate} for every row of columns; a column may be one value for all rows. Where a column
 * is a typed array, those of the answer are too.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} as {@link estimate}, with the row in the path (`qps[17]`);
 *   `contradiction` for columns of different lengths
 */
export function estimateMany(columns: EstimateColumnsInput, catalog?: Catalog | null): EstimateTable;
export function estimateMany(columns: TypedEstimateColumns, catalog?: Catalog | null): TypedEstimateTable;

/**
 * Whether a model fits a GPU, with how much room for the KV cache, and why not. Without
 * `tensor_parallel`, on the smallest of 1, 2, 4, 8 GPUs at which it does.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} `unknown_name` for a model or GPU that the catalog does not have; what is
 *   wrong with the request
 */
export function memoryPlan(request: MemoryRequestInput, catalog?: Catalog | null): MemoryPlan;

/**
 * How a fleet behaves under its traffic: percentiles of waiting, time to first token, inter-token
 * latency and the whole request for lengths as distributions and arrivals with bursts or over the
 * day, with the narrowest target and the knee of the latency curve. That arrivals are not sustained
 * is no error: see `prediction.stable`.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} `missing_field` without `arrivals` or `clients`, `does_not_fit` with the
 *   arithmetic; what is wrong with the request
 */
export function predict(request: PredictRequestInput, catalog?: Catalog | null): FleetPrediction;

/**
 * The highest rate at which every target holds, and which one keeps it from being higher.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} as {@link predict}
 */
export function maxRate(request: PredictRequestInput, catalog?: Catalog | null): FleetMaxRate;

/**
 * The smallest number of replicas that meets every target, with those that may be gone on top.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} as {@link predict}; `contradiction` for targets that no number meets
 */
export function replicasFor(request: PredictRequestInput, catalog?: Catalog | null): FleetSize;

/** Rows as columns: each a list, or one value for all rows. */
export type ColumnsOf<Row> = { [Name in keyof Row]: Row[Name] | readonly Row[Name][] };

/** A deployment and what was measured of it; points and logs may come as columns. */
export type MeasuredDeployment = Omit<CalibrateRequestInput, 'points' | 'logs'> & {
  points?: readonly MeasuredPointInput[] | ColumnsOf<MeasuredPointInput>;
  logs?: readonly { requests: readonly LoggedRequestInput[] | ColumnsOf<LoggedRequestInput> }[];
};

/**
 * What benchmark points and logs of requests say of an engine beyond public measurements: factors
 * with standard errors, residuals, and `fitted`, to be given to estimates and predictions as
 * `calibration`.
 *
 * @param catalog by default the curated one
 * @throws {SizewellError} with the measurement in the path (`deployments[0].points[3].itl_ms`);
 *   `invalid_value` at `deployments` for data that say nothing
 */
export function calibrate(
  deployments: readonly MeasuredDeployment[],
  options?: CalibrationOptionsInput | null,
  catalog?: Catalog | null,
): Calibration;

/**
 * The steady state of a queue in closed form: Erlang B and C, M/M/1, M/M/c, with limited room,
 * M/D/1, M/G/1, Allen–Cunneen, birth–death chains, Little's law.
 *
 * @throws {SizewellError} `unstable` for more work than can be served; what is out of range
 */
export function queue(request: QueueRequestInput): QueueResult;

/**
 * A model from its Hugging Face `config.json`, for {@link Catalog.withRows}.
 *
 * @param config the file's text, or what it holds
 * @param id the model's id, such as `me/my-8b`
 * @param asOf the day on which it is read
 * @throws {SizewellError} `missing_field` or `invalid_value` with the configuration's key
 */
export function modelFromHuggingfaceConfig(
  config: string | { readonly [key: string]: JsonValue },
  id: string,
  asOf: string | Date,
): Model;
