// Which of a log's rates a plan is made for.

import type { WindowRates } from 'sizewell-wasm';
import type { Traffic } from './reading';

/** As long as people wait without complaint. */
const WINDOW_SECONDS = 60;
const FEWEST_WINDOWS = 20;

/** The rates of its minutes, or of shorter windows where there are few. */
export function planned({ rates: { windows } }: Traffic): WindowRates | null {
  const enough = windows.filter((rates) => rates.window_seconds <= WINDOW_SECONDS && rates.windows >= FEWEST_WINDOWS);
  return enough.at(-1) ?? windows[0] ?? null;
}
