import type { Catalog, MeasuredDeployment } from './lib/api.js';
import type {
  Calibration,
  CalibrationOptionsInput,
  Comparison,
  HealthReport,
  Recommendation,
  ScenarioInput,
  Sensitivity,
  SpecificationInput,
} from './types.js';

export * from './lib/api.js';

/** As {@link recommend}, off the event loop. Rejects with a {@link SizewellError}. */
export function recommendAsync(
  specification: SpecificationInput,
  catalog?: Catalog | null,
): Promise<Recommendation>;

/** As {@link compare}, off the event loop. Rejects with a {@link SizewellError}. */
export function compareAsync(
  scenarios: readonly ScenarioInput[],
  catalog?: Catalog | null,
): Promise<Comparison>;

/** As {@link sensitivity}, off the event loop. Rejects with a {@link SizewellError}. */
export function sensitivityAsync(
  specification: SpecificationInput,
  catalog?: Catalog | null,
): Promise<Sensitivity>;

/** As {@link calibrate}, off the event loop. Rejects with a {@link SizewellError}. */
export function calibrateAsync(
  deployments: readonly MeasuredDeployment[],
  options?: CalibrationOptionsInput | null,
  catalog?: Catalog | null,
): Promise<Calibration>;

/** As {@link Catalog.health}, off the event loop. Rejects with a {@link SizewellError}. */
export function healthAsync(asOf: string | Date, catalog?: Catalog | null): Promise<HealthReport>;
