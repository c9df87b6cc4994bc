'use strict';

// The package's functions over its native half: objects to JSON text and back, refusals to
// SizewellError. The WebAssembly package is made of this same file.

const MAX_DEPTH = 100;
const MAX_LENGTH = 10_000_000;
const MAX_GIVEN = 80;
const LISTS = ['models', 'gpus', 'prices', 'instances', 'quality', 'benchmarks'];
const LONE_SURROGATE = /\p{Surrogate}/u;

class SizewellError extends Error {
  #report;

  constructor(report, message, options) {
    super(message, options);
    this.#report = report;
    const { code, path, given, allowed, help, suggestions } = report;
    Object.assign(this, { code, path, given, allowed, help, suggestions });
  }

  toJSON() {
    return { ...this.#report };
  }
}
Object.defineProperty(SizewellError.prototype, 'name', { value: 'SizewellError' });

/** An error about input that JSON cannot carry, in the form of those of the native half. */
function refusal(code, path, message, { given = null, allowed = null, cause } = {}) {
  if (given !== null && given.length > MAX_GIVEN) given = `${given.slice(0, MAX_GIVEN - 1)}…`;
  const report = { code, path, message, given, allowed, help: null, suggestions: [] };
  let text = `${path}: ${message}`;
  if (given !== null) text += `, given \`${given}\``;
  if (allowed !== null) text += `; allowed: ${allowed}`;
  return new SizewellError(report, text, cause === undefined ? undefined : { cause });
}

function wrongType(path, given) {
  const allowed = 'text, a number, true, false, null, a list or an object of these';
  return refusal('invalid_type', path, 'has the wrong type', { given, allowed });
}

/** Refuses what JSON.stringify would drop, change or stumble over. */
function check(value, path, ancestors) {
  switch (typeof value) {
    case 'boolean':
    case 'undefined':
      return;
    case 'number':
      if (!Number.isFinite(value)) {
        const detail = { given: String(value), allowed: 'a finite number' };
        throw refusal('invalid_value', path, 'is not an allowed value', detail);
      }
      return;
    case 'string':
      if (LONE_SURROGATE.test(value)) {
        throw refusal('invalid_value', path, 'is no text', { allowed: 'text without half surrogate pairs' });
      }
      return;
    case 'object':
      if (value !== null) checkParts(value, path, ancestors);
      return;
    case 'bigint':
      throw wrongType(path, value < 1n << 256n && value > -(1n << 256n) ? `${value}n` : 'BigInt');
    default:
      throw wrongType(path, typeof value);
  }
}

function checkParts(value, path, ancestors) {
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind !== 'Object' && kind !== 'Array') throw wrongType(path, kind);
  if (typeof value.toJSON === 'function') throw wrongType(path, 'object with a toJSON function');
  if (ancestors.includes(value)) throw refusal('invalid_value', path, 'contains itself');
  if (ancestors.length >= MAX_DEPTH) {
    throw refusal('too_large', path, 'is nested too deeply', { allowed: `at most ${MAX_DEPTH} levels` });
  }
  // The fields of an argument have paths of their own; the items of a list have its name before them.
  const prefix = ancestors.length === 0 ? '' : `${path}.`;
  ancestors.push(value);
  if (Array.isArray(value)) {
    if (value.length > MAX_LENGTH) {
      const detail = { given: String(value.length), allowed: `at most ${MAX_LENGTH}` };
      throw refusal('too_large', path, 'has too many elements', detail);
    }
    for (let index = 0; index < value.length; index += 1) {
      const part = value[index];
      // A path for each of many thousand numbers would cost more than the rest of the call.
      if (!Number.isFinite(part)) check(part, `${path}[${index}]`, ancestors);
    }
  } else {
    for (const key of Object.keys(value)) check(value[key], prefix + key, ancestors);
  }
  ancestors.pop();
}

/** Does what reads an argument; what it throws becomes a refusal. */
function reading(name, work) {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof SizewellError) throw thrown;
    // A getter or proxy of the caller's threw, or the text is longer than the engine can hold.
    const given = thrown instanceof Error ? thrown.message : typeof thrown;
    throw refusal('invalid_value', name, 'cannot be read', { given, cause: thrown });
  }
}

/** An argument as JSON text; `name` is the path of an error about the whole of it. */
function write(value, name) {
  return reading(name, () => {
    check(value, name, []);
    return JSON.stringify(value ?? null);
  });
}

/** What the native half threw, as an error for the caller. */
function translated(thrown) {
  if (thrown instanceof SizewellError) return thrown;
  try {
    const { report, message } = JSON.parse(typeof thrown === 'string' ? thrown : thrown.message);
    return new SizewellError(report, message);
  } catch {
    return thrown;
  }
}

function call(work) {
  try {
    return JSON.parse(work());
  } catch (thrown) {
    throw translated(thrown);
  }
}

function frozen(value) {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/** A day as text; that of a Date is its day in UTC. */
function day(asOf) {
  if (Object.prototype.toString.call(asOf) !== '[object Date]') return asOf;
  const time = Number(asOf);
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString().split('T')[0];
}

/** A trace's columns, where they have the types that cross without a copy as text. */
function typedColumns(trace) {
  if (typeof trace !== 'object' || trace === null || Object.keys(trace).length !== 3) return null;
  const { arrival_ms: arrivals, input_tokens: inputs, output_tokens: outputs } = trace;
  const isTyped =
    arrivals instanceof Float64Array && inputs instanceof Uint32Array && outputs instanceof Uint32Array;
  return isTyped ? [arrivals, inputs, outputs] : null;
}

/** A trace with lists in place of typed arrays. */
function plainColumns(trace) {
  if (Object.prototype.toString.call(trace) !== '[object Object]') return trace;
  const columns = Object.entries(trace);
  if (!columns.some(([, column]) => isTypedArray(column))) return trace;
  return Object.fromEntries(columns.map(([name, column]) => [name, isTypedArray(column) ? Array.from(column) : column]));
}

/** Values or times as an array of floats, NaN where missing. */
function floats(values, name) {
  if (values instanceof Float64Array) return values;
  const isNumbers = isTypedArray(values) && !(values instanceof BigInt64Array || values instanceof BigUint64Array);
  if (isNumbers) return Float64Array.from(values);
  if (!Array.isArray(values)) throw wrongType(name, Object.prototype.toString.call(values).slice(8, -1));
  return Float64Array.from(values, (value, index) => {
    if (value == null) return NaN;
    if (typeof value !== 'number') throw wrongType(`${name}[${index}]`, typeof value);
    return value;
  });
}

/** A series as a list, null where missing. */
const plainSeries = (values) =>
  isTypedArray(values) ? Array.from(values, (value) => (Number.isNaN(value) ? null : value)) : values;

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
    series.forEach((values, place) => {
      parts.push(floats(values, `series[${place}]`));
      ends.push(ends[place] + parts[place].length);
    });
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

/** What arguments are before they are written, where that is not what was given. */
const READERS = { as_of: day, times: plainSeries, trace: plainColumns, values: plainSeries };

/** Arguments as the JSON of their list. */
function writeAll(names, given) {
  const texts = names.map((name, place) => {
    const reader = READERS[name];
    return write(reader ? reading(name, () => reader(given[place])) : given[place], name);
  });
  return `[${texts.join(',')}]`;
}

const isTypedArray = (column) => ArrayBuffer.isView(column) && !(column instanceof DataView);

/** One array of several lists. */
function joined(Kind, lists) {
  const all = new Kind(lists.reduce((length, list) => length + list.length, 0));
  let end = 0;
  for (const list of lists) {
    all.set(list, end);
    end += list.length;
  }
  return all;
}

/**
 * Columns as the native half takes them: a header that says where each is, numbers (NaN where none
 * is given) and codes of a few values (-1).
 */
function packed(columns) {
  const kind = Object.prototype.toString.call(columns).slice(8, -1);
  if (kind !== 'Object') throw wrongType('columns', kind);
  const header = {};
  const parts = { numbers: [], codes: [] };
  const ends = { numbers: 0, codes: 0 };
  const place = (name, part, list, ...rest) => {
    header[name] = { [part]: [ends[part], list.length, ...rest] };
    parts[part].push(list);
    ends[part] += list.length;
  };
  let isTyped = false;
  for (const [name, column] of Object.entries(columns)) {
    const numbers = isTypedArray(column) && !(column instanceof BigInt64Array || column instanceof BigUint64Array);
    if (!numbers) check(column, name, [columns]);
    isTyped ||= numbers;
    if (numbers) {
      place(name, 'numbers', column);
    } else if (!Array.isArray(column)) {
      header[name] = { one: column ?? null };
    } else if (column.every((cell) => cell == null || typeof cell === 'number')) {
      place(name, 'numbers', column.map((cell) => cell ?? NaN));
    } else {
      const known = new Map();
      const code = (cell) => known.get(cell) ?? known.set(cell, known.size).size - 1;
      const codes = column.map((cell) => (cell == null ? -1 : code(cell)));
      place(name, 'codes', codes, [...known.keys()]);
    }
  }
  const arrays = [joined(Float64Array, parts.numbers), joined(Int32Array, parts.codes)];
  return { header: JSON.stringify(header), arrays, isTyped };
}

/** What the native half answers to packed columns, as a table. */
function unpacked(answers, isTyped) {
  const { numbers, provenance, limitingResource } = answers;
  const labels = JSON.parse(answers.labels);
  answers.free?.();
  const rows = provenance.length;
  const reason = new Array(rows).fill(null);
  for (const [row, text] of labels.reasons) reason[row] = text;
  const table = {
    reason,
    provenance: Array.from(provenance, (code) => labels.provenance[code]),
    limiting_resource: Array.from(limitingResource, (code) => labels.limiting_resource[code] ?? null),
  };
  labels.numbers.forEach((name, place) => {
    const column = numbers.subarray(place * rows, (place + 1) * rows);
    table[name] = isTyped ? column : Array.from(column, (number) => (Number.isNaN(number) ? null : number));
  });
  return table;
}

const DAY_SECONDS = 86_400;

/** Whole seconds since the epoch. */
function wholeSeconds(time, path) {
  const seconds = Object.prototype.toString.call(time) === '[object Date]' ? Number(time) / 1000 : time;
  if (typeof seconds !== 'number' || !(Math.abs(seconds) <= 8.64e12)) {
    throw refusal('invalid_value', path, 'is no time', { allowed: 'a Date or seconds since 1970' });
  }
  return Math.floor(seconds);
}

/** What a zone's clock shows less UTC at a time, in seconds, by a function of the time. */
function clockOf(zone) {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' };
  const options = { ...numeric, second: 'numeric', timeZone: zone, hourCycle: 'h23', calendar: 'gregory' };
  let format;
  try {
    format = new Intl.DateTimeFormat('en-US', options);
  } catch (cause) {
    const detail = { given: String(zone), allowed: 'a name such as Europe/Berlin', cause };
    throw refusal('unknown_name', 'zone', 'no such time zone', detail);
  }
  return (seconds) => {
    const parts = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
  };
}

/** The offsets of a zone and when they change: no zone changes its clock twice a day. */
function utcOffsets(zone, start, end) {
  const [first, last] = [wholeSeconds(start, 'start'), wholeSeconds(end, 'end')];
  if (!(last >= first && last <= first + 200 * 366 * DAY_SECONDS)) {
    throw refusal('invalid_value', 'end', 'is not an allowed value', { allowed: 'up to 200 years after start' });
  }
  const offsetAt = clockOf(zone);
  let offset = offsetAt(first);
  const offsets = [{ from_seconds: first, offset_seconds: offset }];
  for (let at = first; at < last; at += DAY_SECONDS) {
    let [low, high] = [at, Math.min(at + DAY_SECONDS, last)];
    const later = offsetAt(high);
    if (later === offset) continue;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    offsets.push({ from_seconds: high, offset_seconds: later });
    offset = later;
  }
  return offsets;
}

/**
 * The public functions over a native half, and the tools to make more of them.
 *
 * @param native returns the native half; called at each use, so that it may be loaded late
 * @param functions the functions by name, with their arguments
 */
function createApi(native, functions) {
  // The native catalog of each Catalog, with those of its lists that were asked for.
  const inner = new WeakMap();
  let embedded;
  let empty;

  function wrap(make) {
    try {
      const wrapped = Object.create(Catalog.prototype);
      inner.set(wrapped, { native: make(), lists: {} });
      return wrapped;
    } catch (thrown) {
      throw translated(thrown);
    }
  }

  function parts(wrapped) {
    const found = inner.get(wrapped);
    if (found) return found;
    throw refusal('invalid_type', 'catalog', 'has the wrong type', { given: typeof wrapped, allowed: 'a Catalog' });
  }

  function list(wrapped, name) {
    const { native: rows, lists } = parts(wrapped);
    return (lists[name] ??= frozen(call(() => rows.list(name))));
  }

  function catalog() {
    return (embedded ??= wrap(() => native().Catalog.embedded()));
  }

  /** The native half of a catalog, by default of the curated one. */
  function handle(given) {
    return parts(given ?? catalog()).native;
  }

  /** A public function by its name in the core, as the native half is asked: text and handle. */
  function asked(name, given) {
    const names = functions[name].filter((argument) => argument !== 'catalog');
    const json = writeAll(names, given);
    const rows = names.length < functions[name].length ? handle(given[names.length]) : nothing();
    return [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), json, rows];
  }

  /** The handle for functions that look into no catalog, which need not wait for the curated one. */
  function nothing() {
    return (empty ??= native().Catalog.fromData('{}'));
  }

  function ofCatalog(wrapped, name, argument, given) {
    return call(() => native().call(name, writeAll([argument], [given]), parts(wrapped).native));
  }

  class Catalog {
    constructor() {
      throw new TypeError('a Catalog is made by catalog() or Catalog.fromData(data)');
    }

    static fromData(data) {
      return wrap(() => native().Catalog.fromData(write(data, 'data')));
    }

    model(name) {
      return ofCatalog(this, 'catalog_model', 'model', name);
    }

    gpu(name) {
      return ofCatalog(this, 'catalog_gpu', 'gpu', name);
    }

    health(asOf) {
      return ofCatalog(this, 'catalog_health', 'as_of', asOf);
    }

    withRows(rows) {
      return wrap(() => parts(this).native.withRows(write(rows, 'rows')));
    }

    withBenchmarks(records) {
      return wrap(() => parts(this).native.withBenchmarks(write(records, 'benchmarks')));
    }
  }

  for (const name of LISTS) {
    Object.defineProperty(Catalog.prototype, name, {
      get() {
        return list(this, name);
      },
    });
  }

  // The native half of each forecast.
  const fitted = new WeakMap();

  function forecastOf(make) {
    try {
      const wrapped = Object.create(Forecast.prototype);
      fitted.set(wrapped, make());
      return wrapped;
    } catch (thrown) {
      throw translated(thrown);
    }
  }

  function asking(work) {
    try {
      return work();
    } catch (thrown) {
      throw translated(thrown);
    }
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

  const api = { SizewellError, Catalog, Forecast, catalog, utcOffsets };
  for (const name of Object.keys(functions)) {
    api[name] = (...given) => call(() => native().call(...asked(name, given)));
  }
  Object.assign(api, {
    summarizeTrace: (trace) =>
      call(() => {
        const columns = reading('trace', () => typedColumns(trace));
        if (columns) return native().summarizeColumns(...columns);
        return native().call(...asked('summarizeTrace', [trace]));
      }),
    forecast: (values, options, times) =>
      forecastOf(() => {
        const series = reading('values', () => floats(values, 'values'));
        const clock = reading('times', () => floats(times ?? [], 'times'));
        return native().FittedSeries.fit(series, clock, write(options, 'options'));
      }),
    forecastMany: (series, options, offsets, times) =>
      asking(() => {
        const columns = reading('series', () => packedSeries(series, options, offsets, times));
        return forecastTable(native().forecastMany(...columns));
      }),
    estimateMany: (columns, rows) => {
      try {
        const { header, arrays, isTyped } = reading('columns', () => packed(columns));
        return unpacked(native().estimateMany(header, ...arrays, handle(rows)), isTyped);
      } catch (thrown) {
        throw translated(thrown);
      }
    },
  });
  return { api, tools: { asked, forecastTable, handle, packedSeries, reading, translated, writeAll } };
}

module.exports = { createApi };
