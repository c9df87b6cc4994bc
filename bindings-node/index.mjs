// The CommonJS module does the work, so that both kinds of import share one Catalog and one
// SizewellError.
import sizewell from './index.js';

export const {
  Catalog,
  SizewellError,
  calibrate,
  calibrateAsync,
  catalog,
  compare,
  compareAsync,
  estimate,
  estimateMany,
  healthAsync,
  intentPrompt,
  maxRate,
  memoryPlan,
  modelFromHuggingfaceConfig,
  parseIntent,
  parseIntentAnswer,
  predict,
  queue,
  recommend,
  recommendAsync,
  renderManifests,
  replicasFor,
  sensitivity,
  sensitivityAsync,
  specify,
  summarizeTrace,
} = sizewell;
