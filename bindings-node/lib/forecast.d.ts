// Forecasts of series.

import type {
  Explanation,
  ForecastManyRequestInput,
  ForecastOptionsInput,
  ForecastTable,
  SeriesForecast,
} from '../types.js';
import type { Column, SizewellError } from './api.js';

/** Values oldest first: a list, null where missing, or a typed array, NaN where missing. */
export type SeriesValues = readonly (number | null)[] | Column;

/** What a model expects of the steps after a series; made by {@link forecast}. */
export class Forecast {
  private constructor();
  /** The expected value of each step. */
  readonly mean: Float64Array;
  /** The model as it was fitted. */
  readonly model: string;
  /** The lower ends of the intervals that hold a share `level` of outcomes, step by step. */
  lower(level: number): Float64Array;
  /** The upper ends of the intervals that hold a share `level` of outcomes, step by step. */
  upper(level: number): Float64Array;
  /** Joint samples of all steps; the same for the same seed, a whole number below 2³². */
  paths(count: number, seed?: number): Float64Array[];
  /** Why: seasons, scale, parameters, the models that it is made of, what was noticed. */
  explain(): Explanation;
  /** The forecast of as many steps after the values that follow the series, without fitting anew. */
  update(values: SeriesValues): Forecast;
  /** Mean, intervals at the levels asked for, and the explanation, as plain data. */
  toJSON(): SeriesForecast;
}

/**
 * Forecasts a series of values at a fixed step, by a model that is chosen and combined unless
 * `options` names one.
 *
 * @param times of each value in seconds since the Unix epoch, in place of `start_seconds` and
 *   `step_seconds`; gaps within 12% of the median gap are regular, other times are resampled to the
 *   median gap by their mean
 * @throws {SizewellError} `empty` for a series without values, `invalid_value` at a value, a time or
 *   an option, `missing_field` at `seasonal_periods` for a model that is made of seasons
 */
export function forecast(values: SeriesValues, options: ForecastOptionsInput, times?: Column | null): Forecast;

/** How many series are forecast, but for their values. */
export type ForecastManyOptions = Omit<ForecastManyRequestInput, 'values' | 'offsets' | 'times'>;

/**
 * Forecasts by columns, the numbers in typed arrays: all steps of the first series, then of the
 * second, …; NaN for a series that can't be forecast.
 */
export type Forecasts = Omit<ForecastTable, 'mean' | 'intervals'> & {
  mean: Float64Array;
  intervals: { level: number; lower: Float64Array; upper: Float64Array }[];
};

/**
 * Forecasts many series at once, in Node on all processors. A series that can't be forecast is no
 * error: the table's `errors` say why, and the others are answered all the same.
 *
 * @param series a list of series; or, with `offsets`, the values of all, one series after the other
 * @param offsets where each series begins in the values, from 0, and where the last ends
 * @param times of each value of all series in seconds since the Unix epoch, in place of
 *   `start_seconds` and `step_seconds`
 * @throws {SizewellError} for a horizon, level, model or season out of range, offsets that are not
 *   in order, and columns of different lengths
 */
export function forecastMany(
  series: readonly SeriesValues[],
  options: ForecastManyOptions,
  offsets?: null,
  times?: Column | null,
): Forecasts;
export function forecastMany(
  values: SeriesValues,
  options: ForecastManyOptions,
  offsets: Column,
  times?: Column | null,
): Forecasts;
