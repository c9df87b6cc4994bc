// Replays golden cases through an API of sizewell's. Runs in Node, in a page and in a worker.

const TOLERANCE = 1e-12;

/** Functions with settings of their own, or without a catalog, that take no rows as last argument. */
const WITHOUT_ROWS = ['render_manifests', 'calibrate', 'queue', 'model_from_huggingface_config', 'forecast', 'backtest', 'decompose', 'anomalies', 'changepoints', 'trend_direction', 'render_report'];

const camel = (name) => name.replace(/_./g, ([, letter]) => letter.toUpperCase());

function call(api, name, given) {
  if (name.startsWith('catalog_')) return api.catalog()[name.slice('catalog_'.length)](...given);
  const [first, rows] = given;
  if (name === 'forecast_many') {
    const { values, offsets, times, ...options } = first;
    return plain(api.forecastMany(values, options, offsets, times));
  }
  if (rows == null || WITHOUT_ROWS.includes(name)) return api[camel(name)](...given);
  const catalog = Array.isArray(rows) ? api.catalog().withBenchmarks(rows) : api.catalog().withRows(rows);
  return api[camel(name)](first, catalog);
}

/** A table with lists in place of arrays, null for NaN. */
function plain(table) {
  return JSON.parse(JSON.stringify(table, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));
}

/** What differs between a golden case and this API's answer to it; empty when nothing does. */
export function replay(api, { function: name, arguments: given, result, error, steps, ...rest }) {
  if (steps) return [false, true].flatMap((typed) => replaySteps(api, { ...rest, steps }, typed));
  return compared(api, () => call(api, name, given), { result, error });
}

/** A thing that is told and asked step by step, with its columns as lists or as typed arrays. */
function replaySteps(api, { class: kind, options, steps }, typed) {
  const told = new api[kind](options);
  return steps.flatMap(({ method, arguments: given, result, error }, place) => {
    const name = camel(method);
    const ask = () => {
      if (name === 'load') return api[kind].load(...given);
      return typeof told[name] === 'function' ? told[name](...(typed ? given.map(withArrays) : given)) : told[name];
    };
    // A list and a typed array are refused alike, in other words.
    const expected = typed && error ? { code: error.code, path: error.path, message: '' } : error;
    return compared(api, () => ask() ?? null, { result, error: expected }).map((what) => `${place} ${name}: ${what}`);
  });
}

/** The same with typed arrays in place of lists of numbers. */
function withArrays(given, name) {
  if (Array.isArray(given) && given.every(Number.isFinite)) {
    return given.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32)
      ? Uint32Array.from(given)
      : Float64Array.from(given);
  }
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (!isObject || name === 'options') return given;
  return Object.fromEntries(Object.entries(given).map(([field, part]) => [field, withArrays(part, field)]));
}

function compared(api, ask, { result, error }) {
  try {
    const returned = ask();
    const answer = returned?.toJSON?.() ?? returned;
    if (error) return [`gives an answer in place of the error ${error.code} at ${error.path}`];
    return differences(result, answer, 'result');
  } catch (thrown) {
    if (!(thrown instanceof api.SizewellError)) return [`throws ${thrown?.stack ?? thrown}`];
    if (!error) return [`throws ${thrown.message}`];
    const report = thrown.toJSON();
    const found = error.message ? differences(error, report, 'error') : [];
    for (const [field, value] of Object.entries(error)) {
      if (field !== 'message') found.push(...differences(value, thrown[field], `error.${field}`));
    }
    if (!thrown.message.includes(error.message)) found.push(`error.message lacks "${error.message}"`);
    return found;
  }
}

function differences(expected, given, path) {
  const actual = ArrayBuffer.isView(given) ? Array.from(given) : given;
  if (typeof expected === 'number' && typeof actual === 'number') {
    const isClose = Math.abs(expected - actual) <= TOLERANCE * Math.max(Math.abs(expected), Math.abs(actual));
    return isClose ? [] : [`${path}: ${expected} expected, ${actual} given`];
  }
  const isParted = (value) => typeof value === 'object' && value !== null;
  if (isParted(expected) && isParted(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(expected[key], actual[key], `${path}.${key}`));
  }
  return expected === actual ? [] : [`${path}: ${JSON.stringify(expected)} expected, ${JSON.stringify(actual)} given`];
}
