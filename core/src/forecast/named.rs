//! Models by name, as other languages and columns ask for them.

use serde::{Deserialize, Serialize};

use super::auto::Auto;
use super::autoregression::SeasonalAutoregression;
use super::croston::Intermittent;
use super::drift::Drift;
use super::ets::Ets;
use super::growth::CompoundGrowth;
use super::model::Forecaster;
use super::mstl::Mstl;
use super::naive::Naive;
use super::naive2::Naive2;
use super::seasonal_naive::SeasonalNaive;
use super::taylor::Taylor;
use super::theta::Theta;
use super::weekday::LinearWeekday;
use crate::error::{Error, Result};

/// The models that a forecast can be asked of by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForecastModel {
    /// Looks at the series, tries what may suit it and combines what does.
    #[default]
    Auto,
    /// The last value.
    Naive,
    /// The value of a season ago.
    SeasonalNaive,
    /// The last value, with the average change.
    Drift,
    /// A straight line with factors of the weekdays, which are those of UTC; needs times.
    LinearWeekday,
    /// Compound growth by the month, fitted; needs times.
    CompoundGrowth,
    /// Exponential smoothing (error, trend, season), chosen by AICc.
    Ets,
    /// Holt–Winters smoothing with an additive season.
    HoltWinters,
    /// Holt–Winters smoothing with a multiplicative season.
    HoltWintersMultiplicative,
    /// Theta.
    Theta,
    /// Theta with an optimised coefficient.
    OptimisedTheta,
    /// Exponential smoothing with up to three seasons and an autoregressive residual.
    Taylor,
    /// Decomposition into several seasons; the rest by exponential smoothing.
    Mstl,
    /// Regression on the values of a season, two seasons and longer seasons ago.
    SeasonalAutoregression,
    /// The M4 competition's yardstick: the last value, seasonally adjusted where that is called for.
    Naive2,
    /// Croston's method for intermittent demand.
    Croston,
    /// Syntetos and Boylan's method for intermittent demand.
    SyntetosBoylan,
    /// Teunter, Syntetos and Babai's method for intermittent demand.
    TeunterSyntetosBabai,
}

impl ForecastModel {
    /// The model with seasons of these numbers of steps, the shortest first; without any, `auto` looks
    /// for them, and models that can do without have none.
    ///
    /// # Errors
    ///
    /// `missing_field` at `seasonal_periods` for a model that is nothing without.
    pub fn forecaster(self, periods: Option<&[usize]>, horizon: usize) -> Result<Box<dyn Forecaster>> {
        let given = periods.unwrap_or_default();
        let season = || given.first().copied().unwrap_or(1);
        let seasons = || match given {
            [] => Err(Error::missing("seasonal_periods", "the model is made of seasons")),
            periods => Ok(periods),
        };
        Ok(match self {
            Self::Auto => {
                let auto = Auto::default().for_horizon(horizon);
                Box::new(match periods {
                    Some(periods) => auto.with_periods(periods),
                    None => auto,
                })
            }
            Self::Naive => Box::new(Naive),
            Self::SeasonalNaive => Box::new(SeasonalNaive::new(*seasons()?.first().unwrap_or(&1))),
            Self::Drift => Box::new(Drift),
            Self::LinearWeekday => Box::new(LinearWeekday { utc_offset_seconds: 0.0 }),
            Self::CompoundGrowth => {
                Box::new(CompoundGrowth { growth_per_month: None, steps_per_month: None })
            }
            Self::Ets => Box::new(Ets::new(season())),
            Self::HoltWinters => Box::new(Ets::holt_winters(*seasons()?.first().unwrap_or(&1))),
            Self::HoltWintersMultiplicative => {
                Box::new(Ets::holt_winters_multiplicative(*seasons()?.first().unwrap_or(&1)))
            }
            Self::Theta => Box::new(Theta::new(season())),
            Self::OptimisedTheta => Box::new(Theta::optimised(season())),
            Self::Taylor => Box::new(Taylor::new(seasons()?).for_horizon(horizon)),
            Self::Mstl => Box::new(Mstl::new(seasons()?, Ets::new(1))),
            Self::SeasonalAutoregression => Box::new(SeasonalAutoregression::new(seasons()?)),
            Self::Naive2 => Box::new(Naive2::new(season())),
            Self::Croston => Box::new(Intermittent::croston()),
            Self::SyntetosBoylan => Box::new(Intermittent::syntetos_boylan()),
            Self::TeunterSyntetosBabai => Box::new(Intermittent::teunter_syntetos_babai()),
        })
    }
}
