//! Queues whose steady state is known exactly, or by a named approximation: what a prediction can
//! be checked against, and what a capacity planner can use on its own.
//!
//! Rates are per second, times are in seconds, and a load is in erlangs (arrival rate × mean
//! service time). Every queue is a small value made by a constructor that checks its input, so
//! its methods return plain numbers; only methods with an argument that can be wrong return a
//! [`Result`](crate::Result).
//!
//! | question | type |
//! | --- | --- |
//! | what share of calls is lost, or waits? | [`erlang_b`], [`erlang_c`] |
//! | one server, several servers | [`Mm1Queue`], [`MmcQueue`] |
//! | limited room | [`MmckQueue`], also M/M/1/K |
//! | constant service time | [`Md1Queue`] |
//! | general service time | [`Mg1Queue`] by moments, [`Mg1TransformQueue`] by distribution |
//! | bursty arrivals, many servers | [`GgcQueue`] (Allen–Cunneen), [`kingman_bound_seconds`] |
//! | rates that depend on the number present | [`BirthDeath`] |
//! | room for everybody | [`MginfQueue`] |
//! | any of these by its name | [`queue`] |
//! | a closed loop of users who think, ask and wait | [`FiniteSourceQueue`], [`mean_value_analysis`] |
//! | number, rate and time | [`number_present`], [`time_present_seconds`], [`rate_through_per_second`] |
//!
//! # No steady state
//!
//! Where the load is at or above what the servers can do and nothing bounds the queue, there is
//! no steady state: the constructor returns an error of code `unstable` with the load that was
//! given, never an infinity.
//!
//! # Range and precision
//!
//! Rates run from 10⁻¹² to 10¹² per second and servers to 10⁹. Differences such as *cμ − λ* are
//! taken with one rounding, sums have positive terms only, and none is longer than a few tens of
//! √(load) terms, so that results keep about 12 digits up to 100,000 servers at a load of 0.999999.

mod birth_death;
mod check;
mod erlang;
mod finite_source;
mod geometric;
mod ggc;
mod infinite;
mod little;
mod md1;
mod mean_value;
mod mg1;
mod mm1;
mod mmc;
mod mmck;
mod poisson;
mod queue;
mod service;
mod solve;
mod transform;
mod uniformised;

pub use birth_death::BirthDeath;
pub use erlang::{erlang_b, erlang_b_continuous, erlang_c, erlang_c_continuous};
pub use finite_source::FiniteSourceQueue;
pub use ggc::{GgcQueue, kingman_bound_seconds};
pub use infinite::MginfQueue;
pub use little::{number_present, rate_through_per_second, time_present_seconds};
pub use md1::Md1Queue;
pub use mean_value::{ClosedNetwork, Station, StationKind, StationResult, mean_value_analysis};
pub use mg1::Mg1Queue;
pub use mm1::Mm1Queue;
pub use mmc::MmcQueue;
pub use mmck::MmckQueue;
pub use queue::{QueueRequest, QueueResult, TimePercentiles, queue};
pub use service::ServiceTime;
pub use transform::Mg1TransformQueue;
