"""Size LLM serving: from a sentence, or the traffic that you have, to ranked, costed, explained
deployments that meet percentile latency targets, with their Kubernetes manifests.

    import sizewell as sw

    spec = sw.specify(use_case="translation", users=5000, percentile="p99")
    best = sw.recommend(spec).options[0]
    print(best.explain())
"""

from . import _functions, errors, models
from ._api import memory_plan
from ._catalog import Catalog, catalog
from ._estimates import estimate_many
from ._forecast import Forecast, forecast
from ._forecasts import Forecasts, forecast_many
from ._functions import *
from ._session import Collector, TraceAnalyzer
from ._sizewell import __version__
from ._tables import Table
from ._zones import utc_offsets
from .errors import *
from .models import *

__all__ = ["Catalog", "Collector", "Forecast", "Forecasts", "Table", "TraceAnalyzer", "__version__"]
__all__ += ["catalog", "errors", "estimate_many", "forecast", "forecast_many", "memory_plan", "models"]
__all__ += ["utc_offsets"]
__all__ += _functions.__all__
__all__ += errors.__all__
__all__ += models.__all__
