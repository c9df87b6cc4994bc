//! Models read from `config.json`, against what the catalog says of the same ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use proptest::prelude::*;
use sizewell::catalog::{Model, WeightFormat};
use sizewell::units::Date;

fn read(text: &str) -> Result<Model, sizewell::Error> {
    Model::from_huggingface_config(text, "someone/some-model", Date::parse("2026-11-20").unwrap())
}

/// The published configurations, as far as they are read.
const CONFIGS: [(&str, &str); 6] = [
    (
        "meta-llama/Llama-3.1-8B-Instruct",
        r#"{"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": false,
        "max_position_embeddings": 131072, "torch_dtype": "bfloat16", "rope_scaling": {"factor": 8.0}}"#,
    ),
    (
        "Qwen/Qwen3-30B-A3B",
        r#"{"model_type": "qwen3_moe", "num_hidden_layers": 48, "hidden_size": 2048, "intermediate_size": 6144,
        "moe_intermediate_size": 768, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
        "num_experts": 128, "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [],
        "sliding_window": null, "use_sliding_window": false, "vocab_size": 151936,
        "max_position_embeddings": 40960, "tie_word_embeddings": false, "torch_dtype": "bfloat16"}"#,
    ),
    (
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
        r#"{"model_type": "mixtral", "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336,
        "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2,
        "sliding_window": null, "vocab_size": 32000, "max_position_embeddings": 32768,
        "tie_word_embeddings": false, "torch_dtype": "bfloat16"}"#,
    ),
    (
        "deepseek-ai/DeepSeek-V3",
        r#"{"model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168,
        "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_attention_heads": 128,
        "num_key_value_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1, "vocab_size": 129280,
        "max_position_embeddings": 163840, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}}"#,
    ),
    (
        "openai/gpt-oss-20b",
        r#"{"model_type": "gpt_oss", "num_hidden_layers": 24, "hidden_size": 2880, "intermediate_size": 2880,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32,
        "num_experts_per_tok": 4, "sliding_window": 128, "vocab_size": 201088,
        "max_position_embeddings": 131072, "tie_word_embeddings": false,
        "quantization_config": {"quant_method": "mxfp4"}}"#,
    ),
    (
        "google/gemma-3-27b-it",
        r#"{"model_type": "gemma3", "torch_dtype": "bfloat16", "vision_config": {"hidden_size": 1152},
        "text_config": {"model_type": "gemma3_text", "num_hidden_layers": 62, "hidden_size": 5376,
        "intermediate_size": 21504, "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
        "sliding_window": 1024, "vocab_size": 262208, "max_position_embeddings": 131072}}"#,
    ),
];

/// Layers, heads, windows, experts and latents are the catalog's own, the format too, and the
/// parameters within 3%: biases and vision towers are not counted. Active ones within 20%: some makers
/// count the embedding among them, some do not.
#[test]
fn configurations_are_read_as_the_catalog_has_them() {
    for (id, text) in CONFIGS {
        let (model, known) = (read(text).unwrap(), sizewell_data::catalog().model(id).unwrap());
        assert_eq!(model.architecture.attention, known.architecture.attention, "{id}");
        assert_eq!(model.architecture.moe, known.architecture.moe, "{id}");
        assert_eq!(model.architecture.layers, known.architecture.layers, "{id}");
        assert_eq!(model.architecture.tied_embeddings, known.architecture.tied_embeddings, "{id}");
        assert_eq!(model.weight_format, known.weight_format, "{id}");
        assert_eq!(model.context_tokens, known.context_tokens, "{id}");
        let total = model.parameters_total as f64 / known.parameters_total as f64;
        let active = model.parameters_active as f64 / known.parameters_active as f64;
        assert!((total - 1.0).abs() < 0.03, "{id}: {total}");
        assert!((active - 1.0).abs() < 0.2, "{id}: {active}");
    }
}

#[test]
fn quantisations_are_told_apart() {
    let with = |quantization: &str| {
        let text = CONFIGS[0].1.replacen('{', &format!(r#"{{"quantization_config": {quantization},"#), 1);
        read(&text)
    };
    for (text, format, group) in [
        (r#"{"quant_method": "awq", "bits": 4, "group_size": 64}"#, WeightFormat::W4a16, Some(64)),
        (r#"{"quant_method": "gptq", "bits": 4, "group_size": 128}"#, WeightFormat::W4a16, None),
        (r#"{"quant_method": "modelopt", "quant_algo": "NVFP4"}"#, WeightFormat::Nvfp4, None),
        (
            r#"{"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}"#,
            WeightFormat::Fp8,
            None,
        ),
        (
            r#"{"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "int"}}}}"#,
            WeightFormat::Int8,
            None,
        ),
    ] {
        let model = with(text).unwrap();
        assert_eq!((model.weight_format, model.quantization_group_size), (format, group), "{text}");
    }
    assert_eq!(with(r#"{"quant_method": "hqq"}"#).unwrap_err().path(), "quantization_config");
}

#[test]
fn what_is_missing_is_named() {
    for key in
        ["num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size", "max_position_embeddings"]
    {
        let mut config: serde_json::Value = serde_json::from_str(CONFIGS[0].1).unwrap();
        config.as_object_mut().unwrap().remove(key);
        let error = read(&config.to_string()).unwrap_err();
        assert_eq!((error.code().as_str(), error.path()), ("missing_field", key));
        for wrong in [serde_json::json!("many"), serde_json::json!(-1), serde_json::json!(1e30)] {
            config[key] = wrong;
            assert_eq!(read(&config.to_string()).unwrap_err().path(), key);
        }
        config[key] = serde_json::json!(0);
        assert!(read(&config.to_string()).is_err(), "{key}");
    }
    assert_eq!(read("[1]").unwrap_err().code().as_str(), "invalid_type");
    assert_eq!(read("{").unwrap_err().code().as_str(), "invalid_json");
}

proptest! {
    /// Any counts are answered without a panic.
    #[test]
    fn any_counts_are_answered(counts in prop::collection::vec(0_u32..2_000, 8)) {
        let keys = ["num_hidden_layers", "first_k_dense_replace", "num_experts", "num_key_value_heads",
            "decoder_sparse_step", "sliding_window_pattern", "num_attention_heads", "num_experts_per_tok"];
        let mut config: serde_json::Value = serde_json::from_str(CONFIGS[0].1).unwrap();
        for (key, count) in keys.into_iter().zip(counts) {
            config[key] = count.into();
        }
        config["sliding_window"] = 64.into();
        let _ = read(&config.to_string());
    }
}
