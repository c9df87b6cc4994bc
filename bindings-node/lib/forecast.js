'use strict';

// Forecasts: a fitted model and what it forecasts; numbers cross as typed arrays.

const { asking, call, floats, joined, reading, refusal, write } = require('./values.js');

/** Many series as the native half takes them: values, offsets, times and the JSON of options. */
function packedSeries(series, options, offsets, times) {
  const parts = [];
  const ends = [];
  if (offsets == null) {
    if (!Array.isArray(series)) {
      const given = Object.prototype.toString.call(series).slice(8, -1);
      throw refusal('invalid_type', 'series', 'has the wrong type', { given, allowed: 'a list of series, or values and offsets' });
    }
    ends.push(0);
    for (const [place, values] of series.entries()) {
      parts.push(floats(values, `series[${place}]`));
      ends.push(ends[place] + parts[place].length);
    }
  } else {
    parts.push(floats(series, 'series'));
    for (const [place, offset] of floats(offsets, 'offsets').entries()) {
      if (!(Number.isInteger(offset) && offset >= 0 && offset < 2 ** 32)) {
        const detail = { given: String(offset), allowed: 'a whole number from 0' };
        throw refusal('invalid_value', `offsets[${place}]`, 'is not an allowed value', detail);
      }
      ends.push(offset);
    }
  }
  const isFields = Object.prototype.toString.call(options) === '[object Object]';
  const fields = isFields ? { ...options, values: [], offsets: [] } : options;
  const clock = floats(times ?? [], 'times');
  return [joined(Float64Array, parts), Uint32Array.from(ends), clock, write(fields, 'options')];
}

/** What the native half answers about many series, as a table. */
function forecastTable(answers) {
  const { numbers } = answers;
  const table = JSON.parse(answers.labels);
  answers.free?.();
  const cells = table.horizon * table.models.length;
  const column = (place) => numbers.subarray(place * cells, (place + 1) * cells);
  const intervals = table.intervals.map(({ level }, place) => {
    return { level, lower: column(2 * place + 1), upper: column(2 * place + 2) };
  });
  return { ...table, mean: column(0), intervals };
}

/**
 * The class of forecasts, and the functions that make them.
 *
 * @param native returns the native half
 */
function createForecasts(native) {
  // The native half of each forecast.
  const fitted = new WeakMap();

  function forecastOf(make) {
    const wrapped = Object.create(Forecast.prototype);
    fitted.set(wrapped, asking(make));
    return wrapped;
  }

  class Forecast {
    constructor() {
      throw new TypeError('a Forecast is made by forecast(values, options)');
    }

    get mean() {
      return fitted.get(this).mean();
    }

    get model() {
      return this.toJSON().forecast.model;
    }

    lower(level) {
      return asking(() => fitted.get(this).lower(level));
    }

    upper(level) {
      return asking(() => fitted.get(this).upper(level));
    }

    paths(count, seed = 0) {
      const numbers = asking(() => fitted.get(this).paths(count, seed));
      const steps = numbers.length / count;
      return Array.from({ length: count }, (_, path) => numbers.subarray(path * steps, (path + 1) * steps));
    }

    explain() {
      return this.toJSON().explanation;
    }

    update(values) {
      return forecastOf(() => fitted.get(this).updated(reading('values', () => floats(values, 'values'))));
    }

    toJSON() {
      return call(() => fitted.get(this).report());
    }
  }

  function forecast(values, options, times) {
    return forecastOf(() => {
      const series = reading('values', () => floats(values, 'values'));
      const clock = reading('times', () => floats(times ?? [], 'times'));
      return native().FittedSeries.fit(series, clock, write(options, 'options'));
    });
  }

  function forecastMany(series, options, offsets, times) {
    return asking(() => {
      const columns = reading('series', () => packedSeries(series, options, offsets, times));
      return forecastTable(native().forecastMany(...columns));
    });
  }

  return { Forecast, forecast, forecastMany };
}

module.exports = { createForecasts, forecastTable, packedSeries };
