//! From an [`Intent`] to a [`Specification`]: use case → lengths → experience class → latency
//! targets, and users → requests per second.

use super::{
    ExperienceClass, Intent, Origin, OriginKind, SloTargets, Specification, TrafficProfile, UseCase,
};
use crate::error::{Error, Result};

/// Completes an intent.
///
/// Token lengths, experience class and latency targets come from the use case unless given. When
/// an experience class is given, TTFT and ITL come from that class. When the answer's length
/// differs from the template's, the target for the whole request moves by the difference × the ITL
/// target. Without a use case both token lengths must be given, and the class is `interactive`
/// unless given; the target for the whole request is then TTFT + ITL × output tokens.
///
/// Users become a peak rate by active fraction × requests per user and minute ÷ 60 × peak factor;
/// a given `qps` is the peak rate and wins over `users`.
///
/// ```
/// use sizewell::workload::{Intent, UseCase, specify};
/// let intent = Intent {
///     use_case: Some(UseCase::ChatbotConversational),
///     users: Some(1000.0),
///     ..Intent::default()
/// };
/// let specification = specify(&intent)?;
/// assert_eq!(specification.traffic.input_tokens, 512);
/// assert!((specification.traffic.peak_qps - 2.0 * 200.0 * 0.4 / 60.0).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// What [`Intent::check`] refuses; `missing_field` when there is neither `users` nor `qps`, or no
/// use case and not both token lengths; `contradiction` when the completed targets contradict one
/// another.
pub fn specify(intent: &Intent) -> Result<Specification> {
    intent.check()?;
    let shape = shape(intent)?;
    let traffic = traffic(intent, &shape)?;
    let slo = SloTargets {
        percentile: intent.percentile.unwrap_or_default(),
        ttft_ms: intent.ttft_ms.unwrap_or(shape.ttft_ms.0),
        itl_ms: intent.itl_ms.unwrap_or(shape.itl_ms.0),
        e2e_ms: 0.0,
    };
    let (e2e_ms, e2e_kind, e2e_note) = e2e_target(intent, &shape, &traffic, &slo);
    let mut specification = Specification {
        use_case: intent.use_case,
        experience_class: shape.class,
        domain: intent.domain,
        traffic,
        slo: SloTargets { e2e_ms, ..slo },
        priorities: intent.priorities,
        budget: intent.budget.filter(|budget| budget.limit_usd_per_month().is_some()),
        gpus: intent.gpus.clone(),
        models: intent.models.clone(),
        max_gpus: intent.max_gpus,
        provider: intent.provider.clone(),
        region: intent.region.clone(),
        deployment_model: intent.deployment_model,
        datacenter: intent.datacenter,
        licence: intent.licence,
        headroom_fraction: intent.headroom_fraction,
        sizing: intent.sizing,
        origins: std::collections::BTreeMap::new(),
    };
    record_origins(&mut specification, intent, &shape, e2e_kind, e2e_note);
    specification.check().map_err(|error| blame(error, intent))?;
    Ok(specification)
}

/// An error about a derived value becomes one about what it was derived from.
fn blame(error: Error, intent: &Intent) -> Error {
    let (path, help) = match error.path() {
        "traffic.peak_qps" if intent.qps.is_none() => {
            ("users", "the peak rate that follows from it is out of range")
        }
        "slo.e2e_ms" if intent.e2e_ms.is_none() => (
            "output_tokens",
            "the target for the whole request that follows from it is out of range: give `e2e_ms`",
        ),
        path => {
            // What was given has its own name in an intent, without the part of the specification.
            let own = path.split_once('.').map_or(path, |(_, field)| field).to_owned();
            return error.at(own);
        }
    };
    error.at(path).help(help)
}

/// Lengths, class and targets before anything given is laid over them, with the note of each.
struct Shape {
    input_tokens: u32,
    output_tokens: u32,
    class: ExperienceClass,
    ttft_ms: (f64, String),
    itl_ms: (f64, String),
    /// The template's own target for the whole request and the answer's length that it is for.
    e2e_ms: Option<(f64, u32)>,
    lengths_note: String,
}

fn shape(intent: &Intent) -> Result<Shape> {
    let of_class = |class: ExperienceClass| {
        let (ttft_ms, itl_ms) = class.bounds_ms();
        let note = format!("experience class {}", class.as_str());
        ((ttft_ms, note.clone()), (itl_ms, note))
    };
    let Some(use_case) = intent.use_case else {
        let (Some(input_tokens), Some(output_tokens)) = (intent.input_tokens, intent.output_tokens) else {
            let names: Vec<&str> = UseCase::ALL.iter().map(|use_case| use_case.as_str()).collect();
            return Err(Error::missing("use_case", "or give both `input_tokens` and `output_tokens`")
                .allowed(names.join(", ")));
        };
        let class = intent.experience_class.unwrap_or(ExperienceClass::Interactive);
        let (ttft_ms, itl_ms) = of_class(class);
        return Ok(Shape {
            input_tokens,
            output_tokens,
            class,
            ttft_ms,
            itl_ms,
            e2e_ms: None,
            lengths_note: String::new(),
        });
    };
    let template = use_case.template();
    let note = format!("use case {}", use_case.as_str());
    let (class, ttft_ms, itl_ms) = match intent.experience_class {
        Some(class) if class != template.experience_class => {
            let (ttft_ms, itl_ms) = of_class(class);
            (class, ttft_ms, itl_ms)
        }
        _ => (template.experience_class, (template.ttft_ms, note.clone()), (template.itl_ms, note.clone())),
    };
    let class_is_templates = class == template.experience_class;
    Ok(Shape {
        input_tokens: template.lengths.input_tokens,
        output_tokens: template.lengths.output_tokens,
        class,
        ttft_ms,
        itl_ms,
        e2e_ms: class_is_templates.then_some((template.e2e_ms, template.lengths.output_tokens)),
        lengths_note: note,
    })
}

fn traffic(intent: &Intent, shape: &Shape) -> Result<TrafficProfile> {
    let mut traffic = TrafficProfile {
        input_tokens: intent.input_tokens.unwrap_or(shape.input_tokens),
        output_tokens: intent.output_tokens.unwrap_or(shape.output_tokens),
        peak_qps: 0.0,
        users: intent.users,
        active_fraction: None,
        requests_per_user_minute: None,
        peak_factor: None,
    };
    if let Some(qps) = intent.qps {
        traffic.peak_qps = qps;
        return Ok(traffic);
    }
    let Some(users) = intent.users else {
        return Err(Error::missing("qps", "give the peak request rate as `qps`, or the number of `users`"));
    };
    // Without a use case the load figures are those of a chat, the most common one.
    let template = intent.use_case.unwrap_or(UseCase::ChatbotConversational).template();
    let active = intent.load.active_fraction.unwrap_or(template.active_fraction);
    let rate = intent.load.requests_per_user_minute.unwrap_or(template.requests_per_user_minute);
    let peak = intent.load.peak_factor.unwrap_or(template.peak_factor);
    traffic.active_fraction = Some(active);
    traffic.requests_per_user_minute = Some(rate);
    traffic.peak_factor = Some(peak);
    traffic.peak_qps = users * active * rate / 60.0 * peak;
    Ok(traffic)
}

fn e2e_target(
    intent: &Intent,
    shape: &Shape,
    traffic: &TrafficProfile,
    slo: &SloTargets,
) -> (f64, OriginKind, String) {
    if let Some(e2e_ms) = intent.e2e_ms {
        return (e2e_ms, OriginKind::Given, "given".to_owned());
    }
    let (itl_ms, output_tokens) = (slo.itl_ms, traffic.output_tokens);
    match shape.e2e_ms {
        Some((e2e_ms, template_tokens)) => {
            let longer = f64::from(output_tokens) - f64::from(template_tokens);
            let target = if longer == 0.0 {
                // Never below a part of the request that was given a looser target.
                e2e_ms.max(slo.ttft_ms).max(itl_ms)
            } else {
                (e2e_ms + longer * itl_ms).max(slo.ttft_ms + itl_ms * f64::from(output_tokens))
            };
            if target == e2e_ms {
                (target, OriginKind::Template, shape.lengths_note.clone())
            } else {
                let note = format!(
                    "{e2e_ms} ms for {template_tokens} output tokens, moved to {output_tokens} at {itl_ms} ms a token, at least TTFT + ITL × output tokens"
                );
                (target, OriginKind::Derived, note)
            }
        }
        None => {
            let target = slo.ttft_ms + itl_ms * f64::from(output_tokens);
            (
                target,
                OriginKind::Derived,
                format!("{} ms + {itl_ms} ms × {output_tokens} output tokens", slo.ttft_ms),
            )
        }
    }
}

fn record_origins(
    specification: &mut Specification,
    intent: &Intent,
    shape: &Shape,
    e2e_kind: OriginKind,
    e2e_note: String,
) {
    use OriginKind::{Derived, Given, Template};
    let given_or = |is_given: bool, note: &str| {
        if is_given { (Given, "given".to_owned()) } else { (Template, note.to_owned()) }
    };
    let load_note = match intent.use_case {
        Some(use_case) => format!("use case {}", use_case.as_str()),
        None => "no use case: as for chatbot_conversational".to_owned(),
    };
    let traffic = &specification.traffic;
    let qps_origin = match (
        intent.qps,
        traffic.users,
        traffic.active_fraction,
        traffic.requests_per_user_minute,
        traffic.peak_factor,
    ) {
        (None, Some(users), Some(active), Some(rate), Some(peak)) => (
            Derived,
            format!(
                "{users} users × {active} active × {rate} requests per user and minute ÷ 60 × {peak} at the peak"
            ),
        ),
        _ => (Given, "given".to_owned()),
    };
    let class_note = match intent.use_case {
        Some(use_case) => format!("use case {}", use_case.as_str()),
        None => "default".to_owned(),
    };
    let rows = [
        ("use_case", (Given, "given".to_owned())),
        ("experience_class", given_or(intent.experience_class.is_some(), &class_note)),
        ("traffic.input_tokens", given_or(intent.input_tokens.is_some(), &shape.lengths_note)),
        ("traffic.output_tokens", given_or(intent.output_tokens.is_some(), &shape.lengths_note)),
        ("traffic.peak_qps", qps_origin),
        ("traffic.users", (Given, "given".to_owned())),
        ("traffic.active_fraction", given_or(intent.load.active_fraction.is_some(), &load_note)),
        (
            "traffic.requests_per_user_minute",
            given_or(intent.load.requests_per_user_minute.is_some(), &load_note),
        ),
        ("traffic.peak_factor", given_or(intent.load.peak_factor.is_some(), &load_note)),
        ("slo.percentile", given_or(intent.percentile.is_some(), "default")),
        ("slo.ttft_ms", given_or(intent.ttft_ms.is_some(), &shape.ttft_ms.1)),
        ("slo.itl_ms", given_or(intent.itl_ms.is_some(), &shape.itl_ms.1)),
        ("slo.e2e_ms", (e2e_kind, e2e_note)),
        ("headroom_fraction", (Given, "given".to_owned())),
    ];
    for (path, (kind, note)) in rows {
        if let Some(value) = specification.value_text(path) {
            specification.origins.insert(path.to_owned(), Origin { kind, value, note });
        }
    }
}
