//! The [`Catalog`]: rows checked and indexed once, then looked up by any of their names.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::names::NameIndex;
use super::numbers::bases;
use super::source::MAX_LAYERS;
use super::{
    Benchmark, BenchmarkQuery, BenchmarkSource, BenchmarkTable, Gpu, Instance, LayeredSource, Model, Numbers,
    Price, PurchaseOption, QualityScore,
};
use crate::error::{Error, ErrorCode, Result};
use crate::workload::{TokenLengths, UseCase};

/// The rows of a catalog, in no particular form of storage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CatalogData {
    /// Models.
    pub models: Vec<Model>,
    /// Quality of models by use case.
    pub quality: Vec<QualityScore>,
    /// GPUs.
    pub gpus: Vec<Gpu>,
    /// Prices of GPUs.
    pub prices: Vec<Price>,
    /// Rentable machines.
    pub instances: Vec<Instance>,
    /// Benchmarks.
    pub benchmarks: Vec<Benchmark>,
}

/// Models, GPUs, prices, instances and benchmarks, indexed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) inner: Arc<Inner>,
    /// The catalog's own benchmarks, with the caller's laid over them.
    pub(super) source: LayeredSource,
}

#[derive(Debug)]
pub(super) struct Inner {
    models: Vec<Model>,
    gpus: Vec<Gpu>,
    prices: Vec<Price>,
    instances: Vec<Instance>,
    benchmarks: Vec<Arc<Benchmark>>,
    quality: Vec<QualityScore>,
    model_names: NameIndex,
    gpu_names: NameIndex,
    /// For each model, the place of what it is a variant of in the end.
    bases: Vec<usize>,
    /// The first checkpoint of a base that stores the numbers.
    by_numbers: HashMap<(usize, Numbers), usize>,
    /// Positions in `quality` by model and use case.
    scores: Vec<[Option<usize>; UseCase::ALL.len()]>,
    /// On-demand and other prices of each GPU, cheapest first.
    gpu_prices: Vec<Vec<usize>>,
}

impl Catalog {
    /// Checks and indexes rows.
    ///
    /// Rows that speak of a model or GPU that is not there are kept, and
    /// [`health`](Self::health) reports them; they reach no recommendation.
    ///
    /// # Errors
    ///
    /// `duplicate` when two models or GPUs have the same id, or two GPUs share an alias; whatever
    /// the rows' own checks refuse, with the row in the path (`models[3].context_tokens`).
    pub fn new(data: CatalogData) -> Result<Self> {
        let CatalogData { models, quality, gpus, prices, instances, benchmarks } = data;
        let model_names = index_models(&models)?;
        let gpu_names = index_gpus(&gpus)?;
        each("prices", &prices, Price::check)?;
        each("instances", &instances, Instance::check)?;
        each("benchmarks", &benchmarks, Benchmark::check)?;
        each("quality", &quality, QualityScore::check)?;
        let canonical = |mut row: Benchmark| {
            if let Some(model) = model_names.get(&row.model).and_then(|position| models.get(position)) {
                row.model.clone_from(&model.id);
            }
            if let Some(gpu) = gpu_names.get(&row.gpu).and_then(|position| gpus.get(position)) {
                row.gpu.clone_from(&gpu.id);
            }
            Arc::new(row)
        };
        let benchmarks: Vec<Arc<Benchmark>> = benchmarks.into_iter().map(canonical).collect();
        let mut gpu_prices = vec![Vec::new(); gpus.len()];
        for (row, price) in prices.iter().enumerate() {
            if let Some(of_gpu) = gpu_names.get(&price.gpu).and_then(|gpu| gpu_prices.get_mut(gpu)) {
                of_gpu.push(row);
            }
        }
        let amount = |row: &usize| prices.get(*row).map_or(f64::INFINITY, |price| price.usd_per_gpu_hour);
        for rows in &mut gpu_prices {
            rows.sort_by(|left, right| amount(left).total_cmp(&amount(right)).then(left.cmp(right)));
        }
        let bases = bases(&models, |name| model_names.get(name));
        let mut by_numbers = HashMap::new();
        for (position, (base, model)) in bases.iter().zip(&models).enumerate() {
            by_numbers.entry((*base, model.weight_format.numbers())).or_insert(position);
        }
        let scores = index_scores(&models, &quality, &model_names);
        let source = LayeredSource::new(vec![Box::new(BenchmarkTable::new(benchmarks.iter().cloned()))]);
        let inner = Inner {
            models,
            gpus,
            prices,
            instances,
            benchmarks,
            quality,
            model_names,
            gpu_names,
            bases,
            by_numbers,
            scores,
            gpu_prices,
        };
        Ok(Self { inner: Arc::new(inner), source })
    }

    /// Models, in the catalog's order.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.inner.models
    }

    /// GPUs, in the catalog's order.
    #[must_use]
    pub fn gpus(&self) -> &[Gpu] {
        &self.inner.gpus
    }

    /// Prices of GPUs.
    #[must_use]
    pub fn prices(&self) -> &[Price] {
        &self.inner.prices
    }

    /// Rentable machines.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        &self.inner.instances
    }

    /// The catalog's own benchmarks, impossible rows included (see [`health`](Self::health)), the
    /// caller's not.
    #[must_use]
    pub fn benchmarks(&self) -> &[Arc<Benchmark>] {
        &self.inner.benchmarks
    }

    /// Quality of models by use case.
    #[must_use]
    pub fn quality(&self) -> &[QualityScore] {
        &self.inner.quality
    }

    /// The model of that name.
    ///
    /// ```
    /// let catalog = sizewell_data::catalog();
    /// assert_eq!(catalog.model("llama 3.1 8b instruct")?.id, "meta-llama/Llama-3.1-8B-Instruct");
    /// assert_eq!(catalog.gpu("h100_sxm")?.id, catalog.gpu("NVIDIA-H100-80GB-HBM3")?.id);
    /// let error = catalog.gpu("H1000").unwrap_err();
    /// assert_eq!(error.code().as_str(), "unknown_name");
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `unknown_name`, with the nearest names.
    pub fn model(&self, name: &str) -> Result<&Model> {
        self.find_model(name).ok_or_else(|| {
            Error::unknown_name(
                "model",
                "model",
                name,
                self.inner.models.iter().map(|model| model.id.as_str()),
            )
        })
    }

    /// The GPU of that name.
    ///
    /// # Errors
    ///
    /// `unknown_name`, with the nearest names.
    pub fn gpu(&self, name: &str) -> Result<&Gpu> {
        self.find_gpu(name).ok_or_else(|| {
            Error::unknown_name("gpu", "GPU", name, self.inner.gpus.iter().map(|gpu| gpu.id.as_str()))
        })
    }

    pub(crate) fn find_model(&self, name: &str) -> Option<&Model> {
        self.inner.model_names.get(name).and_then(|position| self.inner.models.get(position))
    }

    pub(crate) fn find_gpu(&self, name: &str) -> Option<&Gpu> {
        self.inner.gpu_names.get(name).and_then(|position| self.inner.gpus.get(position))
    }

    pub(crate) fn model_position(&self, name: &str) -> Option<usize> {
        self.inner.model_names.get(name)
    }

    pub(crate) fn gpu_position(&self, name: &str) -> Option<usize> {
        self.inner.gpu_names.get(name)
    }

    /// How good a model is at a use case: its own score, or that of the model that it is a variant
    /// of; `None` where there is neither.
    #[must_use]
    pub fn quality_of(&self, model: &str, use_case: UseCase) -> Option<&QualityScore> {
        let position = self.inner.model_names.get(model)?;
        let row = (*self.inner.scores.get(position)?.get(use_case as usize)?)?;
        self.inner.quality.get(row)
    }

    /// The cheapest price of a GPU from the given provider (any when `None`) in the given region.
    /// Where the region is not in the price list, the cheapest of the provider's other regions.
    #[must_use]
    pub fn price(
        &self,
        gpu: &str,
        provider: Option<&str>,
        region: Option<&str>,
        option: PurchaseOption,
    ) -> Option<&Price> {
        let rows = self.inner.gpu_prices.get(self.inner.gpu_names.get(gpu)?)?;
        let mut elsewhere = None;
        for price in rows.iter().filter_map(|row| self.inner.prices.get(*row)) {
            if price.purchase_option != option
                || provider.is_some_and(|provider| !provider.eq_ignore_ascii_case(&price.provider))
            {
                continue;
            }
            match (region, &price.region) {
                (None, _) | (Some(_), None) => return Some(price),
                (Some(wanted), Some(there)) if wanted.eq_ignore_ascii_case(there) => return Some(price),
                _ => elsewhere = elsewhere.or(Some(price)),
            }
        }
        elsewhere
    }

    /// The short name of a provider from any of its names (`AWS`, `Google Cloud`, …).
    ///
    /// # Errors
    ///
    /// `unknown_name`, with the nearest names, where no price and no instance is of that provider.
    pub fn provider(&self, name: &str) -> Result<String> {
        let short = match super::normalize_name(name).as_str() {
            "amazon" | "amazonwebservices" | "ec2" => "aws".to_owned(),
            "google" | "googlecloud" | "googlecloudplatform" | "gce" => "gcp".to_owned(),
            "microsoft" | "microsoftazure" => "azure".to_owned(),
            "oracle" | "oraclecloud" => "oci".to_owned(),
            other => other.to_owned(),
        };
        let known = || {
            let of_prices = self.inner.prices.iter().map(|price| price.provider.as_str());
            of_prices.chain(self.inner.instances.iter().map(|instance| instance.provider.as_str()))
        };
        if let Some(provider) = known().find(|provider| super::normalize_name(provider) == short) {
            return Ok(provider.to_owned());
        }
        let mut names: Vec<&str> = known().collect();
        names.sort_unstable();
        names.dedup();
        Err(Error::unknown_name("provider", "provider", name, names.iter().copied())
            .allowed(names.join(", ")))
    }

    /// Lays the caller's benchmarks over the catalog's: where the caller's know a deployment at the
    /// asked lengths, the catalog's are not asked about it. Rows that speak of a model or GPU by
    /// another of its names count for it; rows that [`Benchmark::check`] refuses are left out.
    ///
    /// # Errors
    ///
    /// `too_large` when 64 sources are laid over one another already.
    pub fn with_benchmarks(&self, source: impl BenchmarkSource + 'static) -> Result<Self> {
        let catalog = Self { inner: Arc::clone(&self.inner), source: LayeredSource::default() };
        self.under(Arc::new(CheckedSource { catalog, source }))
    }

    fn under(&self, top: Arc<dyn BenchmarkSource>) -> Result<Self> {
        if self.source.depth() > MAX_LAYERS {
            return Err(Error::new(ErrorCode::TooLarge, "benchmarks", "are laid over too many others")
                .allowed(format!("{MAX_LAYERS} sources"))
                .help("give the records together"));
        }
        Ok(Self { inner: Arc::clone(&self.inner), source: self.source.under(top) })
    }

    /// Lays benchmark records of the caller's over the catalog's.
    ///
    /// # Errors
    ///
    /// What [`Benchmark::check`] refuses; `unknown_name` for a model or GPU that the catalog does
    /// not have; `invalid_value` for a row that cannot be true; `too_large` when 64 lists are laid
    /// over one another already. The path names the row (`benchmarks[3].gpu`).
    pub fn with_benchmark_records(&self, records: Vec<Benchmark>) -> Result<Self> {
        if records.is_empty() {
            return Ok(self.clone());
        }
        let checked = |(row, record): (usize, Benchmark)| {
            let within = |error: Error| error.within(&format!("benchmarks[{row}]"));
            record.check().map_err(within)?;
            self.model(&record.model).map_err(within)?;
            self.gpu(&record.gpu).map_err(within)?;
            let record = Arc::new(self.canonical(record));
            match self.impossible(&record) {
                Some(why) => Err(within(Error::new(ErrorCode::InvalidValue, "", why))),
                None => Ok(record),
            }
        };
        let records: Result<Vec<Arc<Benchmark>>> = records.into_iter().enumerate().map(checked).collect();
        self.under(Arc::new(BenchmarkTable::new(records?)))
    }

    /// A row with its names in the catalog's spelling, and without a precision that only says what
    /// the checkpoint stores anyway.
    fn canonical(&self, mut row: Benchmark) -> Benchmark {
        row.backend = row.backend.trim().to_lowercase();
        row.precision = row.precision.map(|precision| precision.trim().to_lowercase());
        if let Some(model) = self.find_model(&row.model) {
            row.model.clone_from(&model.id);
            let ran = row.precision.as_deref().and_then(Numbers::of_precision);
            if ran == Some(model.weight_format.numbers()) {
                row.precision = None;
            }
        }
        if let Some(gpu) = self.find_gpu(&row.gpu) {
            row.gpu.clone_from(&gpu.id);
        }
        row
    }

    /// The usable benchmarks of these lengths: those of known models and GPUs whose figures can be
    /// true and whose weights fit.
    ///
    /// # Errors
    ///
    /// `source_failed` when a source of the caller's failed.
    pub fn find_benchmarks(&self, lengths: TokenLengths) -> Result<Vec<UsableBenchmark<'_>>> {
        let mut found = self.source.find(&[BenchmarkQuery { lengths }])?;
        let rows = found.pop().unwrap_or_default();
        Ok(rows.into_iter().filter_map(|row| self.usable(row).ok()).collect())
    }

    /// A benchmark with its model and GPU, or why it cannot be true or cannot be used.
    fn usable(&self, row: Arc<Benchmark>) -> Result<UsableBenchmark<'_>, String> {
        if let Some(why) = row.impossible() {
            return Err(why);
        }
        let Some(named) = self.inner.model_names.get(&row.model) else {
            return Err(format!("model `{}` is not in the catalog", row.model));
        };
        let ran = row.precision.as_deref().and_then(Numbers::of_precision);
        let model_position = ran.and_then(|numbers| self.checkpoint(named, numbers)).unwrap_or(named);
        let Some(model) = self.inner.models.get(model_position) else {
            return Err(format!("model `{}` is not in the catalog", row.model));
        };
        let Some((gpu_position, gpu)) = entry(&self.inner.gpu_names, &self.inner.gpus, &row.gpu) else {
            return Err(format!("GPU `{}` is not in the catalog", row.gpu));
        };
        let as_stored = row.precision.is_none() || ran == Some(model.weight_format.numbers());
        let spread = model.weight_ranks(row.tensor_parallel, row.gpus());
        let (weights_gib, memory_gib) = (model.weights_gib(), gpu.memory_physical_gib * f64::from(spread));
        if as_stored && weights_gib > memory_gib {
            return Err(format!(
                "weights of {weights_gib:.1} GiB do not fit {spread} × {} with {memory_gib:.1} GiB",
                gpu.id
            ));
        }
        Ok(UsableBenchmark { model_position, gpu_position, model, gpu, as_stored, row })
    }

    /// The checkpoint of the same base model that stores the numbers: the model itself where it does.
    fn checkpoint(&self, model: usize, numbers: Numbers) -> Option<usize> {
        if self.inner.models.get(model)?.weight_format.numbers() == numbers {
            return Some(model);
        }
        self.inner.by_numbers.get(&(*self.inner.bases.get(model)?, numbers)).copied()
    }

    /// The place of what a model is a variant of in the end: its own when it is none.
    pub(crate) fn base_position(&self, model: &str) -> Option<usize> {
        self.inner.bases.get(self.inner.model_names.get(model)?).copied()
    }

    /// The same by place.
    pub(crate) fn base_at(&self, position: usize) -> Option<usize> {
        self.inner.bases.get(position).copied()
    }

    /// Why a benchmark cannot be true or cannot be used, if so.
    pub(super) fn impossible(&self, row: &Arc<Benchmark>) -> Option<String> {
        self.usable(Arc::clone(row)).err()
    }

    /// A copy of the rows, for building a changed catalog.
    #[must_use]
    pub fn to_data(&self) -> CatalogData {
        let inner = &self.inner;
        CatalogData {
            models: inner.models.clone(),
            quality: inner.quality.clone(),
            gpus: inner.gpus.clone(),
            prices: inner.prices.clone(),
            instances: inner.instances.clone(),
            benchmarks: inner.benchmarks.iter().map(|row| (**row).clone()).collect(),
        }
    }
}

impl BenchmarkSource for Catalog {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        self.source.find(queries)
    }

    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        self.source.profiles()
    }
}

/// A source of the caller's, of whose rows only those are taken that can be, in the catalog's names.
#[derive(Debug)]
struct CheckedSource<S> {
    /// Names alone; no benchmarks.
    catalog: Catalog,
    source: S,
}

impl<S: BenchmarkSource> BenchmarkSource for CheckedSource<S> {
    fn find(&self, queries: &[BenchmarkQuery]) -> Result<Vec<Vec<Arc<Benchmark>>>> {
        let found = self.source.find(queries)?;
        let checked = |(query, rows): (&BenchmarkQuery, Vec<Arc<Benchmark>>)| {
            rows.into_iter()
                .filter(|row| row.lengths() == query.lengths && row.check().is_ok())
                .map(|row| Arc::new(self.catalog.canonical(row.as_ref().clone())))
                .collect()
        };
        let mut answers: Vec<Vec<Arc<Benchmark>>> = queries.iter().zip(found).map(checked).collect();
        answers.resize_with(queries.len(), Vec::new);
        Ok(answers)
    }

    fn profiles(&self) -> Result<Vec<(TokenLengths, usize)>> {
        self.source.profiles()
    }
}

/// A benchmark that can be used, with the model and the GPU that it is about.
#[derive(Debug, Clone)]
pub struct UsableBenchmark<'a> {
    /// The checkpoint that was run: the benchmark's model, or its variant that stores the numbers
    /// that the benchmark ran in.
    pub model: &'a Model,
    /// The GPU.
    pub gpu: &'a Gpu,
    /// Whether the checkpoint stores the numbers that the benchmark ran in.
    pub as_stored: bool,
    /// The benchmark.
    pub row: Arc<Benchmark>,
    /// Place of the model among [`Catalog::models`].
    pub model_position: usize,
    /// Place of the GPU among [`Catalog::gpus`].
    pub gpu_position: usize,
}

fn entry<'a, T>(names: &NameIndex, items: &'a [T], name: &str) -> Option<(usize, &'a T)> {
    let position = names.get(name)?;
    Some((position, items.get(position)?))
}

fn each<T>(list: &str, rows: &[T], check: impl Fn(&T) -> Result<()>) -> Result<()> {
    for (row, item) in rows.iter().enumerate() {
        check(item).map_err(|error| error.within(&format!("{list}[{row}]")))?;
    }
    Ok(())
}

/// Ids first, then names without organisation and the models' names, then aliases, so that a
/// shorter name never takes one that is another model's id. Of two checkpoints with the same short
/// name, the one that is no variant has it.
fn index_models(models: &[Model]) -> Result<NameIndex> {
    let mut names = NameIndex::default();
    for (position, model) in models.iter().enumerate() {
        let within = |error: Error| error.within(&format!("models[{position}]"));
        model.check().map_err(within)?;
        names.add(&model.id, position, true, "id").map_err(within)?;
    }
    for variants in [false, true] {
        let of_kind = models.iter().enumerate().filter(|(_, model)| model.variant_of.is_some() == variants);
        for (position, model) in of_kind {
            let within = |error: Error| error.within(&format!("models[{position}].aliases"));
            let short = model.id.rsplit('/').next().unwrap_or(&model.id);
            for name in
                [short, model.name.as_str()].into_iter().chain(model.aliases.iter().map(String::as_str))
            {
                names.add(name, position, false, "").map_err(within)?;
            }
        }
    }
    Ok(names)
}

fn index_gpus(gpus: &[Gpu]) -> Result<NameIndex> {
    let mut names = NameIndex::default();
    for (position, gpu) in gpus.iter().enumerate() {
        let within = |error: Error| error.within(&format!("gpus[{position}]"));
        gpu.check().map_err(within)?;
        names.add(&gpu.id, position, true, "id").map_err(within)?;
    }
    for (position, gpu) in gpus.iter().enumerate() {
        for alias in std::iter::once(&gpu.name).chain(&gpu.aliases) {
            names
                .add(alias, position, true, "aliases")
                .map_err(|error| error.within(&format!("gpus[{position}]")))?;
        }
    }
    Ok(names)
}

/// A model's own scores, then what it inherits, through at most eight generations.
fn index_scores(
    models: &[Model],
    quality: &[QualityScore],
    names: &NameIndex,
) -> Vec<[Option<usize>; UseCase::ALL.len()]> {
    let mut own = vec![[None; UseCase::ALL.len()]; models.len()];
    for (row, score) in quality.iter().enumerate() {
        let slot = names.get(&score.model).and_then(|position| own.get_mut(position));
        if let Some(slot) = slot.and_then(|slots| slots.get_mut(score.use_case as usize)) {
            slot.get_or_insert(row);
        }
    }
    let inherited = |position: usize, use_case: usize| {
        let mut at = position;
        for _ in 0..8 {
            if let Some(row) = own.get(at).and_then(|slots| slots.get(use_case).copied().flatten()) {
                return Some(row);
            }
            at = names.get(models.get(at)?.variant_of.as_deref()?)?;
        }
        None
    };
    (0..models.len()).map(|position| std::array::from_fn(|use_case| inherited(position, use_case))).collect()
}
