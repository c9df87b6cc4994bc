//! Where benchmarks are looked up: the trait [`BenchmarkSource`], a table that implements it, and
//! layers of sources.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use super::Benchmark;
use super::names::normalize_name;
use crate::error::Result;
use crate::workload::TokenLengths;

/// What to look up: all benchmarks of these token lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BenchmarkQuery {
    /// Mean tokens of prompt and answer; matched exactly.
    pub lengths: TokenLengths,
}

/// Something that has benchmarks: the embedded catalog, the caller's records, or both in layers.
///
/// A source in a database loads what a batch of queries needs in one round, before or inside
/// [`find`](Self::find).
pub trait BenchmarkSource: Debug + Send + Sync {
    /// The benchmarks of each query, in the order of the queries.
    ///
    /// # Errors
    ///
    /// `source_failed` when the source cannot answer; sources in memory never fail.
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>>;

    /// The token lengths that the source has benchmarks of, each with their number, ascending.
    ///
    /// # Errors
    ///
    /// `source_failed` when the source cannot answer.
    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>>;
}

impl<T: BenchmarkSource + ?Sized> BenchmarkSource for Box<T> {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        (**self).find(queries)
    }
    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        (**self).profiles()
    }
}

impl<T: BenchmarkSource + ?Sized> BenchmarkSource for Arc<T> {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        (**self).find(queries)
    }
    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        (**self).profiles()
    }
}

/// Benchmarks in memory, indexed by token lengths.
#[derive(Debug, Clone, Default)]
pub struct BenchmarkTable {
    by_lengths: HashMap<TokenLengths, Vec<Arc<Benchmark>>>,
}

impl BenchmarkTable {
    /// Indexes benchmarks; their order within the same lengths is kept.
    #[must_use]
    pub fn new(benchmarks: impl IntoIterator<Item = Arc<Benchmark>>) -> Self {
        let mut by_lengths: HashMap<TokenLengths, Vec<Arc<Benchmark>>> = HashMap::new();
        for benchmark in benchmarks {
            by_lengths.entry(benchmark.lengths()).or_default().push(benchmark);
        }
        Self { by_lengths }
    }
}

impl BenchmarkSource for BenchmarkTable {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        Ok(queries
            .iter()
            .map(|query| self.by_lengths.get(&query.lengths).cloned().unwrap_or_default())
            .collect())
    }

    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        let mut profiles: Vec<_> =
            self.by_lengths.iter().map(|(lengths, rows)| (*lengths, rows.len())).collect();
        profiles.sort_unstable();
        Ok(profiles)
    }
}

/// Most sources that may be laid over one another.
pub(super) const MAX_LAYERS: usize = 64;

/// Sources laid over one another: where an upper one knows a deployment (model, GPU, GPU count,
/// tensor and expert parallelism, backend and precision) at the asked lengths, the lower ones are
/// not asked about it. Rows are compared as they stand: a [`Catalog`](super::Catalog) brings names
/// into one form before it lays sources over its own.
#[derive(Debug, Clone, Default)]
pub struct LayeredSource {
    layers: Vec<Arc<dyn BenchmarkSource>>,
}

impl LayeredSource {
    /// Lays sources over one another, the uppermost first.
    #[must_use]
    pub fn new(layers: Vec<Box<dyn BenchmarkSource>>) -> Self {
        Self { layers: layers.into_iter().map(Arc::from).collect() }
    }

    /// The same with one more source on top.
    pub(super) fn under(&self, top: Arc<dyn BenchmarkSource>) -> Self {
        Self { layers: std::iter::once(top).chain(self.layers.iter().cloned()).collect() }
    }

    /// All sources but the lowest, over another's.
    pub(super) fn over(&self, lower: &Self) -> Self {
        let upper = self.layers.iter().take(self.layers.len().saturating_sub(1));
        Self { layers: upper.chain(&lower.layers).cloned().collect() }
    }

    pub(super) fn depth(&self) -> usize {
        self.layers.len()
    }
}

impl BenchmarkSource for LayeredSource {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        let mut found: Vec<Vec<Arc<Benchmark>>> = vec![Vec::new(); queries.len()];
        for layer in &self.layers {
            for (rows, more) in found.iter_mut().zip(layer.find(queries)?) {
                if rows.is_empty() {
                    *rows = more;
                    continue;
                }
                let known: HashSet<_> = rows.iter().map(|row| deployment_key(row)).collect();
                rows.extend(more.into_iter().filter(|row| !known.contains(&deployment_key(row))));
            }
        }
        Ok(found)
    }

    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        let mut profiles = std::collections::BTreeMap::new();
        for layer in &self.layers {
            for (lengths, rows) in layer.profiles()? {
                *profiles.entry(lengths).or_insert(0) += rows;
            }
        }
        Ok(profiles.into_iter().collect())
    }
}

type DeploymentKey = (String, String, u32, u32, Option<u32>, String, Option<String>);

fn deployment_key(row: &Benchmark) -> DeploymentKey {
    (
        normalize_name(&row.model),
        normalize_name(&row.gpu),
        row.gpus(),
        row.tensor_parallel,
        row.expert_parallel,
        normalize_name(&row.backend),
        row.precision.as_deref().map(normalize_name),
    )
}
