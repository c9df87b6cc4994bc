//! Size LLM serving: from what a team asks for, or the traffic that it really has, to a fleet that
//! meets **percentile latency targets**, with its cost, the reasons and the Kubernetes manifests.
//!
//! The crate is pure: no files, network, clock, environment or threads. Time comes in as a value,
//! catalogs and benchmarks as data. The curated catalog is the crate `sizewell-data`; this crate
//! works on any [`catalog::Catalog`].
//!
//! ```
//! use sizewell::{recommend::recommend, workload::{parse_intent, specify}};
//!
//! let catalog = sizewell_data::catalog();
//! let understood = parse_intent("a support chatbot for 1,000 users, low latency")?;
//! let specification = specify(&understood.intent)?;
//! let recommendation = recommend(catalog, &specification)?;
//! let best = &recommendation.options[0];
//! assert!(best.latency.ttft.value_ms <= specification.slo.ttft_ms);
//! # Ok::<(), sizewell::Error>(())
//! ```
//!
//! # Modules, in the order that data flows
//!
//! [`error`] and [`units`] say what can go wrong and what a number means; [`workload`] what is
//! asked; [`catalog`] what exists, what it costs and what was measured; [`engine`] what fits on a
//! GPU and how fast it runs;
//! [`queueing`] how a fleet behaves under load; [`forecast`] what will be asked tomorrow; [`cost`] what it costs to run; [`plan`] how much of it is needed; [`recommend`] which
//! option is best, and why; [`monitor`] whether it is still true; [`manifest`] how it is deployed. A module uses those before it in
//! this list, never those after it. [`wire`] reads untrusted JSON-like input into these types, and
//! [`api`] calls every public function by name with JSON in and JSON out: what the language
//! bindings are made of, and what is fuzzed.

#![forbid(unsafe_code)]

pub mod error;
pub mod units;

pub mod workload;

pub mod catalog;

pub mod engine;

pub mod queueing;

pub mod forecast;

pub mod cost;

pub mod plan;

pub mod recommend;

pub mod monitor;

pub mod manifest;

pub mod api;

pub mod wire;

pub use error::{Error, ErrorCode, Result};
