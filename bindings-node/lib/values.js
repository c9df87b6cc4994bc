'use strict';

// Values as they cross to the native half and back: what is refused, how it is written, what it threw.

const MAX_DEPTH = 100;
const MAX_LENGTH = 10_000_000;
const MAX_GIVEN = 80;
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

function checkLength(list, path) {
  if (list.length <= MAX_LENGTH) return;
  const detail = { given: String(list.length), allowed: `at most ${MAX_LENGTH}` };
  throw refusal('too_large', path, 'has too many elements', detail);
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
    checkLength(value, path);
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

/** Does what the native half may refuse. */
function asking(work) {
  try {
    return work();
  } catch (thrown) {
    throw translated(thrown);
  }
}

/** Does what the native half answers in JSON. */
const call = (work) => asking(() => JSON.parse(work()));

const isTypedArray = (column) => ArrayBuffer.isView(column) && !(column instanceof DataView);

/** Values or times as an array of floats, NaN where missing. */
function floats(values, name) {
  if (values instanceof Float64Array) return values;
  const isNumbers = isTypedArray(values) && !(values instanceof BigInt64Array || values instanceof BigUint64Array);
  if (isNumbers) return Float64Array.from(values);
  if (!Array.isArray(values)) throw wrongType(name, Object.prototype.toString.call(values).slice(8, -1));
  checkLength(values, name);
  return Float64Array.from(values, (value, index) => {
    if (value == null) return NaN;
    if (typeof value !== 'number') throw wrongType(`${name}[${index}]`, typeof value);
    return value;
  });
}

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

module.exports = {
  MAX_LENGTH,
  SizewellError,
  asking,
  call,
  check,
  floats,
  isTypedArray,
  joined,
  reading,
  refusal,
  translated,
  write,
  wrongType,
};
