//! A model from the text of its Hugging Face `config.json`, for those that the catalog does not
//! have: Llama, Qwen, Mistral, Mixtral, DeepSeek, Gemma, gpt-oss and what uses the same keys
//! (`transformers`, `configuration_*.py` of each family, whose defaults are used).

use serde_json::{Map, Value};

use super::model::{
    Architecture, Attention, AttentionKind, Licence, MixtureOfExperts, Mla, Model, Task, WeightFormat,
};
use crate::error::{Error, ErrorCode, Result};
use crate::units::Date;
use crate::wire;
use crate::workload::Domain;

/// The longest text that is read, in bytes.
const MOST_BYTES: usize = 4_000_000;

impl Model {
    /// Reads a model from the text of its `config.json`.
    ///
    /// The configuration tells the architecture, the context and how the checkpoint is quantised.
    /// What it does not tell is filled in so that nothing is ruled out: all tasks but vision (which
    /// the presence of a vision tower tells), the domain `general`, an open licence; edit the result
    /// where that is wrong. Parameters are counted from the architecture, so biases and vision towers
    /// are missing. `as_of` is the day on which it is read.
    ///
    /// ```
    /// use sizewell::catalog::Model;
    /// let config = r#"{"num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336,
    ///     "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    ///     "max_position_embeddings": 131072, "torch_dtype": "bfloat16"}"#;
    /// let as_of = sizewell::units::Date::parse("2026-11-20")?;
    /// let model = Model::from_huggingface_config(config, "me/my-8b", as_of)?;
    /// assert_eq!(model.parameters_total, 8_030_261_248);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_json` or `too_large` for the text; `missing_field` with the key for one that has no
    /// default; `invalid_type` or `invalid_value` for a key that holds something else than a count;
    /// `invalid_value` for a hybrid of linear or Mamba layers, whose states the configuration does
    /// not size alike across families, and for a quantisation that is not known; what
    /// [`Model::check`] refuses.
    pub fn from_huggingface_config(text: &str, id: &str, as_of: Date) -> Result<Self> {
        if text.len() > MOST_BYTES {
            return Err(Error::new(ErrorCode::TooLarge, "config", "is too long for a config.json")
                .given(text.len())
                .allowed(format!("at most {MOST_BYTES} bytes")));
        }
        let whole: Map<String, Value> = wire::from_json(text, "config")?;
        let nested = whole.get("text_config").and_then(Value::as_object);
        let config = Config { outer: &whole, inner: nested.unwrap_or(&whole) };
        let architecture = architecture(&config)?;
        let (weight_format, group_size) = weight_format(&config)?;
        let native_dtype = dtype(&config)?;
        let vision = whole.contains_key("vision_config");
        let mut tasks = vec![
            Task::Chat,
            Task::InstructionFollowing,
            Task::QuestionAnswering,
            Task::Summarization,
            Task::Reasoning,
            Task::CodeGeneration,
            Task::Translation,
            Task::Multilingual,
            Task::Rag,
        ];
        if vision {
            tasks.push(Task::Vision);
        }
        let mut model = Self {
            id: id.to_owned(),
            name: id.rsplit('/').next().unwrap_or(id).to_owned(),
            aliases: Vec::new(),
            maker: id.split_once('/').map_or("", |(maker, _)| maker).to_owned(),
            family: config.text("model_type").unwrap_or("unknown").to_owned(),
            variant_of: None,
            release_date: None,
            licence: "not stated".to_owned(),
            licence_kind: Licence::OpenSource,
            tasks,
            domains: vec![Domain::General],
            native_dtype,
            weight_format: weight_format.unwrap_or(native_dtype),
            wide_groups: Vec::new(),
            quantization_group_size: group_size.filter(|size| *size != 128),
            checkpoint_gib: None,
            context_tokens: config.required("max_position_embeddings")?,
            parameters_total: 1,
            parameters_active: 1,
            architecture,
            source: "config.json".to_owned(),
            as_of,
        };
        let counts = model.parameters();
        model.parameters_total = counts.total() as u64;
        let idle = model.architecture.moe.map_or(0.0, |moe| {
            counts.routed_experts * (1.0 - f64::from(moe.experts_per_token) / f64::from(moe.experts.max(1)))
        });
        model.parameters_active = (counts.total() - idle.max(0.0)).max(1.0) as u64;
        model.check()?;
        Ok(model)
    }
}

/// A configuration: of the language model, where it is a part of the whole.
struct Config<'a> {
    outer: &'a Map<String, Value>,
    inner: &'a Map<String, Value>,
}

impl<'a> Config<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.inner.get(key).or_else(|| self.outer.get(key)).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }

    /// A count from 1 to a hundred million, or none.
    fn count(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        match count.filter(|count| *count <= 100_000_000) {
            Some(count) => Ok(Some(count)),
            None => Err(Error::new(ErrorCode::InvalidType, key, "is not a count")
                .given(value)
                .allowed("a whole number up to 100,000,000")),
        }
    }

    fn first(&self, keys: &[&str]) -> Result<Option<u32>> {
        for key in keys {
            if let Some(count) = self.count(key)? {
                return Ok(Some(count));
            }
        }
        Ok(None)
    }

    fn required(&self, key: &str) -> Result<u32> {
        match self.count(key)? {
            Some(0) => Err(Error::invalid(key, 0, "1 or more")),
            Some(count) => Ok(count),
            None => Err(Error::missing(key, "the configuration has no such key, and it has no default")),
        }
    }
}

fn architecture(config: &Config<'_>) -> Result<Architecture> {
    let layers = config.required("num_hidden_layers")?;
    let hidden_size = config.required("hidden_size")?;
    let moe = experts(config, layers)?;
    let intermediate_size = match config.count("intermediate_size")? {
        Some(size) => size,
        None => match &moe {
            Some(moe) => moe.expert_intermediate_size,
            None => config.required("intermediate_size")?,
        },
    };
    Ok(Architecture {
        layers,
        mlp_only_layers: 0,
        hidden_size,
        intermediate_size,
        vocab_size: config.required("vocab_size")?,
        gated_mlp: true,
        // Gemma ties unless it says otherwise, all others untie.
        tied_embeddings: config
            .flag("tie_word_embeddings")
            .unwrap_or_else(|| config.text("model_type").is_some_and(|family| family.starts_with("gemma"))),
        attention: attention(config, layers, hidden_size)?,
        moe,
    })
}

fn attention(config: &Config<'_>, layers: u32, hidden_size: u32) -> Result<Attention> {
    for key in ["mamba_d_state", "mamba_num_heads", "linear_num_value_heads", "ssm_state_size"] {
        if config.get(key).is_some() {
            return Err(Error::invalid(
                key,
                "a hybrid with linear or Mamba layers",
                "attention layers alone",
            )
            .help("give the model as catalog data, with the size of its states"));
        }
    }
    let heads = config.required("num_attention_heads")?;
    let kv_heads = config.count("num_key_value_heads")?.unwrap_or(heads).max(1);
    let mla = match config.count("kv_lora_rank")? {
        Some(kv_lora_rank) => Some(Mla {
            q_lora_rank: config.count("q_lora_rank")?,
            kv_lora_rank,
            qk_nope_head_size: config.required("qk_nope_head_dim")?,
            qk_rope_head_size: config.required("qk_rope_head_dim")?,
            v_head_size: config.required("v_head_dim")?,
        }),
        None => None,
    };
    let head_size = match (&mla, config.count("head_dim")?) {
        (Some(mla), _) => mla.qk_nope_head_size + mla.qk_rope_head_size,
        (None, Some(size)) => size,
        (None, None) => hidden_size / heads,
    };
    let sliding_layers = sliding_layers(config, layers)?;
    let kind = match (&mla, kv_heads) {
        (Some(_), _) => AttentionKind::Mla,
        (None, 1) => AttentionKind::Mqa,
        (None, shared) if shared == heads => AttentionKind::Mha,
        _ => AttentionKind::Gqa,
    };
    Ok(Attention {
        kind,
        heads,
        kv_heads,
        head_size,
        full_layers: layers - sliding_layers,
        sliding_layers,
        sliding_window_tokens: if sliding_layers > 0 { config.count("sliding_window")? } else { None },
        linear_layers: 0,
        linear_state_bytes_per_layer: None,
        linear_parameters_per_layer: None,
        output_gate: false,
        mla,
    })
}

/// Layers that attend to a window: as listed, by the pattern, or all where there is a window.
fn sliding_layers(config: &Config<'_>, layers: u32) -> Result<u32> {
    if config.count("sliding_window")?.is_none() || config.flag("use_sliding_window") == Some(false) {
        return Ok(0);
    }
    if let Some(types) = config.get("layer_types").and_then(Value::as_array) {
        let sliding = types.iter().filter(|kind| kind.as_str() == Some("sliding_attention")).count();
        return Ok(u32::try_from(sliding).unwrap_or(layers).min(layers));
    }
    let family = config.text("model_type").unwrap_or_default();
    let pattern = match config.count("sliding_window_pattern")? {
        Some(pattern) => Some(pattern),
        None if family.starts_with("gemma3") => Some(6),
        None if family.starts_with("gemma2") || family == "gpt_oss" => Some(2),
        None => None,
    };
    // Every so many layers one attends to all.
    Ok(pattern.map_or(layers, |every| layers - layers / every.max(1)))
}

fn experts(config: &Config<'_>, layers: u32) -> Result<Option<MixtureOfExperts>> {
    let Some(experts) = config.first(&["n_routed_experts", "num_local_experts", "num_experts"])? else {
        return Ok(None);
    };
    if experts < 2 {
        return Ok(None);
    }
    let per_token = config.first(&["num_experts_per_tok", "experts_per_token"])?;
    let experts_per_token = per_token.ok_or_else(|| {
        Error::missing(
            "num_experts_per_tok",
            "the configuration has experts and does not say how many a token uses",
        )
    })?;
    let expert_intermediate_size = match config.count("moe_intermediate_size")? {
        Some(size) => size,
        None => config.required("intermediate_size")?,
    };
    let shared_experts = config.count("n_shared_experts")?.unwrap_or(0);
    let shared = match config.count("shared_expert_intermediate_size")? {
        Some(size) => (shared_experts.max(1), size),
        None => (shared_experts, shared_experts.saturating_mul(expert_intermediate_size)),
    };
    let dense_first = config.count("first_k_dense_replace")?.unwrap_or(0).min(layers);
    let step = config.first(&["decoder_sparse_step", "moe_layer_freq"])?.unwrap_or(1).max(1);
    let dense_listed = config.get("mlp_only_layers").and_then(Value::as_array).map_or(0, Vec::len);
    let dense_listed = u32::try_from(dense_listed).unwrap_or(layers);
    Ok(Some(MixtureOfExperts {
        experts,
        experts_per_token,
        shared_experts: shared.0,
        expert_intermediate_size,
        shared_expert_intermediate_size: shared.1,
        moe_layers: ((layers - dense_first) / step).saturating_sub(dense_listed),
    }))
}

fn dtype(config: &Config<'_>) -> Result<WeightFormat> {
    match config.text("torch_dtype").or_else(|| config.text("dtype")) {
        None | Some("bfloat16" | "auto") => Ok(WeightFormat::Bf16),
        Some("float16" | "half") => Ok(WeightFormat::Fp16),
        Some("float32" | "float") => Ok(WeightFormat::Fp32),
        Some(other) => Err(Error::invalid("torch_dtype", other, "bfloat16, float16 or float32")),
    }
}

/// How the checkpoint is quantised, and the size of its groups; `None` where it is not.
fn weight_format(config: &Config<'_>) -> Result<(Option<WeightFormat>, Option<u32>)> {
    let Some(found) = config.get("quantization_config") else { return Ok((None, None)) };
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let number = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
    };
    let method = text("quant_method");
    let unknown = |what: &str| {
        let known = "fp8, fbgemm_fp8, mxfp4, awq, gptq, compressed-tensors or modelopt";
        Err(Error::invalid("quantization_config", what, known))
    };
    let format = match method.as_str() {
        "fp8" | "fbgemm_fp8" => (WeightFormat::Fp8, None),
        "mxfp4" => (WeightFormat::Mxfp4, None),
        "awq" | "gptq" => match number(found, "bits").or_else(|| number(found, "w_bit")) {
            Some(4) | None => (WeightFormat::W4a16, number(found, "group_size")),
            Some(8) => (WeightFormat::Int8, None),
            Some(bits) => return unknown(&format!("{method} of {bits} bits")),
        },
        "compressed-tensors" => {
            let groups = found.get("config_groups").and_then(Value::as_object);
            let weights = groups.and_then(|groups| groups.values().find_map(|group| group.get("weights")));
            let Some(weights) = weights else { return unknown("compressed-tensors without weights") };
            let float = weights.get("type").and_then(Value::as_str) == Some("float");
            match (number(weights, "num_bits"), float) {
                (Some(8), true) => (WeightFormat::Fp8, None),
                (Some(8), false) => (WeightFormat::Int8, None),
                (Some(4), true) => (WeightFormat::Nvfp4, None),
                (Some(4), false) => (WeightFormat::W4a16, number(weights, "group_size")),
                _ => return unknown("compressed-tensors of other bits than 4 or 8"),
            }
        }
        "modelopt" => match text("quant_algo").as_str() {
            "nvfp4" => (WeightFormat::Nvfp4, None),
            "fp8" => (WeightFormat::Fp8, None),
            other => return unknown(&format!("modelopt {other}")),
        },
        other => return unknown(other),
    };
    Ok((Some(format.0), format.1))
}
