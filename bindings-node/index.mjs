// The CommonJS module does the work, so that both kinds of import share one Catalog and one
// SizewellError.
import sizewell from './index.js';

export const {
  Catalog,
  SizewellError,
  catalog,
  compare,
  compareAsync,
  estimate,
  estimateMany,
  healthAsync,
  intentPrompt,
  memoryPlan,
  parseIntent,
  parseIntentAnswer,
  recommend,
  recommendAsync,
  renderManifests,
  specify,
  summarizeTrace,
} = sizewell;
