"""Predictions of fleets, calibration, queues, and rows of one's own."""

import copy
import math
import pickle
from typing import Any

import pandas
import pytest

import sizewell as sw

DEPLOYMENT = {"model": "Llama-3.1-8B-Instruct", "gpu": "H100"}
FLEET: dict[str, Any] = {
    "deployment": DEPLOYMENT,
    "requests": {
        "classes": [
            {
                "input": {"kind": "constant", "tokens": 512},
                "output": {"kind": "constant", "tokens": 256},
            }
        ]
    },
    "arrivals": {"requests_per_second": 4},
}
TARGETS = {"ttft": {"quantile": "p95", "most_ms": 400}}
CONFIG = {
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
}


def test_a_prediction_of_constant_lengths_is_the_estimate() -> None:
    found = sw.predict(FLEET).prediction.latencies
    estimated = sw.estimate(DEPLOYMENT, input_tokens=512, output_tokens=256, qps=4)
    assert found is not None and estimated.ttft_p95_ms and estimated.ttft_mean_ms
    assert math.isclose(found.ttft.mean_ms, estimated.ttft_mean_ms, rel_tol=1e-9)
    # Percentiles are searched for, to about a ten-thousandth.
    assert math.isclose(found.ttft.p95_ms, estimated.ttft_p95_ms, rel_tol=1e-3)


def test_requests_are_models_too() -> None:
    mix = sw.RequestMix(
        classes=[
            sw.RequestClass(
                input=sw.TokenDistributionLognormal(kind="lognormal", mean_tokens=900, cv=1),
                output=sw.TokenDistributionConstant(kind="constant", tokens=100),
            )
        ]
    )
    deployment = sw.DeploymentRequest(model="Llama-3.1-8B-Instruct", gpu="H100", replicas=2)
    request = sw.PredictRequest(deployment=deployment, requests=mix)
    most = sw.max_rate(request, targets=TARGETS).max_rate
    fleet = sw.replicas_for(
        request,
        targets=TARGETS,
        arrivals={"requests_per_second": most.requests_per_second},
        reserve={"kind": "replicas", "spare": 1},
    )
    assert (fleet.needed.replicas, fleet.deployment.replicas) == (2, 3)


def test_calibration_from_a_frame_is_handed_back() -> None:
    columns = {
        "input_tokens": 1000,
        "output_tokens": 500,
        "concurrency": [1, 8, 32, 64],
        "itl_ms": [9.1, 9.9, 12.6, 16.2],
        "ttft_ms": [45, 70, None, 280],
    }
    frame = pandas.DataFrame(columns)
    calibration = sw.calibrate([{"deployment": DEPLOYMENT, "points": frame}])
    assert calibration == sw.calibrate([{"deployment": DEPLOYMENT, "points": columns}])
    assert "interconnect" in calibration.undetermined and calibration.residuals
    load = {"input_tokens": 1000, "output_tokens": 500}
    own = sw.estimate(DEPLOYMENT, **load, concurrency=32, calibration=calibration.fitted)
    assert own.provenance == "calibrated"
    many = sw.estimate_many(
        DEPLOYMENT, **load, concurrency=[32, 64], calibration=calibration.fitted
    )
    assert many["provenance"] == ["calibrated"] * 2
    assert many["itl_mean_ms"][0] == own.itl_mean_ms
    deployment = {**DEPLOYMENT, "calibration": calibration.fitted}
    assert sw.predict(FLEET, deployment=deployment).deployment.provenance == "calibrated"


def test_logs_are_frames_too() -> None:
    rows = [
        {
            "input_tokens": 500 + 10 * row,
            "output_tokens": 100 + row,
            "scheduled_seconds": 2.0 * row,
            "first_token_seconds": 2.0 * row + 0.05,
            "last_token_seconds": 2.0 * row + 0.05 + 0.009 * (99 + row),
        }
        for row in range(8)
    ]
    frame = pandas.DataFrame(rows)
    given = [{"deployment": DEPLOYMENT, "logs": [{"requests": frame}]}]
    assert sw.calibrate(given).measurements > 0


def test_queues() -> None:
    found = sw.queue(kind="erlang_c", servers=10, load_erlangs=9)
    assert found.wait_probability == pytest.approx(0.668732, abs=1e-6)
    mm1 = sw.QueueRequestMm1(kind="mm1", arrival_rate_per_second=9, service_rate_per_second=10)
    assert sw.queue(mm1).mean_sojourn_seconds == pytest.approx(1)


def test_a_model_a_gpu_and_prices_of_ones_own_are_there_at_once() -> None:
    model = sw.model_from_huggingface_config(CONFIG, "me/my-8b", "2026-11-20")
    gpu = copy.deepcopy(sw.catalog().gpu("H100"))
    gpu.id = gpu.name = "X1"
    gpu.aliases = []
    price = {
        "gpu": "X1",
        "provider": "mycloud",
        "purchase_option": "on_demand",
        "usd_per_gpu_hour": 1.25,
        "effective_date": "2026-11-01",
        "source": "quote",
    }
    mine = sw.catalog().with_rows(models=[model], gpus=[gpu], prices=[price])
    load = {"input_tokens": 512, "output_tokens": 256, "qps": 1}
    assert sw.estimate(model="my-8b", gpu="X1", **load, catalog=mine).itl_mean_ms
    specification = sw.specify(
        use_case="translation", qps=2, models={"preferred": ["me/my-8b"]}, gpus={"preferred": ["X1"]}
    )
    specification.sizing = "prediction"
    best = sw.recommend(specification, mine).options[0]
    assert (best.model, best.gpu, best.usd_per_month) == ("me/my-8b", "X1", best.gpu_count * 912.5)
    moved = sw.sensitivity(specification, mine)
    assert moved.baseline is not None and moved.baseline.model == "me/my-8b"
    again = pickle.loads(pickle.dumps(mine))
    assert sw.recommend(specification, again) == sw.recommend(specification, mine)
    with pytest.raises(sw.SizewellError) as caught:
        model.context_tokens = 0
        sw.catalog().with_rows(models=[model])
    assert caught.value.path == "models[0].context_tokens"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"arrivals": {"requests_per_second": -1}}, "invalid_value", "arrivals.requests_per_second"),
        (
            {"arrivals": {"requests_per_second": math.nan}},
            "invalid_value",
            "arrivals.requests_per_second",
        ),
        ({"arrivals": None}, "missing_field", "arrivals"),
        ({"clients": {"concurrency": 4}}, "contradiction", "clients"),
        ({"requests": {"classes": None}}, "invalid_type", "requests.classes"),
        ({"targets": 5}, "invalid_type", "targets"),
        ({"deployment": {"gpus": 5}}, "unknown_field", "deployment.gpus"),
        ({"reserve": {"kind": "replicas", "spare": 1}}, "contradiction", "reserve"),
    ],
)
def test_what_is_no_request_is_refused_at_its_field(
    changes: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(sw.SizewellError) as caught:
        sw.predict(FLEET, **changes)
    assert (caught.value.code, caught.value.path) == (code, path)
