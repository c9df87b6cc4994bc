//! What exists, what it costs, what was measured: models, GPUs, prices, instances and benchmarks,
//! indexed once and then looked up by any of their names.
//!
//! The crate `sizewell-data` holds the curated [`Catalog`]; a caller may build one of its own or
//! lay benchmarks of its own over it ([`Catalog::with_benchmarks`]). Names resolve by the rule of
//! [`normalize_name`].

mod benchmark;
mod config_json;
mod gpu;
mod health;
mod index;
mod model;
mod names;
mod numbers;
mod parameters;
mod price;
mod quality;
mod rows;
mod source;

pub use benchmark::{Benchmark, BenchmarkOrigin, LatencyStatistics, Measure};
pub use gpu::{Gpu, GpuMaker, Interconnect, InterconnectKind, Pcie, Tflops};
pub use health::{HealthIssue, HealthKind, HealthReport, HealthSeverity};
pub use index::{Catalog, CatalogData, UsableBenchmark};
pub use model::{
    Architecture, Attention, AttentionKind, Licence, MixtureOfExperts, Mla, Model, Task, WeightFormat,
};
pub use names::normalize_name;
pub use numbers::Numbers;
pub use parameters::{LayerParameters, ParameterCounts, ParameterGroup};
pub use price::{Instance, Price, Provider, PurchaseOption};
pub use quality::QualityScore;
pub use source::{BenchmarkQuery, BenchmarkSource, BenchmarkTable, LayeredSource};
