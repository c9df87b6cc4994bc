//! A catalog with rows of the caller's laid over its own.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::names::normalize_name;
use super::{Catalog, CatalogData};
use crate::error::{Error, Result};

impl Catalog {
    /// Lays rows of the caller's over the catalog's: a new model, a GPU's data sheet, prices.
    ///
    /// Rows that speak of the same thing as one of the catalog's take its place: models and GPUs by
    /// their id, prices by GPU, provider, region and purchase option, instances by provider, name
    /// and region, quality by model and use case. Benchmarks are laid over as
    /// [`with_benchmark_records`](Self::with_benchmark_records) does, and those laid over before
    /// stay.
    ///
    /// ```
    /// use sizewell::catalog::{CatalogData, Model};
    /// let catalog = sizewell_data::catalog();
    /// let mut model = catalog.model("Llama-3.1-8B-Instruct")?.clone();
    /// model.id = "me/my-8b".into();
    /// model.aliases.clear();
    /// let mine = catalog.with_rows(CatalogData { models: vec![model], ..CatalogData::default() })?;
    /// assert_eq!(mine.model("my-8b")?.id, "me/my-8b");
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Catalog::new`] and [`with_benchmark_records`](Self::with_benchmark_records), with the
    /// place of a row among the caller's as path (`models[0].aliases`).
    pub fn with_rows(&self, rows: CatalogData) -> Result<Self> {
        let CatalogData { models, quality, gpus, prices, instances, benchmarks } = rows;
        let mut merged = self.to_data();
        let gpu_id = |name: &str| {
            let given = gpus.iter().find(|gpu| {
                let names = gpu.aliases.iter().chain([&gpu.id, &gpu.name]);
                names.into_iter().any(|own| normalize_name(own) == normalize_name(name))
            });
            let own = || self.gpu(name).ok().map(|gpu| gpu.id.clone());
            normalize_name(&given.map(|gpu| gpu.id.clone()).or_else(own).unwrap_or_else(|| name.to_owned()))
        };
        let model_id = |name: &str| {
            normalize_name(&self.model(name).map_or_else(|_| name.to_owned(), |model| model.id.clone()))
        };
        let kept = [
            ("prices", {
                lay(&mut merged.prices, prices, |row| {
                    (gpu_id(&row.gpu), row.provider.clone(), row.region.clone(), row.purchase_option)
                })
            }),
            ("instances", {
                lay(&mut merged.instances, instances, |row| {
                    (row.provider.clone(), row.name.clone(), row.region.clone())
                })
            }),
            ("quality", lay(&mut merged.quality, quality, |row| (model_id(&row.model), row.use_case))),
            ("models", lay(&mut merged.models, models, |row| normalize_name(&row.id))),
            ("gpus", lay(&mut merged.gpus, gpus.clone(), |row| normalize_name(&row.id))),
        ];
        let base = Self::new(merged).map_err(|error| among_given(error, &kept))?;
        base.with_layers_of(self).with_benchmark_records(benchmarks)
    }

    fn with_layers_of(self, other: &Self) -> Self {
        let source = other.source.over(&self.source);
        Self { inner: Arc::clone(&self.inner), source }
    }
}

/// Puts the given rows after those that none of them replaces, whose number is returned.
fn lay<T, K: Eq + Hash>(rows: &mut Vec<T>, given: Vec<T>, key: impl Fn(&T) -> K) -> usize {
    if !given.is_empty() {
        let replaced: HashSet<K> = given.iter().map(&key).collect();
        rows.retain(|row| !replaced.contains(&key(row)));
    }
    let kept = rows.len();
    rows.extend(given);
    kept
}

/// The error with the row's place among the given ones.
fn among_given(error: Error, kept: &[(&str, usize)]) -> Error {
    let path = error.path().to_owned();
    let given = kept.iter().find_map(|(list, kept)| {
        let (row, rest) = path.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?;
        let row = row.parse::<usize>().ok()?.checked_sub(*kept)?;
        Some(format!("{list}[{row}]{rest}"))
    });
    match given {
        Some(path) => error.at(path),
        None => error,
    }
}
