// Numbers as people read them. Figures that a plan depends on are never rounded elsewhere.

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const significant = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });

export const count = (value: number): string => whole.format(value);

/** Milliseconds; the unit stands apart. */
export function ms(value: number): string {
  return value < 100 ? one.format(value) : whole.format(value);
}

export function usd(value: number): string {
  if (value === 0) return '$0';
  if (value >= 1000) return `$${whole.format(value)}`;
  if (value >= 1) return `$${value.toFixed(2)}`;
  return `$${significant.format(value)}`;
}

export const percent = (fraction: number): string => `${whole.format(fraction * 100)}%`;
export const figure = (value: number): string => significant.format(value);
export const score = (value: number | null): string => (value === null ? '–' : whole.format(value));

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A time in the unit that suits it. */
export function span(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${figure(seconds / 86_400)} days`;
  return seconds >= 5400 ? `${figure(seconds / 3600)} hours` : `${figure(seconds / 60)} minutes`;
}
