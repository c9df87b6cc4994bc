//! What [`fit_traffic`](super::fit_traffic) looks at besides the analysis: sources, endings, conversations and prefixes,
//! taken in batch by batch.

use std::collections::BTreeMap;

use super::model::TrafficClass;
use super::population::{
    ConversationModel, PrefixCell, PrefixModel, TimeGroup, TrafficOutcome, TrafficSource,
};
use super::turns::TurnLengths;
use crate::units::{normal_cdf, sqrt};
use crate::workload::trace::{
    Cell, Histogram, Labels, NumberTable, PrefixBlocks, RequestStatus, SparseLengths, TraceColumns, classes,
    marginals,
};

/// Sources that a model names; the requests of all others are pooled.
const NAMED_SOURCES: usize = 1000;
/// Classes, and values of each length, of a source of its own.
const SOURCE_CLASSES: u32 = 3;
const SOURCE_POINTS: u32 = 64;
/// A source has its own lengths where its distribution function is this far from that of all.
const LEAST_DISTANCE: f64 = 0.05;
/// Conversations whose number of requests is looked at one by one.
const TURNS: usize = 64;
/// Groups of pauses, and of ages of each cell.
const PAUSE_GROUPS: u32 = 48;
const AGE_GROUPS: u32 = 8;

/// Model and tenant, by their positions in the names that were seen.
type SourceKey = (Option<u32>, Option<u32>);

#[derive(Debug, Clone, Default)]
struct Names {
    known: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// Positions of a batch's names among all names.
    fn take(&mut self, labels: &Labels) -> Vec<u32> {
        let mut place = |name: &String| {
            *self.known.entry(name.clone()).or_insert_with(|| {
                self.names.push(name.clone());
                self.names.len() as u32 - 1
            })
        };
        labels.names.iter().map(&mut place).collect()
    }

    fn name(&self, place: Option<u32>) -> Option<String> {
        place.and_then(|place| self.names.get(place as usize)).cloned()
    }
}

#[derive(Debug, Clone, Default)]
struct SourceTally {
    requests: u64,
    completed: SparseLengths,
    turns: TurnLengths,
}

/// A conversation as far as it was seen.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    requests: u32,
    last_ms: f64,
    input_tokens: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct OutcomeTally {
    requests: u64,
    output_tokens: u64,
}

/// Prompts of one length class that share as much: how many, the sum of the shares, the ages in milliseconds.
#[derive(Debug, Clone, Default)]
struct CellTally {
    prompts: u64,
    shares: f64,
    ages_ms: Histogram,
}

/// Cells by whether the prompt goes on with a conversation, the power of two of its blocks and that of
/// the shared ones plus 1, or 0.
type Cells = BTreeMap<(bool, u32, u32), CellTally>;

/// What was seen.
#[derive(Debug, Clone)]
pub(super) struct Survey {
    models: Names,
    tenants: Names,
    sources: BTreeMap<SourceKey, SourceTally>,
    outcomes: [OutcomeTally; 3],
    open: NumberTable<Open>,
    has_sessions: bool,
    pauses_ms: Histogram,
    last_ms: f64,
    block_tokens: u32,
    asked_ms: NumberTable<f64>,
    cells: Cells,
}

impl Survey {
    pub(super) fn new() -> Self {
        Self {
            models: Names::default(),
            tenants: Names::default(),
            sources: BTreeMap::new(),
            outcomes: [OutcomeTally::default(); 3],
            open: NumberTable::new(Open::default()),
            has_sessions: false,
            pauses_ms: Histogram::default(),
            last_ms: 0.0,
            block_tokens: 0,
            asked_ms: NumberTable::new(f64::NAN),
            cells: Cells::new(),
        }
    }

    /// Takes in columns that were checked.
    pub(super) fn add(&mut self, columns: &TraceColumns<'_>) {
        self.last_ms = columns.arrival_ms.last().copied().unwrap_or(self.last_ms);
        let given = |labels: Option<&Labels>| labels.is_some_and(|labels| !labels.index.is_empty());
        let (has_models, has_tenants) = (given(columns.model), given(columns.tenant));
        let prefix = columns.prefix.filter(|prefix| !prefix.lengths.is_empty());
        let of_status = |request: usize| columns.status.get(request).copied().unwrap_or_default();
        for (request, output) in columns.output_tokens.iter().enumerate().take(columns.status.len()) {
            if let Some(tally) = self.outcomes.get_mut(place_of(of_status(request))) {
                tally.requests += 1;
                tally.output_tokens += u64::from(*output);
            }
        }
        let has_sessions = !columns.session.is_empty();
        self.has_sessions |= has_sessions;
        if !(has_models || has_tenants || has_sessions || prefix.is_some()) {
            return;
        }
        let model_places = columns.model.map(|labels| self.models.take(labels)).unwrap_or_default();
        let tenant_places = columns.tenant.map(|labels| self.tenants.take(labels)).unwrap_or_default();
        let label = |labels: Option<&Labels>, places: &[u32], request: usize| {
            labels
                .and_then(|labels| labels.index.get(request))
                .and_then(|at| places.get(*at as usize))
                .copied()
        };
        let mut blocks = prefix.map_or(&[][..], |prefix| prefix.blocks.as_slice());
        self.block_tokens = prefix.map_or(self.block_tokens, |prefix| prefix.block_tokens);
        let requests = columns.arrival_ms.iter().zip(columns.input_tokens).zip(columns.output_tokens);
        for (request, ((arrival, input), output)) in requests.enumerate() {
            let mut before = None;
            if let Some(session) = columns.session.get(request) {
                let open = self.open.at(*session);
                if open.requests > 0 {
                    self.pauses_ms.add((arrival - open.last_ms).max(0.0).round() as u64);
                    before = Some((open.requests, open.input_tokens));
                }
                let requests = open.requests.saturating_add(1);
                *open = Open { requests, last_ms: *arrival, input_tokens: *input };
            }
            if has_models || has_tenants || has_sessions {
                let key = (
                    label(columns.model, &model_places, request),
                    label(columns.tenant, &tenant_places, request),
                );
                let tally = self.sources.entry(key).or_default();
                tally.requests += 1;
                if of_status(request) == RequestStatus::Completed && (has_models || has_tenants) {
                    tally.completed.add(*input, *output);
                }
                if has_sessions {
                    tally.turns.add(before, *input);
                }
            }
            if let Some(PrefixBlocks { lengths, .. }) = prefix {
                let length = lengths.get(request).copied().unwrap_or_default() as usize;
                let (own, later) = blocks.split_at_checked(length).unwrap_or((blocks, &[]));
                blocks = later;
                self.prompt(*arrival, own, before.map(|(_, tokens)| tokens));
            }
        }
    }

    /// A prompt; `before` are the tokens of the prompt before it in its conversation.
    fn prompt(&mut self, arrival_ms: f64, blocks: &[u32], before: Option<u32>) {
        let (mut shared, mut age_ms, mut open) = (0_u32, 0.0, true);
        for block in blocks {
            let age = arrival_ms - std::mem::replace(self.asked_ms.at(*block), arrival_ms);
            open = open && !age.is_nan();
            if open {
                (shared, age_ms) = (shared + 1, age);
            }
        }
        let Some(length) = (blocks.len() as u32).checked_ilog2() else { return };
        let level = shared.checked_ilog2().map_or(0, |power| power + 1);
        let cell = self.cells.entry((before.is_some(), length, level)).or_default();
        cell.prompts += 1;
        let known = before.map_or(u32::MAX, |tokens| tokens.div_ceil(self.block_tokens.max(1)));
        let at_most = f64::from(known.max(1)).min(blocks.len() as f64);
        cell.shares += (f64::from(shared) / at_most).min(1.0);
        if shared > 0 {
            cell.ages_ms.add(age_ms.max(0.0).round() as u64);
        }
    }

    /// Models and tenants with their shares, the greatest first; those with lengths of their own have them.
    pub(super) fn sources(&self) -> Vec<TrafficSource> {
        if self.models.names.is_empty() && self.tenants.names.is_empty() {
            return Vec::new();
        }
        let mut whole: BTreeMap<(u64, u64), Cell> = BTreeMap::new();
        let mut ordered: Vec<(&SourceKey, &SourceTally, Vec<Cell>)> =
            self.sources.iter().map(|(key, tally)| (key, tally, tally.completed.cells())).collect();
        for cell in ordered.iter().flat_map(|(_, _, cells)| cells) {
            let place = (cell.input_tokens.to_bits(), cell.output_tokens.to_bits());
            whole.entry(place).or_insert(Cell { count: 0, ..*cell }).count += cell.count;
        }
        let whole: Vec<Cell> = whole.into_values().collect();
        ordered.sort_by_key(|(_, tally, _)| std::cmp::Reverse(tally.requests));
        let mut sources: Vec<TrafficSource> = ordered
            .iter()
            .take(NAMED_SOURCES)
            .map(|(key, tally, cells)| TrafficSource {
                model: self.models.name(key.0),
                tenant: self.tenants.name(key.1),
                weight: tally.requests as f64,
                classes: own_classes(cells, &whole),
            })
            .collect();
        let pooled: u64 = ordered.iter().skip(NAMED_SOURCES).map(|(_, tally, _)| tally.requests).sum();
        if pooled > 0 {
            let others = |names: &Names| (!names.names.is_empty()).then(|| "(others)".to_owned());
            sources.push(TrafficSource {
                model: others(&self.models),
                tenant: others(&self.tenants),
                weight: pooled as f64,
                classes: Vec::new(),
            });
        }
        sources
    }

    pub(super) fn outcomes(&self) -> Vec<TrafficOutcome> {
        let mean = |tally: &OutcomeTally| tally.output_tokens as f64 / tally.requests.max(1) as f64;
        let completed = self.outcomes.first().map_or(0.0, mean);
        let all = [RequestStatus::Completed, RequestStatus::Failed, RequestStatus::Cancelled];
        let seen = all.into_iter().zip(&self.outcomes).filter(|(_, tally)| tally.requests > 0);
        seen.map(|(status, tally)| TrafficOutcome {
            status,
            weight: tally.requests as f64,
            answer_fraction: if completed > 0.0 { (mean(tally) / completed).min(1.0) } else { 1.0 },
        })
        .collect()
    }

    /// Conversations; `None` where the log does not tell any.
    pub(super) fn conversations(&self) -> Option<ConversationModel> {
        if !self.has_sessions {
            return None;
        }
        let pauses = groups(&self.pauses_ms, PAUSE_GROUPS);
        let (input_scores, input_correlation) =
            TurnLengths::pooled(self.sources.values().map(|tally| &tally.turns));
        Some(ConversationModel { continues: self.continues(), pauses, input_scores, input_correlation })
    }

    /// The share that goes on after each request (the product-limit estimator; Kaplan and Meier, 1958): a
    /// conversation whose last request is so near the end of the trace that the next may yet come counts up to there.
    fn continues(&self) -> Vec<f64> {
        let near_ms = self.pauses_ms.quantile(0.9) as f64;
        let (mut went_on, mut ended) = ([0_u64; TURNS], [0_u64; TURNS]);
        for open in self.open.values().filter(|open| open.requests > 0) {
            // All turns beyond the last that is looked at on its own share one place.
            let last = open.requests as usize - 1;
            for slot in went_on.iter_mut().take(last) {
                *slot += 1;
            }
            if let Some(slot) = went_on.last_mut() {
                *slot += last.saturating_sub(TURNS) as u64;
            }
            if self.last_ms - open.last_ms > near_ms
                && let Some(slot) = ended.get_mut(last.min(TURNS - 1))
            {
                *slot += 1;
            }
        }
        // All turns from the first that few conversations reach are pooled.
        let risks: Vec<(u64, u64)> = went_on.into_iter().zip(ended).collect();
        let few = risks.iter().position(|(on, end)| on + end < 200).unwrap_or(TURNS - 1);
        let (told, rest) = risks.split_at_checked(few).unwrap_or((&risks, &[]));
        let rest = rest.iter().fold((0, 0), |sum, risk| (sum.0 + risk.0, sum.1 + risk.1));
        let share = |(on, end): (u64, u64)| (on as f64 / (on + end).max(1) as f64).min(0.9999);
        let mut shares: Vec<f64> = told.iter().copied().map(share).collect();
        if shares.is_empty() || rest.0 + rest.1 > 0 {
            shares.push(share(rest));
        }
        shares
    }

    /// Shared prefixes; `None` where the log does not tell any.
    pub(super) fn prefixes(&self) -> Option<PrefixModel> {
        let cells = |goes_on: bool| {
            let own = self.cells.iter().filter(move |((on, ..), _)| *on == goes_on);
            own.map(|((_, length, _), tally)| PrefixCell {
                prompt_blocks: 1 << length,
                shared_fraction: tally.shares / tally.prompts.max(1) as f64,
                weight: tally.prompts as f64,
                ages: groups(&tally.ages_ms, AGE_GROUPS),
            })
            .collect::<Vec<_>>()
        };
        let (openings, turns) = (cells(false), cells(true));
        (!openings.is_empty()).then_some(PrefixModel { block_tokens: self.block_tokens, openings, turns })
    }
}

fn place_of(status: RequestStatus) -> usize {
    match status {
        RequestStatus::Completed => 0,
        RequestStatus::Failed => 1,
        RequestStatus::Cancelled => 2,
    }
}

/// The classes of a source, where its lengths are not those of all requests: by the distance of the distribution
/// functions (Kolmogorov and Smirnov, at the level of 1%).
fn own_classes(own: &[Cell], all: &[Cell]) -> Vec<TrafficClass> {
    let requests: u64 = own.iter().map(|cell| cell.count).sum();
    if requests < 50 {
        return Vec::new();
    }
    let (own_input, own_output) = marginals(own);
    let (all_input, all_output) = marginals(all);
    let away = distance(&own_input, &all_input).max(distance(&own_output, &all_output));
    if away < LEAST_DISTANCE.max(1.63 / sqrt(requests as f64)) {
        return Vec::new();
    }
    let found = classes(own, SOURCE_CLASSES, SOURCE_POINTS);
    found.map_or_else(Vec::new, |found| found.classes.iter().map(TrafficClass::of).collect())
}

/// Greatest distance between two distribution functions.
fn distance(left: &Histogram, right: &Histogram) -> f64 {
    let shares = |histogram: &Histogram, sign: f64| -> Vec<(u64, f64)> {
        let total = histogram.total().max(1) as f64;
        histogram.buckets().map(|bucket| (bucket.least, sign * bucket.count as f64 / total)).collect()
    };
    let mut steps = [shares(left, 1.0), shares(right, -1.0)].concat();
    steps.sort_by_key(|(value, _)| *value);
    let (mut gap, mut most) = (0.0, 0.0_f64);
    for same in steps.chunk_by(|one, next| one.0 == next.0) {
        gap += same.iter().map(|(_, share)| share).sum::<f64>();
        most = most.max(gap.abs());
    }
    most
}

/// Times in milliseconds as at most `most` spans, cut at equal steps of the normal score from −3 to 3, so that the tails
/// keep spans of their own.
fn groups(times_ms: &Histogram, most: u32) -> Vec<TimeGroup> {
    let total = times_ms.total() as f64;
    let edge = |group: u32| {
        let score = -3.0 + 6.0 * f64::from(group) / f64::from(most);
        if group >= most { 1.0 } else { normal_cdf(score) }
    };
    let (mut found, mut next, mut reached) = (Vec::new(), 1, 0.0);
    let mut span: Option<TimeGroup> = None;
    for bucket in times_ms.buckets() {
        let (from_seconds, to_seconds) = (bucket.least as f64 / 1000.0, bucket.most as f64 / 1000.0);
        let weight = bucket.count as f64;
        let group = span.get_or_insert(TimeGroup { from_seconds, to_seconds, weight: 0.0 });
        (group.to_seconds, group.weight) = (to_seconds, group.weight + weight);
        reached += weight;
        if reached / total >= edge(next) {
            found.extend(span.take());
            while next < most && reached / total >= edge(next) {
                next += 1;
            }
        }
    }
    found.extend(span);
    found
}
