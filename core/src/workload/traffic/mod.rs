//! Traffic like that which was seen, at any rate and for any time: [`fit_traffic`] takes from a trace
//! its rhythm of the day and the week, its bursts at every scale and its lengths, its models, tenants,
//! endings, conversations and shared prefixes where the trace tells them, as a [`TrafficModel`] that can be
//! kept and edited; [`generate_traffic`] draws a trace from it.
//!
//! Arrivals are a Poisson process whose rate is mean × rhythm × fluctuation (a Cox process). The
//! fluctuation is gamma distributed and lasts: a normal value, the sum of Ornstein–Uhlenbeck processes with
//! time constants from a fraction of a second to hours, is carried to it by its rank. The parts of its variance
//! are fitted to how the index of dispersion grows with the window. Relative fluctuations stay as
//! they are at another rate: the traffic of the same crowd, larger.
//!
//! Conversations don't change the arrivals: each arrival is given to the conversation that is due, or opens a new
//! one where none is. So the rate is as it would be without them.

mod conversations;
mod draw;
mod fit;
mod fluctuation;
mod generate;
mod marginal;
mod model;
mod population;
mod prompts;
mod survey;
mod turns;

pub use fit::TrafficFitter;
pub use fit::{FitTrafficRequest, fit_traffic};
pub use generate::{GenerateTrafficRequest, MOST_REQUESTS, generate_traffic};
pub use model::{Fluctuation, RhythmKind, TrafficClass, TrafficModel};
pub use population::{ConversationModel, PrefixCell, PrefixModel, TimeGroup, TrafficOutcome, TrafficSource};
