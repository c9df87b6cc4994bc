// What the Node and the WebAssembly package share, as far as it is not generated: types of data are
// in types.d.ts, most functions in functions.d.ts.

import type {
  Benchmark,
  BenchmarkInput,
  CalibrateRequestInput,
  CatalogDataInput,
  ErrorCode,
  ErrorReport,
  EstimateColumnsInput,
  EstimateTable,
  Gpu,
  HealthReport,
  Instance,
  LoggedRequestInput,
  MeasuredPointInput,
  Model,
  Price,
  QualityScore,
  UtcOffset,
} from '../types.js';

export * from './forecast.js';
export * from './functions.js';
export * from './session.js';
export type * from './traces.js';
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

/** Rows as columns: each a list, or one value for all rows. */
export type ColumnsOf<Row> = { [Name in keyof Row]: Row[Name] | readonly Row[Name][] };

/** A deployment and what was measured of it; points and logs may come as columns. */
export type MeasuredDeployment = Omit<CalibrateRequestInput, 'points' | 'logs'> & {
  points?: readonly MeasuredPointInput[] | ColumnsOf<MeasuredPointInput>;
  logs?: readonly { requests: readonly LoggedRequestInput[] | ColumnsOf<LoggedRequestInput> }[];
};

/**
 * The offsets of a time zone from `start` to `end`, for the options that take `utc_offsets`: hours of
 * the day and days of the week then follow the clock on the wall, through daylight saving too.
 *
 * @param zone its name in the tz database, such as `Europe/Berlin`
 * @param start the beginning of the traffic: a date, or seconds since the Unix epoch
 * @param end its end, likewise, at most 200 years later; for traffic that is to be generated or planned,
 *   the end of that
 * @throws {SizewellError} `unknown_name` at `zone`, `invalid_value` at `start` or `end`
 */
export function utcOffsets(zone: string, start: number | Date, end: number | Date): UtcOffset[];
