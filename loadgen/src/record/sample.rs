//! A good record, made up: what tests begin with.

use std::collections::BTreeMap;

use super::*;

/// A run of 10 s without a fault: 100 000 requests at 10 000 a second, each a
/// new connection, 30 µs of the server's CPU each.
pub(crate) fn sample() -> Record {
    let distribution = Distribution {
        count: 100_000,
        min: 1_000_000,
        mean: 15_000_000.0,
        stddev: 2_000_000.0,
        p50: 14_900_000,
        p75: 16_000_000,
        p90: 18_000_000,
        p95: 19_000_000,
        p99: 21_000_000,
        p99_9: 30_000_000,
        p99_99: 40_000_000,
        max: 45_000_000,
    };
    Record {
        schema: SCHEMA.to_owned(),
        id: "2026-03-01T12-00-00Z-4711".to_owned(),
        started_at: "2026-03-01T12:00:00.000Z".to_owned(),
        tool: tool(),
        target: target(),
        plan: plan(),
        environment: environment(),
        bench: None,
        elapsed_s: 10.0,
        requests: Requests {
            issued: 100_000,
            succeeded: 100_000,
            ..Requests::default()
        },
        failures: Failures::default(),
        statuses: BTreeMap::from([(200, 100_000)]),
        connections: Connections {
            opened: 100_000,
            reused: 0,
            closed_by_peer: 100_000,
            resumed: 0,
        },
        bytes: Bytes {
            sent: 7_800_000,
            received: 17_300_000,
            received_body: 5_000_000,
        },
        rate_per_second: 10_000.0,
        latency_ns: LatencyNs {
            total: Some(distribution),
            connect: Some(distribution),
            first_byte: Some(distribution),
            ..LatencyNs::default()
        },
        histograms: Histograms::default(),
        series: (0..10).map(second).collect(),
        paths: Vec::new(),
        schedule: None,
        background: None,
        client: client(),
        server: Some(server()),
        network: Some(Network {
            listen_overflows: Some(0),
            listen_drops: Some(0),
            ..Network::default()
        }),
        validity: Validity {
            valid: true,
            reasons: Vec::new(),
        },
        gates: Vec::new(),
        interrupted: false,
        metrics: Metrics {
            success_rate: 1.0,
            requests_per_sec: 10_000.0,
            latency_ms: Some(LatencyMs::from(&distribution)),
        },
        imported: None,
        shard: None,
        merged: None,
    }
}

/// A schedule of the sample's 100 000 requests, none of which waited.
pub(crate) fn kept_schedule() -> Schedule {
    let lag = Distribution {
        count: 100_000,
        min: 1_000,
        mean: 60_000.0,
        stddev: 20_000.0,
        p50: 55_000,
        p75: 60_000,
        p90: 70_000,
        p95: 80_000,
        p99: 120_000,
        p99_9: 300_000,
        p99_99: 900_000,
        max: 1_300_000,
    };
    Schedule {
        intended: 100_000,
        late: 3,
        waited: 0,
        unsent: 0,
        backlog_max: 0,
        behind_ns_max: 1_300_000,
        lag_ns: Some(lag),
    }
}

fn tool() -> Tool {
    Tool {
        name: "loadgen".to_owned(),
        version: "0.1.0".to_owned(),
        git: Some("0123abc".to_owned()),
        profile: "release".to_owned(),
        argv: [
            "loadgen",
            "-n",
            "100000",
            "-c",
            "150",
            "http://127.0.0.1:7080/",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn target() -> Target {
    Target {
        url: "http://127.0.0.1:7080/".to_owned(),
        addresses: vec!["127.0.0.1:7080".to_owned()],
        unix_path: None,
        server_software: Some("server-sync".to_owned()),
        document_bytes: Some(50),
        tls: None,
        dns_error: None,
        tls_error: None,
        proxy_error: None,
        websocket_error: None,
    }
}

fn plan() -> Plan {
    Plan {
        scenario: None,
        websocket: None,
        method: "GET".to_owned(),
        http_version: "1.1".to_owned(),
        headers: Vec::new(),
        request_body_bytes: 0,
        keep_alive: false,
        concurrency: 150,
        connections: 150,
        pipeline: 1,
        threads: 1,
        engine: "fast".to_owned(),
        driver: Some("epoll".to_owned()),
        requests: Some(100_000),
        duration_s: None,
        warmup_s: 0.0,
        rate_per_second: None,
        rate_to_per_second: None,
        arrival: None,
        seed: None,
        max_in_flight: None,
        spin: None,
        timeout_s: 30.0,
        connect_timeout_s: 30.0,
        expect_statuses: vec!["2xx".to_owned()],
        expect_length: None,
        expect_body: false,
        source_addresses: Vec::new(),
        buffer_bytes: None,
        idle_connections: None,
        slow_readers: None,
        slow_path: None,
        proxy: None,
        connect_to: Vec::new(),
        tls: None,
        cpu_list: vec![0],
    }
}

fn environment() -> Environment {
    Environment {
        os: "linux x86_64".to_owned(),
        kernel: "6.18.0".to_owned(),
        cpu_model: Some("AMD EPYC".to_owned()),
        cpu_count: Some(2),
        cpu_usable_count: Some(2),
        governor: None,
        clock_source: Some("tsc".to_owned()),
        memory_bytes: 8 << 30,
        congestion_control: Some("bbr".to_owned()),
        tcp_tw_reuse: Some(2),
        somaxconn: Some(4096),
        port_range: Some(PortRange {
            first: 32768,
            last: 60999,
        }),
        file_limit: Some(1_048_576),
        cpu_steal_share: Some(0.0),
        load_cores: vec![0],
        server_cores: vec![1],
    }
}

fn second(start_s: u64) -> Second {
    Second {
        start_s,
        elapsed_s: 1.0,
        succeeded: 10_000,
        failed: 0,
        latency_ns_mean: Some(15_000_000.0),
        latency_ns_p99: Some(38_000_000),
        latency_ns_max: Some(45_000_000),
    }
}

fn client() -> Client {
    Client {
        threads: 1,
        cpu_s: 6.5,
        cpu_user_s: Some(1.0),
        cpu_system_s: Some(5.5),
        cpu_us_per_request: Some(65.0),
        workers_cpu_share: vec![0.65],
        samples_wait_s: None,
        busiest_worker_cpu_share: 0.65,
        busiest_worker_runnable_share: None,
        late_share: None,
        rss_bytes_peak: Some(6 << 20),
    }
}

fn server() -> Server {
    Server {
        pid: 4712,
        label: "sync".to_owned(),
        model: Some("sequential".to_owned()),
        processes: None,
        cpu_s: 3.0,
        cpu_user_s: Some(0.4),
        cpu_system_s: Some(2.6),
        cpu_us_per_request: Some(30.0),
        cpu_user_us_per_request: Some(4.0),
        cpu_system_us_per_request: Some(26.0),
        rss_bytes_at_rest: Some(3 << 20),
        rss_bytes_peak: Some(3 << 20),
        connections: Some(150),
        bytes_per_connection: Some(0.0),
        threads_max: Some(1),
        voluntary_context_switches: Some(1_000),
        involuntary_context_switches: Some(100),
        voluntary_switches_per_request: Some(0.01),
        involuntary_switches_per_request: Some(0.001),
        accept_queue_peak: Some(149),
        backlog: Some(4096),
    }
}

/// What a wrk that told little would have told.
pub(crate) fn imported() -> Imported {
    Imported {
        tool: "wrk".to_owned(),
        version: None,
        percentiles: vec![Percentile {
            percentile: 99.9,
            ns: 7,
        }],
        mean_ns: None,
        latency_from: LatencyFrom::Send,
        latency_of: LatencyOf::Answered,
        left_out: None,
        unknown: ["client", "plan.threads"].map(str::to_owned).to_vec(),
    }
}

/// Two shards of the sample, one of which began half a second later.
pub(crate) fn merged() -> Merged {
    let shard = |index: u64| MergedShard {
        index,
        machine: format!("machine {index}"),
        worker: None,
        lost: false,
        reports_missing: 0,
        started_at: "2026-03-01T12:00:00.000Z".to_owned(),
        elapsed_s: 9.5 + 0.5 * index as f64,
        succeeded: 50_000,
        failed: 0,
        rate_per_second: 5_000.0,
        latency_ns_p99: Some(21_000_000),
        busiest_worker_share: 0.4,
    };
    Merged {
        run_id: "run".to_owned(),
        machines: 2,
        start_skew_s: 0.5,
        overlap_s: 9.5,
        overlap_share: 0.95,
        clocks_unsynchronised: 0,
        clock_error_s_max: Some(0.001),
        missing: Vec::new(),
        versions: Vec::new(),
        cut_short: false,
        shards: (0..2).map(shard).collect(),
    }
}
