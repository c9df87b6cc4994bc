//! What is watched: the nine resource types of capacity planning and two signals of a service, and
//! the units that they are counted in.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};

/// What a reading is of: the nine resource types of the capacity planning guide (§1.1), and the two
/// scaling triggers of the production sizing guide (§5.2) that are no resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Processors.
    Compute,
    /// Main memory.
    Memory,
    /// Disks.
    Storage,
    /// Network bandwidth.
    Network,
    /// GPUs: how busy they are, or how much of their memory is taken.
    Gpu,
    /// A provider's limit of requests or tokens.
    ApiRateLimit,
    /// Connections of a database pool.
    DatabaseConnections,
    /// Memory of a cache.
    CacheMemory,
    /// Requests or messages that wait.
    QueueDepth,
    /// 95th percentile of request latency.
    LatencyP95,
    /// Share of requests that fail.
    ErrorRate,
}

/// What usage and capacity are counted in. The spellings are those of the capacity planning guide
/// (§1.1); seconds and percent are for the two signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CapacityUnit {
    /// Virtual processors.
    #[serde(rename = "vCPU")]
    Vcpu,
    /// Gigabytes of memory.
    #[serde(rename = "GB RAM")]
    GbRam,
    /// Gigabytes of storage.
    #[serde(rename = "GB Storage")]
    GbStorage,
    /// Megabits per second.
    #[serde(rename = "Mbps")]
    Mbps,
    /// GPUs, or busy GPUs (two at half load are one).
    #[serde(rename = "GPU Units")]
    GpuUnits,
    /// Requests per second.
    #[serde(rename = "req/s")]
    RequestsPerSecond,
    /// Connections.
    #[serde(rename = "connections")]
    Connections,
    /// Tokens per minute.
    #[serde(rename = "tokens/min")]
    TokensPerMinute,
    /// Messages or requests.
    #[serde(rename = "messages")]
    Messages,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Percent of requests.
    #[serde(rename = "% of requests")]
    PercentOfRequests,
}

impl CapacityUnit {
    /// Every unit, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::Vcpu,
        Self::GbRam,
        Self::GbStorage,
        Self::Mbps,
        Self::GpuUnits,
        Self::RequestsPerSecond,
        Self::Connections,
        Self::TokensPerMinute,
        Self::Messages,
        Self::Seconds,
        Self::PercentOfRequests,
    ];

    /// The stable spelling, such as `vCPU`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcpu => "vCPU",
            Self::GbRam => "GB RAM",
            Self::GbStorage => "GB Storage",
            Self::Mbps => "Mbps",
            Self::GpuUnits => "GPU Units",
            Self::RequestsPerSecond => "req/s",
            Self::Connections => "connections",
            Self::TokensPerMinute => "tokens/min",
            Self::Messages => "messages",
            Self::Seconds => "s",
            Self::PercentOfRequests => "% of requests",
        }
    }
}

impl Metric {
    /// Every metric, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::Compute,
        Self::Memory,
        Self::Storage,
        Self::Network,
        Self::Gpu,
        Self::ApiRateLimit,
        Self::DatabaseConnections,
        Self::CacheMemory,
        Self::QueueDepth,
        Self::LatencyP95,
        Self::ErrorRate,
    ];

    /// The stable spelling, such as `api_rate_limit`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Memory => "memory",
            Self::Storage => "storage",
            Self::Network => "network",
            Self::Gpu => "gpu",
            Self::ApiRateLimit => "api_rate_limit",
            Self::DatabaseConnections => "database_connections",
            Self::CacheMemory => "cache_memory",
            Self::QueueDepth => "queue_depth",
            Self::LatencyP95 => "latency_p95",
            Self::ErrorRate => "error_rate",
        }
    }

    /// The words of a report, such as `API rate limit`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Compute => "Compute",
            Self::Memory => "Memory",
            Self::Storage => "Storage",
            Self::Network => "Network",
            Self::Gpu => "GPU",
            Self::ApiRateLimit => "API rate limit",
            Self::DatabaseConnections => "Database connections",
            Self::CacheMemory => "Cache memory",
            Self::QueueDepth => "Queue depth",
            Self::LatencyP95 => "Latency (p95)",
            Self::ErrorRate => "Error rate",
        }
    }

    /// Units in which it may be counted, the default first.
    #[must_use]
    pub const fn units(self) -> &'static [CapacityUnit] {
        match self {
            Self::Compute => &[CapacityUnit::Vcpu],
            Self::Memory | Self::CacheMemory => &[CapacityUnit::GbRam],
            Self::Storage => &[CapacityUnit::GbStorage],
            Self::Network => &[CapacityUnit::Mbps],
            Self::Gpu => &[CapacityUnit::GpuUnits, CapacityUnit::GbRam],
            Self::ApiRateLimit => &[CapacityUnit::TokensPerMinute, CapacityUnit::RequestsPerSecond],
            Self::DatabaseConnections => &[CapacityUnit::Connections],
            Self::QueueDepth => &[CapacityUnit::Messages],
            Self::LatencyP95 => &[CapacityUnit::Seconds],
            Self::ErrorRate => &[CapacityUnit::PercentOfRequests],
        }
    }

    /// What to do when it is too high (production sizing guide §5.2; of the resources that the
    /// guide has no action for, the nearest).
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Compute => "scale horizontally",
            Self::Memory => "scale vertically first",
            Self::Storage => "extend the volume, or delete what is not needed",
            Self::Network => "add bandwidth or nodes",
            Self::Gpu => "add GPU nodes",
            Self::ApiRateLimit => "raise the quota, or route to another provider",
            Self::DatabaseConnections => "extend the connection pool",
            Self::CacheMemory => "extend the cache, or let entries expire sooner",
            Self::QueueDepth => "add capacity",
            Self::LatencyP95 => "investigate the bottleneck",
            Self::ErrorRate => "respond as to an incident",
        }
    }

    /// The unit, where none is given the default.
    pub(super) fn unit(self, given: Option<CapacityUnit>) -> Result<CapacityUnit> {
        let units = self.units();
        match (given, units.first()) {
            (None, Some(first)) => Ok(*first),
            (Some(unit), _) if units.contains(&unit) => Ok(unit),
            (given, _) => {
                let allowed: Vec<&str> = units.iter().map(|unit| unit.as_str()).collect();
                Err(Error::new(
                    ErrorCode::Contradiction,
                    "unit",
                    format!("is no unit of `{}`", self.as_str()),
                )
                .given(given.map_or("", CapacityUnit::as_str))
                .allowed(allowed.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_those_of_the_data() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.as_str());
            assert!(metric.unit(None).is_ok());
        }
        for unit in CapacityUnit::ALL {
            assert_eq!(serde_json::to_value(unit).unwrap(), unit.as_str());
        }
    }

    #[test]
    fn units_belong_to_metrics() {
        assert_eq!(Metric::Gpu.unit(Some(CapacityUnit::GbRam)).unwrap(), CapacityUnit::GbRam);
        let error = Metric::Compute.unit(Some(CapacityUnit::Mbps)).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::Contradiction, "unit"));
    }
}
